/** What this telephone asks its node for: how things stand, a place among the resident's telephones, a token. */

import { readBase64 } from "../verifier/octets.js";

/** @typedef {{ csrf: string, phones: string[], now: number, full: boolean }} Standing */
/** @typedef {{ phone: string, token: Uint8Array<ArrayBuffer>, ends: number, ahead: number }} Handed */

/**
 * Ask who is signed in: null for nobody, or for somebody who is no resident. Fails where there is no network.
 *
 * @param {string} page @returns {Promise<Standing | null>}
 */
export async function standing(page) {
  const reply = await fetch(`${page}/state`, { credentials: "same-origin", redirect: "manual", cache: "no-store" });
  return reply.ok ? reply.json() : null;
}

/**
 * Null where the node refuses: this telephone was removed, or there are too many.
 *
 * @param {string} address
 * @param {Record<string, string>} form
 * @returns {Promise<Handed | null>}
 */
async function asked(address, form) {
  const reply = await fetch(address, { method: "POST", body: new URLSearchParams(form), credentials: "same-origin" });
  if (reply.status >= 500) throw new Error(String(reply.status));
  if (!reply.ok) return null;
  const { phone, token, ends, now } = await reply.json();
  return { phone, token: readBase64(token), ends, ahead: now - Date.now() };
}

/** @param {string} page @param {string} csrf @param {ArrayBuffer} point */
export function register(page, csrf, point) {
  const key = btoa(Array.from(new Uint8Array(point), (octet) => String.fromCharCode(octet)).join(""));
  return asked(page, { csrf, key });
}

/** @param {string} page @param {string} csrf @param {string} phone */
export function renew(page, csrf, phone) {
  return asked(`${page}/token`, { csrf, phone });
}

/** @param {string} page @param {string} csrf @param {string} phone */
export async function remove(page, csrf, phone) {
  const body = new URLSearchParams({ csrf });
  await fetch(`${page}/${phone}/remove`, { method: "POST", body, credentials: "same-origin", redirect: "manual" });
}

/** `shc:/` (SMART Health Cards): numeric text, JWS, raw deflate, strict JSON, exactly as `salus.codec.foreign` does. */

import { readBundle } from "./card-bundle.js";
import { inflate, readBase64, sha256, utf8 } from "./octets.js";
import { require } from "./refused.js";

export const SHC = "shc:/";
const MOST_SINGLE = 1195;
const MOST_OCTETS = 64 * 1024;
const LAST = 2 ** 33;
const RID = /^[A-Za-z0-9_-]{1,24}$/;
const DERIVED_OCTETS = 16;
const HEALTH_CARD = "https://smarthealth.cards#health-card";
const ISSUER = /^https:\/\/[a-z0-9.-]{1,80}(:[0-9]{1,5})?(\/[A-Za-z0-9._~-]{1,80}){0,8}$/;

/** @typedef {import("./hcert.js").Event} Event */
/**
 * @typedef {{ issuer: string, kid: string, signed: Uint8Array<ArrayBuffer>, signature: Uint8Array<ArrayBuffer>,
 *   starts: number, expires: number | null, events: Event[], rid: string }} Card under `rid` its issuer can revoke it
 */

/** @param {string} text of one code; a chunk of several is refused @returns {Promise<Card>} */
export async function readCard(text) {
  require(text.startsWith(SHC), "not a card's text");
  const digits = text.slice(SHC.length);
  require(/^([0-9]{2})+$/.test(digits) && digits.length <= 2 * MOST_SINGLE, "pairs of digits");
  const pairs = /** @type {string[]} */ (digits.match(/../g)).map(Number);
  require(Math.max(...pairs) <= 77, "a pair that stands for no letter");
  const parts = String.fromCharCode(...pairs.map((pair) => pair + 45)).split(".");
  require(parts.length === 3, "a JWS has three parts");
  const [header, packed, signature] = parts.map(readBase64Url);
  const kid = keyName(readJson(header));
  const claims = readJson(await inflate(packed, MOST_OCTETS, "deflate-raw"));
  require(isObject(claims) && typeof claims.iss === "string" && ISSUER.test(claims.iss), "an issuer");
  const starts = instant(claims.nbf);
  const expires = claims.exp === undefined || claims.exp === null ? null : instant(claims.exp);
  require(expires === null || expires > starts, "it ends after it starts");
  const signed = utf8(`${parts[0]}.${parts[1]}`);
  const events = content(claims.vc);
  const rid = "rid" in claims.vc ? claims.vc.rid : await derived(signed);
  require(typeof rid === "string" && RID.test(rid), "at most 24 letters of base64url");
  return { issuer: claims.iss, kid, signed, signature, starts, expires, events, rid };
}

/** What a card without a name to revoke it by is called. @param {Uint8Array<ArrayBuffer>} signed */
async function derived(signed) {
  const octets = (await sha256(signed)).slice(0, DERIVED_OCTETS);
  const text = btoa(Array.from(octets, (octet) => String.fromCharCode(octet)).join(""));
  return text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** @param {any} header @returns {string} */
function keyName(header) {
  require(isObject(header) && header.alg === "ES256" && header.zip === "DEF", "how it is signed and compressed");
  require(Object.keys(header).length === 3 && typeof header.kid === "string", "alg, zip and kid");
  return header.kid;
}

/** @param {any} held @returns {Event[]} */
function content(held) {
  require(isObject(held) && Array.isArray(held.type) && held.type.includes(HEALTH_CARD), "no health card");
  const subject = held.credentialSubject;
  require(isObject(subject) && typeof subject.fhirVersion === "string", "a bundle");
  require(subject.fhirVersion.startsWith("4."), "of R4");
  return readBundle(subject.fhirBundle);
}

/** @param {any} number @returns {number} */
function instant(number) {
  require(typeof number === "number" && number >= 0 && number < LAST, "seconds from 1970");
  return Math.floor(number);
}

/** @param {any} value @returns {boolean} */
export function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** @param {Uint8Array<ArrayBuffer>} octets @returns {any} JSON with nothing around it and no name twice */
export function readJson(octets) {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(octets);
  require(!/^[ \t\r\n]|[ \t\r\n]$/.test(text), "something around it");
  const value = JSON.parse(text);
  /** @type {Set<string>[]} */
  const open = [];
  const tokens = /"(?:[^"\\]|\\.)*"(?:[ \t\r\n]*(:))?|[{}]/gs;
  for (let found = tokens.exec(text); found; found = tokens.exec(text)) {
    const [token, colon] = found;
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (colon) once(open[open.length - 1], token);
  }
  return value;
}

/** @param {Set<string>} names @param {string} token a name, and the colon behind it */
function once(names, token) {
  const name = JSON.parse(token.slice(0, token.lastIndexOf('"') + 1));
  require(!names.has(name), "a name twice");
  names.add(name);
}

/** @param {string} part @returns {Uint8Array<ArrayBuffer>} */
function readBase64Url(part) {
  require(/^[A-Za-z0-9_-]+$/.test(part), "base64url");
  const usual = part.replace(/-/g, "+").replace(/_/g, "/");
  return readBase64(usual + "=".repeat((4 - (usual.length % 4)) % 4));
}

/** Octets: base45 (RFC 9285) and base64 (RFC 4648), strict: what would not come back as it was is refused. */

import { require } from "./refused.js";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/** @param {string} text @returns {Uint8Array<ArrayBuffer>} */
export function readBase45(text) {
  const values = Array.from(text, (letter) => ALPHABET.indexOf(letter));
  require(!values.includes(-1) && values.length % 3 !== 1, "not base45");
  /** @type {number[]} */
  const read = [];
  for (let place = 0; place < values.length; place += 3) {
    const whole = place + 2 < values.length;
    const number = values[place] + values[place + 1] * 45 + (whole ? values[place + 2] * 2025 : 0);
    require(number <= (whole ? 0xffff : 0xff), "a base45 group is too large");
    if (whole) read.push(number >> 8);
    read.push(number & 0xff);
  }
  return Uint8Array.from(read);
}

/** @param {Uint8Array} octets @returns {string} */
export function writeBase45(octets) {
  let text = "";
  for (let place = 0; place < octets.length; place += 2) {
    const whole = place + 1 < octets.length;
    const number = whole ? octets[place] * 256 + octets[place + 1] : octets[place];
    text += ALPHABET[number % 45] + ALPHABET[Math.floor(number / 45) % 45] + (whole ? ALPHABET[Math.floor(number / 2025)] : "");
  }
  return text;
}

/** @param {unknown} text @returns {Uint8Array<ArrayBuffer>} */
export function readBase64(text) {
  require(typeof text === "string" && /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0, "not base64");
  const raw = atob(text);
  require(btoa(raw) === text, "base64 in another than its one spelling");
  return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
}

/** @param {Uint8Array} a @param {Uint8Array} b */
export function same(a, b) {
  return a.length === b.length && a.every((octet, place) => octet === b[place]);
}

/** @param {...Uint8Array} parts @returns {Uint8Array<ArrayBuffer>} */
export function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}

/** @param {Uint8Array} octets */
export function hex(octets) {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("");
}

/** @param {Uint8Array<ArrayBuffer>} octets @returns {Promise<Uint8Array<ArrayBuffer>>} */
export async function sha256(octets) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", octets));
}

/** @param {string} text @returns {Uint8Array<ArrayBuffer>} */
export function utf8(text) {
  return Uint8Array.from(new TextEncoder().encode(text));
}

/**
 * Inflate a stream of zlib (RFC 1950) or raw deflate (RFC 1951); at most `most` octets are kept.
 *
 * @param {Uint8Array<ArrayBuffer>} packed
 * @param {number} most
 * @param {"deflate" | "deflate-raw"} form
 */
export async function inflate(packed, most, form = "deflate") {
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream(form)).getReader();
  /** @type {Uint8Array[]} */
  const parts = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return joined(...parts);
    length += value.length;
    if (length > most) await reader.cancel();
    require(length <= most, "longer than it can be");
    parts.push(value);
  }
}

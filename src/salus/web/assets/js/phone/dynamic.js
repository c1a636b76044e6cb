/**
 * `SL1:`, third and fourth form: what this telephone signs anew in each step, exactly as `salus.codec.stepping` writes it.
 * The token is the node's; the signature is made with a key that never leaves the browser.
 */

import { joined, utf8, writeBase45 } from "../verifier/octets.js";
import { require } from "../verifier/refused.js";

export const STEP_SECONDS = 30;
const LENGTHS = { least: 130, most: 255 };
const HEAD = Uint8Array.of(0xd2, 0x84, 0x4b);
const STEP = Uint8Array.of(0xa2, 0x01, 0x26, 0x0f, 0xa1, 0x06, 0x1a);
const SIGNATURE = Uint8Array.of(0x58, 0x40);
const ORDER = BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");

/** @param {number} now milliseconds from 1970 @returns {number} the step that they lie in */
export function stepAt(now) {
  return Math.floor(now / 1000 / STEP_SECONDS);
}

/** @param {Uint8Array} token */
function requireLength(token) {
  require(token.length >= LENGTHS.least && token.length <= LENGTHS.most, "a token has its length");
}

/** @param {number} step @returns {Uint8Array<ArrayBuffer>} */
function header(step) {
  const begins = step * STEP_SECONDS;
  return joined(STEP, Uint8Array.of(begins >>> 24, (begins >> 16) & 0xff, (begins >> 8) & 0xff, begins & 0xff));
}

/**
 * What is signed: the Sig_structure of RFC 9052, section 4.4.
 *
 * @param {Uint8Array<ArrayBuffer>} token
 * @param {number} step
 */
export function toBeSigned(token, step) {
  requireLength(token);
  return joined(
    Uint8Array.of(0x84, 0x6a),
    utf8("Signature1"),
    Uint8Array.of(0x4b),
    header(step),
    Uint8Array.of(0x40, 0x58, token.length),
    token,
  );
}

/**
 * Of the two forms of an ECDSA signature, return the one with the lower s; browsers make either.
 *
 * @param {Uint8Array<ArrayBuffer>} signature r and s
 */
export function lowS(signature) {
  let s = BigInt(0);
  for (const octet of signature.slice(32)) s = s * BigInt(256) + BigInt(octet);
  if (s <= ORDER / BigInt(2)) return signature;
  const text = (ORDER - s).toString(16).padStart(64, "0");
  return joined(signature.slice(0, 32), Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16)));
}

/**
 * @param {Uint8Array<ArrayBuffer>} token
 * @param {number} step
 * @param {Uint8Array<ArrayBuffer>} signature
 */
export function written(token, step, signature) {
  requireLength(token);
  require(signature.length === 64, "a signature has 64 octets");
  const payload = Uint8Array.of(0xa0, 0x58, token.length);
  return "SL1:" + writeBase45(joined(HEAD, header(step), payload, token, SIGNATURE, lowS(signature)));
}

/**
 * @param {Uint8Array<ArrayBuffer>} token
 * @param {number} step
 * @param {CryptoKey} key the private key, which cannot be taken out
 */
export async function codeOf(token, step, key) {
  const how = { name: "ECDSA", hash: "SHA-256" };
  return written(token, step, new Uint8Array(await crypto.subtle.sign(how, key, toBeSigned(token, step))));
}

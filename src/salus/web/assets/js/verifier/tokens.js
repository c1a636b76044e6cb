/**
 * What issuers sign beside certificates, as a CWT of a named type: exactly what `salus.codec.certificates.tokens` reads.
 * The protected header has the algorithm, the type and, where several keys could have signed, the key's name.
 */

import { readCbor, readTagged } from "./cbor.js";
import { requireSigned } from "./keys.js";
import { hex } from "./octets.js";
import { require } from "./refused.js";

const [ALGORITHM, KEY, TYPE] = [1, 4, 16];

/** @typedef {import("./keys.js").PublicKey} PublicKey */

/**
 * @param {Uint8Array<ArrayBuffer>} token
 * @param {string} type
 * @param {number} most octets
 * @param {Map<string, PublicKey>} keys by key id in hexadecimal
 * @returns {Promise<{ kid: string, claims: any }>}
 */
export async function readToken(token, type, most, keys) {
  const opened = open(token, type, most, 3);
  require(opened.headers.get(KEY) instanceof Uint8Array, "a key id has octets");
  const kid = hex(opened.headers.get(KEY));
  return { kid, claims: await claimed(opened, keys.get(kid)) };
}

/**
 * The claims of a token that names no key, and that this one signed.
 *
 * @param {Uint8Array<ArrayBuffer>} token
 * @param {string} type
 * @param {number} most octets
 * @param {PublicKey} key
 * @returns {Promise<any>}
 */
export async function readTokenOf(token, type, most, key) {
  return claimed(open(token, type, most, 2), key);
}

/** @param {Uint8Array<ArrayBuffer>} token @param {string} type @param {number} most @param {number} size of the header */
function open(token, type, most, size) {
  require(token.length <= most, "too long");
  const parts = readTagged(token);
  require(Array.isArray(parts) && parts.length === 4 && parts[1] instanceof Map && parts[1].size === 0, "no message");
  const [protectedHeader, , payload, signature] = parts;
  const headers = readCbor(protectedHeader);
  require(headers instanceof Map && headers.size === size && headers.get(TYPE) === type, "a token of another type");
  return { headers, protectedHeader, payload, signature };
}

/** @param {ReturnType<typeof open>} opened @param {PublicKey | undefined} key */
async function claimed({ headers, protectedHeader, payload, signature }, key) {
  require(key !== undefined, "no known key");
  await requireSigned(key, headers.get(ALGORITHM), protectedHeader, payload, signature);
  return readCbor(payload);
}

/** Public keys and signatures: ECDSA over P-256 in its low-s form, and Ed25519, both by WebCrypto. */

import { hex, joined, sha256, utf8 } from "./octets.js";
import { require } from "./refused.js";

export const ES256 = -7;
export const EDDSA = -8;
const P256_SPKI = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
const ED25519_SPKI = "302a300506032b6570032100";
const HALF_ORDER = "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8";

/** @typedef {{ algorithm: number, key: CryptoKey, digest: Uint8Array<ArrayBuffer> }} PublicKey */

/** @param {Uint8Array<ArrayBuffer>} spki @returns {Promise<PublicKey>} */
export async function readSpki(spki) {
  const text = hex(spki);
  const digest = await sha256(spki);
  if (text.startsWith(P256_SPKI)) {
    const how = { name: "ECDSA", namedCurve: "P-256" };
    return { algorithm: ES256, key: await crypto.subtle.importKey("spki", spki, how, false, ["verify"]), digest };
  }
  require(text.startsWith(ED25519_SPKI), "a key must be of P-256 or Ed25519");
  return { algorithm: EDDSA, key: await ed25519(spki.slice(ED25519_SPKI.length / 2)), digest };
}

/** @param {Uint8Array<ArrayBuffer>} raw @returns {Promise<CryptoKey>} */
export function ed25519(raw) {
  require(raw.length === 32, "an Ed25519 key has 32 octets");
  return crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]);
}

/** @param {CryptoKey} key @param {Uint8Array<ArrayBuffer>} signature @param {Uint8Array<ArrayBuffer>} octets */
export async function requireEd25519(key, signature, octets) {
  require(signature.length === 64, "a signature has 64 octets");
  require(await crypto.subtle.verify({ name: "Ed25519" }, key, signature, octets), "the signature does not verify");
}

/**
 * Of the two forms of an ECDSA signature only the one with the lower s is accepted.
 *
 * @param {number} algorithm
 * @param {Uint8Array} signature
 */
export function requireOneForm(algorithm, signature) {
  require(algorithm === ES256 || algorithm === EDDSA, "the algorithm is not accepted");
  require(algorithm === EDDSA || hex(signature.slice(32)) <= HALF_ORDER, "not the low-s form");
}

/**
 * Check the signature of a COSE_Sign1 message (RFC 9052, section 4.4).
 *
 * @param {PublicKey} key
 * @param {number} algorithm what the protected header says
 * @param {Uint8Array<ArrayBuffer>} protectedHeader
 * @param {Uint8Array<ArrayBuffer>} payload
 * @param {Uint8Array<ArrayBuffer>} signature
 */
export async function requireSigned(key, algorithm, protectedHeader, payload, signature) {
  require(algorithm === key.algorithm && signature.length === 64, "not the algorithm of this key");
  const octets = joined(
    Uint8Array.of(0x84, 0x6a),
    utf8("Signature1"),
    bytes(protectedHeader),
    Uint8Array.of(0x40),
    bytes(payload),
  );
  if (algorithm === EDDSA) return requireEd25519(key.key, signature, octets);
  requireOneForm(algorithm, signature);
  const how = { name: "ECDSA", hash: "SHA-256" };
  require(await crypto.subtle.verify(how, key.key, signature, octets), "the signature does not verify");
}

/** @param {Uint8Array} octets @returns {Uint8Array<ArrayBuffer>} as a CBOR byte string */
export function bytes(octets) {
  const { length } = octets;
  if (length < 24) return joined(Uint8Array.of(0x40 | length), octets);
  if (length < 0x100) return joined(Uint8Array.of(0x58, length), octets);
  if (length < 0x10000) return joined(Uint8Array.of(0x59, length >> 8, length & 0xff), octets);
  return joined(Uint8Array.of(0x5a, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff), octets);
}

/** Keys of recognised issuers: ECDSA over P-256 in either form of its signature, and RSA-PSS, both with SHA-256. */

import { hex } from "./octets.js";
import { require } from "./refused.js";

export const ES256 = -7;
export const PS256 = -37;
const P256_SPKI = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
const RSA_BITS = [2048, 4096];

/**
 * Check that a key made a signature, by the algorithm that the message names.
 *
 * @param {Uint8Array<ArrayBuffer>} spki
 * @param {number} algorithm
 * @param {Uint8Array<ArrayBuffer>} signature
 * @param {Uint8Array<ArrayBuffer>} octets
 */
export async function requireForeign(spki, algorithm, signature, octets) {
  if (hex(spki).startsWith(P256_SPKI)) {
    require(algorithm === ES256 && signature.length === 64, "not the algorithm of this key");
    const key = await crypto.subtle.importKey("spki", spki, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
    require(await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signature, octets), "forged");
    return;
  }
  require(algorithm === PS256, "not the algorithm of this key");
  const key = await crypto.subtle.importKey("spki", spki, { name: "RSA-PSS", hash: "SHA-256" }, false, ["verify"]);
  const { modulusLength } = /** @type {RsaHashedKeyAlgorithm} */ (key.algorithm);
  require(modulusLength >= RSA_BITS[0] && modulusLength <= RSA_BITS[1], "an RSA key of a usual size");
  require(await crypto.subtle.verify({ name: "RSA-PSS", saltLength: 32 }, key, signature, octets), "forged");
}

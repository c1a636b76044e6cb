/** Token Status List, one bit for each certificate, signed by the issuer whose certificates it voids. */

import { readCbor, readTagged } from "./cbor.js";
import { requireSigned } from "./keys.js";
import { hex, inflate } from "./octets.js";
import { require } from "./refused.js";

const TYPE = "application/statuslist+cwt";
const MOST_OCTETS = 1 << 17;

/** @typedef {{ subject: string, issued: number, expires: number, kid: string, bits: Uint8Array }} StatusList */

/**
 * @param {Uint8Array<ArrayBuffer>} token
 * @param {Map<string, import("./keys.js").PublicKey>} keys by key id in hexadecimal
 * @returns {Promise<StatusList>}
 */
export async function readStatusList(token, keys) {
  const parts = readTagged(token);
  require(Array.isArray(parts) && parts.length === 4 && parts[1] instanceof Map && parts[1].size === 0, "no token");
  const [protectedHeader, , payload, signature] = parts;
  const headers = readCbor(protectedHeader);
  require(headers instanceof Map && headers.size === 3 && headers.get(16) === TYPE, "no status list token");
  require(headers.get(4) instanceof Uint8Array && headers.get(4).length === 8, "a key id has 8 octets");
  const kid = hex(headers.get(4));
  const key = keys.get(kid);
  require(key !== undefined, "no known key");
  await requireSigned(key, headers.get(1), protectedHeader, payload, signature);
  const claims = readCbor(payload);
  require(claims instanceof Map, "claims");
  const [subject, issued, expires, list] = [claims.get(2), claims.get(6), claims.get(4), claims.get(65533)];
  require(typeof subject === "string" && list instanceof Map, "claims");
  require(Number.isInteger(issued) && Number.isInteger(expires), "whole numbers");
  require(issued > 0 && issued < expires && expires < 2 ** 33, "it is issued before it expires");
  require(list.get("bits") === 1 && list.get("lst") instanceof Uint8Array, "one bit for each");
  return { subject, issued, expires, kid, bits: await inflate(list.get("lst"), MOST_OCTETS) };
}

/** @param {StatusList} list @param {number} index */
export function isVoid(list, index) {
  return index >= 8 * list.bits.length || ((list.bits[index >> 3] >> (index & 7)) & 1) === 1;
}

/**
 * Whether a list may stand in another's place: it is no older, and of the same second it voids no less.
 *
 * @param {StatusList | undefined} found
 * @param {StatusList} known
 */
export function voidsNoLess(found, known) {
  if (!found || found.issued !== known.issued) return found !== undefined && found.issued > known.issued;
  const { bits } = found;
  return known.bits.every((octet, at) => at >= bits.length || (octet & ~bits[at]) === 0);
}

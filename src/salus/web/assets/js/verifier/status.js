/** Token Status List, one bit for each certificate, signed by the issuer whose certificates it voids. */

import { inflate } from "./octets.js";
import { require } from "./refused.js";
import { readToken } from "./tokens.js";

const TYPE = "application/statuslist+cwt";
const MOST_OCTETS = 1 << 17;
const MOST_PACKED = 400 * 1024;

/** @typedef {{ subject: string, issued: number, expires: number, kid: string, bits: Uint8Array }} StatusList */

/**
 * @param {Uint8Array<ArrayBuffer>} token
 * @param {Map<string, import("./keys.js").PublicKey>} keys by key id in hexadecimal
 * @returns {Promise<StatusList>}
 */
export async function readStatusList(token, keys) {
  const { kid, claims } = await readToken(token, TYPE, MOST_PACKED, keys);
  require(kid.length === 16, "a key id has 8 octets");
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

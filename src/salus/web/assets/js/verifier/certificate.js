/**
 * `SL1:`, second form: read a certificate, exactly as `salus.codec.certificates` does. Every text that is not the one
 * spelling of a certificate is refused, an identity code included.
 */

import { readCbor, readTagged } from "./cbor.js";
import { requireOneForm, requireSigned } from "./keys.js";
import { readBase45 } from "./octets.js";
import { require } from "./refused.js";

const PREFIX = "SL1:";
const MOST_CHARACTERS = 512;
const CLAIM = -65537;
const CONFIRMATION = 8;
const HOUR = 3600;
const DAY = 24 * HOUR;
const LIST_SIZE = 1 << 20;
const LAST_DAY = 36524;
const DISEASES = 11;
export const VACCINATION = 1;
export const TEST = 2;
export const RECOVERY = 3;
const LONGEST = new Map([
  [VACCINATION, 365 * DAY],
  [TEST, 72 * HOUR],
  [RECOVERY, 180 * DAY],
]);

/** @typedef {{ initials: string, month: number, day: number, lastTwo: string }} Hint */
/**
 * Instants are seconds from 1970.
 *
 * @typedef {{ kind: number, disease: number, when: number, at: number, issued: number, expires: number,
 *   list: number, index: number, hint: Hint | null }} Certificate
 */
/**
 * `holder` is the key of a certificate that is bound to a telephone.
 *
 * @typedef {{ certificate: Certificate, holder: Map<number, any> | null, kid: Uint8Array<ArrayBuffer>, algorithm: number,
 *   protectedHeader: Uint8Array<ArrayBuffer>, payload: Uint8Array<ArrayBuffer>,
 *   signature: Uint8Array<ArrayBuffer> }} Presented
 */

/** @param {string} text @returns {Presented} */
export function readCertificate(text) {
  require(text.length <= MOST_CHARACTERS && text.startsWith(PREFIX), "not a certificate's text");
  return presentedIn(readBase45(text.slice(PREFIX.length)), false);
}

/**
 * @param {Uint8Array<ArrayBuffer>} message
 * @param {boolean} isBound whether it names its holder's key
 * @returns {Presented}
 */
export function presentedIn(message, isBound) {
  const parts = readTagged(message);
  require(Array.isArray(parts) && parts.length === 4, "not a COSE_Sign1 message");
  const [protectedHeader, unprotected, payload, signature] = parts;
  require(protectedHeader instanceof Uint8Array && payload instanceof Uint8Array, "not a COSE_Sign1 message");
  require(signature instanceof Uint8Array && signature.length === 64, "a signature has 64 octets");
  require(unprotected instanceof Map && unprotected.size === 0, "nothing is unprotected");
  require(protectedHeader.length === 13 && payload.length >= 24 && payload.length < 256, "no such length");
  const headers = readCbor(Uint8Array.from(protectedHeader));
  const kid = headers instanceof Map && headers.size === 2 && headers.get(4);
  require(kid instanceof Uint8Array && kid.length === 8, "a key id has 8 octets");
  requireOneForm(headers.get(1), signature);
  const read = readCbor(Uint8Array.from(payload));
  return {
    certificate: claims(read, isBound),
    holder: isBound ? holderKey(read.get(CONFIRMATION)) : null,
    kid: Uint8Array.from(kid),
    algorithm: headers.get(1),
    protectedHeader: Uint8Array.from(protectedHeader),
    payload: Uint8Array.from(payload),
    signature: Uint8Array.from(signature),
  };
}

/** @param {Presented} presented @param {import("./keys.js").PublicKey} key */
export function requireIssued(presented, key) {
  const { algorithm, protectedHeader, payload, signature } = presented;
  return requireSigned(key, algorithm, protectedHeader, payload, signature);
}

/** A COSE_Key of P-256, alone in its confirmation (RFC 8747). @param {any} read @returns {Map<number, any>} */
function holderKey(read) {
  const key = read instanceof Map && read.size === 1 && read.get(1);
  require(key instanceof Map && key.size === 4 && key.get(1) === 2 && key.get(-1) === 1, "a key of P-256");
  for (const axis of [-2, -3]) require(key.get(axis) instanceof Uint8Array && key.get(axis).length === 32, "a point");
  return key;
}

/** @param {any} read @param {boolean} isBound @returns {Certificate} */
function claims(read, isBound) {
  require(read instanceof Map && read.size === (isBound ? 4 : 3), "its claims");
  const [expires, issued, fact] = [read.get(4), read.get(6), read.get(CLAIM)];
  require(Array.isArray(fact) && (fact.length === 5 || fact.length === 6), "a fact has its places");
  const [kind, disease, when, list, index] = fact;
  for (const number of [expires, issued, kind, disease, when, list, index]) {
    require(Number.isInteger(number) && number >= 0 && number < 2 ** 33, "numbers");
  }
  const longest = LONGEST.get(kind);
  require(longest !== undefined && disease >= 1 && disease <= DISEASES, "kind and disease are of the closed lists");
  require(list < 1 << 16 && index < LIST_SIZE, "no such place in a status list");
  require(when <= (kind === TEST ? LAST_DAY * 24 : LAST_DAY), "not in these years");
  const at = when * (kind === TEST ? HOUR : DAY);
  require(issued % HOUR === 0 && expires % HOUR === 0, "whole hours");
  const begins = kind === TEST ? Math.min(issued, at) : issued;
  require(issued < expires && expires <= begins + longest, "it lives too long");
  return { kind, disease, when, at, issued, expires, list, index, hint: fact.length === 6 ? hint(fact[5]) : null };
}

/** @param {any} read @returns {Hint} */
function hint(read) {
  require(Array.isArray(read) && read.length === 4, "a hint has four parts");
  const [initials, month, day, lastTwo] = read;
  require(typeof initials === "string" && /^[A-Z\u4e00-\u9fff]{1,4}$/.test(initials), "initials");
  require(typeof lastTwo === "string" && /^[0-9][0-9X]$/.test(lastTwo), "the last two characters");
  require(Number.isInteger(month) && Number.isInteger(day), "whole numbers");
  const date = new Date(Date.UTC(2000, month - 1, day));
  require(date.getUTCMonth() === month - 1 && date.getUTCDate() === day, "a day that a calendar has");
  return { initials, month, day, lastTwo };
}

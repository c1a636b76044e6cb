/**
 * What became void in an issuer's status lists since a day began: exactly what `salus.codec.certificates.changes` reads.
 * A change that does not lead exactly to the lists that it names is refused, and the lists are fetched whole.
 */

import { readGaps } from "./gaps.js";
import { joined, same, sha256, utf8 } from "./octets.js";
import { require } from "./refused.js";
import { readToken } from "./tokens.js";

export const DAY = 86400;
const TYPE = "application/vnd.salus.status-change+cwt";
const MOST_OCTETS = 1 << 18;
const [MOST_NEW, MOST_LISTS, MOST_PLACES, MOST_RICE] = [64, 1 << 16, 1 << 17, 36];
const CHANGE = -65539;
const PREFIX = "urn:salus:status-change:";
const LIST_SIZE = 1 << 20;
const LIST_OCTETS = LIST_SIZE / 8;

/** @typedef {import("./status.js").StatusList} StatusList */
/**
 * What became void in a party's lists from the beginning of a day up to `issued`; places count through all lists.
 *
 * @typedef {{ party: string, starts: number, issued: number, expires: number, kid: string, base: Uint8Array,
 *   result: Uint8Array, lists: number, places: number[] }} StatusChange
 */

/**
 * @param {Uint8Array<ArrayBuffer>} token
 * @param {Map<string, import("./keys.js").PublicKey>} keys by key id in hexadecimal
 * @returns {Promise<StatusChange>}
 */
export async function readChange(token, keys) {
  const { kid, claims } = await readToken(token, TYPE, MOST_OCTETS, keys);
  return { kid, ...claimed(claims) };
}

/** @param {any} claims */
function claimed(claims) {
  require(claims instanceof Map && claims.size === 4 && Array.isArray(claims.get(CHANGE)), "four claims");
  const [subject, issued, expires] = [claims.get(2), claims.get(6), claims.get(4)];
  const [starts, base, result, lists, count, rice, gaps, ...more] = claims.get(CHANGE);
  require(typeof subject === "string" && subject.startsWith(PREFIX) && more.length === 0, "a subject and a change");
  require([starts, issued, expires, lists, count, rice].every(Number.isInteger), "whole numbers");
  require(starts > 0 && starts <= issued && issued <= starts + DAY && starts % DAY === 0, "it is of one day");
  require(issued < expires && expires < 2 ** 33, "it is issued before it expires");
  require([base, result].every((one) => one instanceof Uint8Array && one.length === 32), "two hashes");
  require(lists > 0 && lists < MOST_LISTS && count >= 0 && count <= MOST_PLACES, "not more than there can be");
  require(rice >= 0 && rice <= MOST_RICE && gaps instanceof Uint8Array, "gaps");
  const places = readGaps(gaps, count, rice, lists * LIST_SIZE);
  return { party: subject.slice(PREFIX.length), starts, issued, expires, base, result, lists, places };
}

/**
 * All lists with this party's as of the change's issue. It applies to the lists that it names, in which no place of it may
 * be void yet, and to lists of the day itself, which have some of its places already.
 *
 * @param {StatusChange} change
 * @param {Map<string, StatusList>} lists by subject
 * @returns {Promise<Map<string, StatusList>>}
 */
export async function applied(change, lists) {
  const prefix = `urn:salus:status:${change.party}:`;
  const mine = Array.from(lists).filter(([subject]) => subject.startsWith(prefix) && /^[0-9]+$/.test(subject.slice(prefix.length)));
  const octets = mine.map((_, place) => lists.get(`${prefix}${place + 1}`)?.bits);
  require(octets.every((one) => one?.length === LIST_OCTETS), "all of an issuer's lists, whole");
  require(octets.length <= change.lists && change.lists <= octets.length + MOST_NEW, "of far more lists");
  require(mine.every(([, one]) => one.issued <= change.issued), "older than the lists");
  const bits = octets.map((one) => Uint8Array.from(/** @type {Uint8Array} */ (one)));
  const exact = same(await digestOf(bits), change.base);
  require(exact || mine.every(([, one]) => change.starts <= one.issued), "it begins with other lists");
  while (bits.length < change.lists) bits.push(new Uint8Array(LIST_OCTETS));
  for (const place of change.places) {
    const [list, index] = [bits[Math.floor(place / LIST_SIZE)], place % LIST_SIZE];
    const mask = 1 << (index & 7);
    require(!exact || (list[index >> 3] & mask) === 0, "it voids what was void");
    list[index >> 3] |= mask;
  }
  require(same(await digestOf(bits), change.result), "it does not lead to the lists that it names");
  const { issued, expires, kid } = change;
  const found = new Map(lists);
  bits.forEach((one, place) => {
    const subject = `${prefix}${place + 1}`;
    found.set(subject, { subject, issued, expires, kid, bits: one });
  });
  return found;
}

/**
 * The digest of a party's lists, from the first one on: of number and digest of each in which anything is void.
 *
 * @param {Uint8Array<ArrayBuffer>[]} bits
 */
export async function digestOf(bits) {
  /** @type {Uint8Array[]} */
  const parts = [utf8("salus status lists\n")];
  for (const [place, one] of bits.entries()) {
    if (one.every((octet) => octet === 0)) continue;
    parts.push(Uint8Array.of(0, 0, (place + 1) >> 8, (place + 1) & 0xff), await sha256(one));
  }
  return sha256(joined(...parts));
}

/**
 * A newer trust file, made of one that this device has, of the newest without its lists, and of what was voided since:
 * exactly what `salus.codec.certificates.freshening` makes. Where anything does not fit, the file is fetched whole.
 */

import { splitMessages } from "./cbor.js";
import { DAY, readChange } from "./changes.js";
import { require } from "./refused.js";
import { isNewer, readTrust } from "./trust.js";

const MOST_DAYS = 8;
const MOST_OF_DAY = 4 * 1024 * 1024;

/** @typedef {import("./trust.js").TrustFile} TrustFile */
/** @typedef {{ text: string, trust: TrustFile }} Kept */

/**
 * @param {Kept} kept
 * @param {string} rest the newest file without its lists
 * @param {string[]} changes in base64, of each issuer, of one day after the other
 * @returns {Promise<Kept>}
 */
export async function freshened(kept, rest, changes) {
  const [known, value] = [JSON.parse(kept.text), JSON.parse(rest)];
  require(kept.trust.changes.length === (known.changes ?? []).length, "changes that lead nowhere");
  const last = new Map(kept.trust.changes.map((one, place) => [one.party, place]));
  const earlier = (known.changes ?? []).filter((/** @type {string} */ _, /** @type {number} */ place) => {
    const one = kept.trust.changes[place];
    return isClosed(one) || last.get(one.party) !== place;
  });
  const all = [...earlier, ...changes];
  const text = JSON.stringify({ ...value, lists: known.lists, changes: all });
  const trust = await readTrust(text);
  const whole = trust.changes.length === all.length && trust.lists.size >= kept.trust.lists.size;
  const told = new Set(trust.changes.slice(earlier.length).map((one) => one.party));
  require(Array.from(parties(trust)).every((one) => told.has(one)), "an issuer is left out");
  require(changes.length > 0 && whole && isNewer(trust, kept.trust), "it does not lead to the newest lists");
  return { text, trust };
}

/**
 * The changes that a kept file needs of each of its issuers, one day after the other, up to the day that is not over.
 *
 * @param {TrustFile} kept
 * @param {(day: string) => Promise<Uint8Array<ArrayBuffer>>} fetched the changes of all issuers on a day such as 2031-03-01
 * @returns {Promise<string[]>} in base64
 */
export async function changesSince(kept, fetched) {
  const wanted = changesFrom(kept);
  /** @type {string[]} */
  const found = [];
  let day = Math.min(...wanted.values());
  for (let days = 0; wanted.size > 0; days++, day += DAY) {
    require(days < MOST_DAYS, "too many days");
    const told = await ofDay(kept, day, fetched);
    for (const [party, since] of Array.from(wanted)) {
      if (day < since) continue;
      const one = told.get(party);
      require(one !== undefined, "an issuer is left out");
      found.push(btoa(Array.from(one.octets, (octet) => String.fromCharCode(octet)).join("")));
      if (!isClosed(one.change)) wanted.delete(party);
    }
  }
  return found;
}

/**
 * The change of each issuer on a day, from what is served for it: one behind the other.
 *
 * @param {TrustFile} kept
 * @param {number} day
 * @param {(day: string) => Promise<Uint8Array<ArrayBuffer>>} fetched
 */
async function ofDay(kept, day, fetched) {
  const keys = new Map(Array.from(kept.issuers, ([kid, one]) => [kid, one.key]));
  const octets = await fetched(new Date(1000 * day).toISOString().slice(0, 10));
  require(octets.length <= MOST_OF_DAY, "more than the changes of a day");
  const found = new Map();
  for (const one of splitMessages(octets)) {
    const change = await readChange(one, keys);
    require(change.starts === day && !found.has(change.party), "the change of another day, or a second one");
    found.set(change.party, { change, octets: one });
  }
  return found;
}

/**
 * The first day whose change is needed of each issuer, in seconds.
 *
 * @param {TrustFile} kept
 * @returns {Map<string, number>}
 */
function changesFrom(kept) {
  const found = new Map();
  for (const party of parties(kept)) {
    const prefix = `urn:salus:status:${party}:`;
    const lists = Array.from(kept.lists.values()).filter((one) => isNumbered(one.subject, prefix));
    require(lists.length > 0, "no lists");
    const since = Math.min(...lists.map((one) => one.issued));
    found.set(party, since - (since % DAY));
  }
  return found;
}

/** Whether a list is a party's: the rest of its name is a number. @param {string} subject @param {string} prefix */
function isNumbered(subject, prefix) {
  return subject.startsWith(prefix) && /^[0-9]+$/.test(subject.slice(prefix.length));
}

/** All issuers: none of whose certificates is judged by lists that are not kept up to date. @param {TrustFile} trust */
function parties(trust) {
  return new Set(Array.from(trust.issuers.values(), (one) => one.party));
}

/** Whether the day was over, so that this change of it is the last one. @param {import("./changes.js").StatusChange} change */
function isClosed(change) {
  return change.issued === change.starts + DAY;
}

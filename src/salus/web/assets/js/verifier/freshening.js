/**
 * A newer trust file, made of one that this device has, of the newest without its lists, and of what was voided since:
 * exactly what `salus.codec.certificates.freshening` makes. Where anything does not fit, the file is fetched whole.
 */

import { DAY, readChange } from "./changes.js";
import { require } from "./refused.js";
import { isNewer, readTrust } from "./trust.js";

const MOST_DAYS = 8;

/** @typedef {import("./trust.js").TrustFile} TrustFile */
/** @typedef {{ text: string, trust: TrustFile }} Kept */

/**
 * @param {Kept} kept
 * @param {string} rest the newest file without its lists
 * @param {string[]} changes in base64, of one day after the other
 * @returns {Promise<Kept>}
 */
export async function freshened(kept, rest, changes) {
  const [known, value] = [JSON.parse(kept.text), JSON.parse(rest)];
  const earlier = known.changes ?? [];
  require(kept.trust.changes.length === earlier.length, "changes that lead nowhere");
  const last = kept.trust.changes[kept.trust.changes.length - 1];
  if (last && !isClosed(last)) earlier.pop();
  const all = [...earlier, ...changes];
  const text = JSON.stringify({ ...value, lists: known.lists, changes: all });
  const trust = await readTrust(text);
  const whole = trust.changes.length === all.length && trust.lists.size >= kept.trust.lists.size;
  require(changes.length > 0 && whole && isNewer(trust, kept.trust), "it does not lead to the newest lists");
  return { text, trust };
}

/**
 * The changes that a kept file needs, one day after the other, up to the day that is not over.
 *
 * @param {TrustFile} kept
 * @param {(day: string) => Promise<Uint8Array<ArrayBuffer>>} fetched the change of a day such as 2031-03-01
 * @returns {Promise<string[]>} in base64
 */
export async function changesSince(kept, fetched) {
  const keys = new Map(Array.from(kept.issuers, ([kid, one]) => [kid, one.key]));
  /** @type {string[]} */
  const found = [];
  for (let day = changesFrom(kept); found.length < MOST_DAYS; day += DAY) {
    const octets = await fetched(new Date(1000 * day).toISOString().slice(0, 10));
    const change = await readChange(octets, keys);
    require(change.starts === day, "the change of another day");
    found.push(btoa(Array.from(octets, (octet) => String.fromCharCode(octet)).join("")));
    if (!isClosed(change)) return found;
  }
  throw new Error("too many days");
}

/** The first day whose change is needed, in seconds. @param {TrustFile} kept */
function changesFrom(kept) {
  const last = kept.changes[kept.changes.length - 1];
  const since = last ? last.issued : Math.min(...Array.from(kept.lists.values(), (one) => one.issued));
  require(Number.isFinite(since), "no lists");
  return since - (since % DAY);
}

/** Whether the day was over, so that this change of it is the last one. @param {import("./changes.js").StatusChange} change */
function isClosed(change) {
  return change.issued === change.starts + DAY;
}

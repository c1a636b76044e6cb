/**
 * Trust lists: whose keys count, for what and until when, checked exactly as `salus.rules` does. Each version names the
 * one before. The limits are constants here as there.
 */

import { SIGNERS, WANTED, checkDocument, closed, hasFields, requireQuorum, seconds } from "./publication.js";
import { isLongNumber } from "./linting.js";
import { requireKey } from "./naming.js";
import { hex, readBase64, sha256 } from "./octets.js";
import { require } from "./refused.js";

const DAY = 86400;
const NOTICE = DAY;
const URGENT_SIGNERS = 5; // a stolen key has to be ended before those are found who may be away
const LASTS = 366 * DAY;
const KEY_LASTS = 2 * 366 * DAY;
const MOST_KEYS = 512;
const MOST_REGIONS = 34;
const REGION = /^(?:country|(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12]|9[0-9])0000)$/;
const FIELDS = ["party", "key", "regions", "kinds", "starts", "ends", "ended"];
const ENDS = ["superseded", "key-compromise"];
const PARTY = /^[A-Za-z0-9]([A-Za-z0-9._/:-]{0,126}[A-Za-z0-9])?$/;

/**
 * @typedef {{ party: string, regions: string[], kinds: string[], starts: number, ends: number, ended: string | null }} TrustedKey
 */
/**
 * @typedef {{ version: number, digest: string, previous: string | null, starts: number, ends: number, loggedAt: number,
 *   keys: Map<string, TrustedKey> }} TrustList keys by their SHA-256 in hexadecimal
 */

/**
 * @param {any} document
 * @param {any} leaf the body of its entry in the log
 * @param {import("./publication.js").PartyKey[]} keys
 * @param {number} loggedAt when a quorum of witnesses had it
 * @returns {Promise<TrustList>}
 */
export async function checkTrustList(document, leaf, keys, loggedAt) {
  const published = await checkDocument(document, leaf, keys, loggedAt);
  const { kind, starts, ends, digest } = published;
  const { name, version, body } = document;
  require(kind === "trust-list", "a trust list");
  require(hasFields(body, ["previous", "keys"]) && name === "issuers", "a trust list has its fields");
  const { previous } = body;
  require((previous === null) === (version === 1), "it names the version before");
  require(previous === null || readBase64(previous).length === 32, "a digest");
  require(Array.isArray(body.keys) && body.keys.length >= 1 && body.keys.length <= MOST_KEYS, "keys");
  /** @type {Map<string, TrustedKey>} */
  const found = new Map();
  for (const one of body.keys) {
    const spki = await octets(one);
    found.set(hex(await sha256(spki)), trustedKey(one));
  }
  require(found.size === body.keys.length, "each key once");
  requireQuorum(published, starts - loggedAt < NOTICE ? URGENT_SIGNERS : SIGNERS, LASTS);
  return { version, digest, previous, starts, ends, loggedAt, keys: found };
}

/** @param {any} one @returns {Promise<Uint8Array<ArrayBuffer>>} */
async function octets(one) {
  require(hasFields(one, FIELDS), "a trusted key has its fields");
  const key = readBase64(one.key);
  await requireKey(key, { rsa: false, ed25519: true });
  return key;
}

/** @param {any} one @returns {TrustedKey} */
function trustedKey(one) {
  const { party, ended } = one;
  require(typeof party === "string" && PARTY.test(party) && !isLongNumber(party), "an institution's name");
  require(ended === null || ENDS.includes(ended), "of the closed list");
  const { regions } = one;
  require(Array.isArray(regions) && regions.length > 0 && new Set(regions).size === regions.length, "each once");
  require(regions.length <= MOST_REGIONS, "as many regions as there are");
  for (const region of regions) require(typeof region === "string" && REGION.test(region), "a region");
  const [starts, ends] = [seconds(one.starts), seconds(one.ends)];
  require(starts % 3600 === 0 && ends % 3600 === 0, "whole hours");
  require(starts < ends && ends <= starts + KEY_LASTS, "a key ends");
  return { party, regions, kinds: closed(one.kinds, WANTED), starts, ends, ended };
}

/** Of two with one number the one that the log had first counts. @param {TrustList[]} lists @returns {TrustList[]} */
export function chained(lists) {
  /** @type {TrustList[]} */
  const found = [];
  const ordered = [...lists].sort((a, b) => a.version - b.version || a.loggedAt - b.loggedAt || (a.digest < b.digest ? -1 : 1));
  for (const one of ordered) {
    if (found.length === 0 || follows(one, found[found.length - 1])) found.push(one);
  }
  return found;
}

/** @param {TrustList} one @param {TrustList} other */
export function follows(one, other) {
  return one.version === other.version + 1 && one.previous === other.digest;
}

/** The newest that has started; none where that one has ended. @param {TrustList[]} chain @param {number} at */
export function listInForce(chain, at) {
  const newest = chain.filter((one) => one.starts <= at).pop();
  return newest && at < newest.ends ? newest : undefined;
}

/** @param {TrustedKey} key @param {string} region of a declaration */
export function covers(key, region) {
  return key.regions.some((one) => one === "country" || region.startsWith(one.slice(0, 2)));
}

/** @param {TrustedKey} key @param {number} at */
export function signs(key, at) {
  return key.starts <= at && at < key.ends;
}

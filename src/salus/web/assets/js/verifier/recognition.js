/** Which issuers of other systems are recognised: a published document of keys, checked as `salus.rules` does. */

import { isLongNumber } from "./linting.js";
import { requireIssuer, requireKey, thumbprint } from "./naming.js";
import { readBase64 } from "./octets.js";
import { SIGNERS, checkDocument, hasFields, requireQuorum, seconds } from "./publication.js";
import { require } from "./refused.js";

const DAY = 86400;
const NOTICE = DAY;
const LASTS = 366 * DAY;
const MOST_KEYS = 150;
const FIELDS = ["form", "issuer", "source", "kid", "key", "kinds", "starts", "ends"];
const KINDS = ["vaccination", "test", "recovery"];
const SOURCE = /^https:\/\/[a-z0-9.-]{1,80}(:[0-9]{1,5})?(\/[A-Za-z0-9._~-]{1,80}){0,8}$/;
const MOST_SOURCE = 128;

/**
 * @typedef {{ form: string, issuer: string, source: string, kid: string, key: Uint8Array<ArrayBuffer>, kinds: string[],
 *   starts: number, ends: number }} RecognisedKey
 */
/**
 * @typedef {{ name: string, version: number, digest: string, keys: RecognisedKey[], starts: number,
 *   ends: number, loggedAt: number }} Recognition
 */

/**
 * @param {any} document
 * @param {any} leaf the body of its entry in the log
 * @param {import("./publication.js").PartyKey[]} parties
 * @param {number} loggedAt when a quorum of witnesses had it
 * @returns {Promise<Recognition>}
 */
export async function checkRecognition(document, leaf, parties, loggedAt) {
  const found = await checkDocument(document, leaf, parties, loggedAt);
  const { kind, body, starts, ends, digest } = found;
  require(kind === "recognition", "a recognition");
  require(hasFields(body, ["keys"]) && Array.isArray(body.keys) && body.keys.length <= MOST_KEYS, "some keys");
  const keys = await Promise.all(body.keys.map(recognised));
  const told = new Set(body.keys.map((/** @type {any} */ one) => [one.form, one.source, one.kid, one.key].join("\n")));
  require(told.size === keys.length, "no key twice");
  requireQuorum(found, SIGNERS, LASTS);
  require(starts - loggedAt >= NOTICE, "it was published with notice");
  return { name: document.name, version: document.version, digest, keys, starts, ends, loggedAt };
}

/**
 * Return the keys that are recognised and in use at an instant. A later version of a document stands for earlier ones.
 *
 * @param {Recognition[]} found
 * @param {number} at
 * @returns {RecognisedKey[]}
 */
export function recognisedAt(found, at) {
  /** @type {Map<string, Recognition>} */
  const newest = new Map();
  for (const one of found) {
    const known = newest.get(one.name);
    if (one.starts <= at && (!known || known.version < one.version)) newest.set(one.name, one);
  }
  const living = Array.from(newest.values()).filter((one) => at < one.ends);
  return living.flatMap((one) => one.keys).filter((one) => one.starts <= at && at < one.ends);
}

/** @param {any} value @returns {Promise<RecognisedKey>} */
async function recognised(value) {
  require(hasFields(value, FIELDS), "a recognised key has its fields");
  const { form, issuer, source, kid, kinds } = value;
  for (const one of [form, issuer, source, kid]) require(typeof one === "string", "texts");
  require(Array.isArray(kinds) && kinds.length > 0 && new Set(kinds).size === kinds.length, "each kind once");
  require(
    kinds.every((one) => KINDS.includes(one)),
    "of the closed list",
  );
  requireIssuer(issuer);
  if (form === "HC1") require(source === "" && /^[0-9a-f]{16}$/.test(kid), "named as HC1 names keys");
  else require(form === "SHC" && SOURCE.test(source) && source.length <= MOST_SOURCE && !isLongNumber(source), "a source");
  const [starts, ends, key] = [seconds(value.starts), seconds(value.ends), readBase64(value.key)];
  require(starts < ends, "it ends");
  await requireKey(key, { rsa: form === "HC1" });
  require(form === "HC1" || kid === (await thumbprint(key)), "named as cards name keys");
  return { form, issuer, source, kid, key, kinds, starts, ends };
}

/**
 * What a door is told, whoever issued what is presented: exactly what `salus.codec.recognising` tells. A code of another
 * issuer counts only by a key that a published recognition in the trust file names.
 */

import { isAccepted } from "./accepting.js";
import { requireForeign } from "./foreign-keys.js";
import { HC1, readHcert } from "./hcert.js";
import { hex } from "./octets.js";
import { recognisedAt } from "./recognition.js";
import { SHC, readCard } from "./smart.js";
import { isFresh } from "./trust.js";
import { COVID_19, CVX, DISEASES, LOINC, NOT_FOUND } from "./values.js";
import { permitted, verify } from "./verdict.js";
import { whyVoid } from "./voided.js";

const HOUR = 3600;
const DAY = 24 * HOUR;
const ES256 = -7;
const KINDS = ["", "vaccination", "test", "recovery"];
/** @type {Record<string, number>} */
const LONGEST = { vaccination: 365 * DAY, test: 72 * HOUR, recovery: 180 * DAY };
const RECOVERED_AFTER = 11 * DAY;
const WHEN =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?(?:Z|([+-])([0-9]{2})(?::?([0-9]{2}))?)?)?$/;

/** @typedef {import("./recognition.js").RecognisedKey} RecognisedKey */
/** @typedef {import("./hcert.js").Event} Event */
/** @typedef {import("./trust.js").TrustFile["voided"]} Voided */
/** Instants are seconds from 1970; kind and disease are numbers, as a certificate of ours has them. */
/** @typedef {{ kind: number, disease: number, at: number, expires: number, issuer: string }} ForeignFact */
/**
 * @typedef {{ outcome: "good" | "nothing-shown" | "show-again" | "not-permitted",
 *   certificate: import("./certificate.js").Certificate | null, foreign: ForeignFact | null,
 *   reason: string | null }} Shown
 */

/**
 * @param {string} text
 * @param {import("./trust.js").TrustFile} trust
 * @param {number} at
 * @param {string} venue
 * @returns {Promise<Shown>}
 */
export async function judge(text, trust, at, venue) {
  if (!text.startsWith(HC1) && !text.startsWith(SHC)) {
    return { ...(await verify(text, trust, at, venue)), foreign: null };
  }
  const live = permitted(trust, at, venue);
  if (live.length === 0) {
    const reason = isFresh(trust, at) ? "no-declaration" : "trust-too-old";
    return { outcome: "not-permitted", certificate: null, foreign: null, reason };
  }
  const told = await recognisedFacts(text, recognisedAt(trust.recognised, at), at, trust.voided);
  const found = wanted(told, live, trust, at);
  if (typeof found === "string") return { outcome: "nothing-shown", certificate: null, foreign: null, reason: found };
  return { outcome: "good", certificate: null, foreign: found, reason: null };
}

/**
 * @param {string} text
 * @param {RecognisedKey[]} keys
 * @param {number} at
 * @param {Voided} voided
 * @returns {Promise<(ForeignFact | string)[]>} for each event a fact, or the word for why it is none
 */
async function recognisedFacts(text, keys, at, voided) {
  try {
    if (text.startsWith(HC1)) return await ofHcert(await readHcert(text), keys, at, voided);
    return await ofCard(await readCard(text), keys, at, voided);
  } catch {
    return ["unreadable"];
  }
}

/** @param {import("./hcert.js").Hcert} found @param {RecognisedKey[]} keys @param {number} at @param {Voided} voided */
async function ofHcert(found, keys, at, voided) {
  const kid = found.kid ? hex(found.kid) : "";
  const named = keys.filter((one) => one.form === "HC1" && one.kid === kid);
  const key = await signer(named, found.algorithm, found.signature, found.signed);
  if (typeof key === "string") return [key];
  if (found.issued !== null && at < found.issued - HOUR) return ["not-yet"];
  if (at > found.expires) return ["expired"];
  const why = await whyVoid(voided, key.key, found.event.detail.get("ci") || "", at);
  if (why) return [why];
  return [fact(found.event, key, at, found.issued, found.expires)];
}

/** @param {import("./smart.js").Card} found @param {RecognisedKey[]} keys @param {number} at @param {Voided} voided */
async function ofCard(found, keys, at, voided) {
  const named = keys.filter((one) => one.form === "SHC" && one.source === found.issuer && one.kid === found.kid);
  const key = await signer(named, ES256, found.signature, found.signed);
  if (typeof key === "string") return [key];
  if (at < found.starts - HOUR) return ["not-yet"];
  if (found.expires !== null && at >= found.expires) return ["expired"];
  const why = await whyVoid(voided, key.key, found.rid, at);
  if (why) return [why];
  return found.events.map((one) => fact(one, key, at, found.starts, found.expires));
}

/**
 * @param {RecognisedKey[]} named
 * @param {number} algorithm
 * @param {Uint8Array<ArrayBuffer>} signature
 * @param {Uint8Array<ArrayBuffer>} signed
 * @returns {Promise<RecognisedKey | string>}
 */
async function signer(named, algorithm, signature, signed) {
  if (named.length === 0) return "foreign-issuer";
  for (const one of named) {
    try {
      await requireForeign(one.key, algorithm, signature, signed);
      return one;
    } catch {
      continue; // of several keys with one name, any that verifies will do
    }
  }
  return "forged";
}

/**
 * @param {(ForeignFact | string)[]} told
 * @param {import("./publication.js").Declaration[]} live
 * @param {import("./trust.js").TrustFile} trust
 * @param {number} at
 * @returns {ForeignFact | string}
 */
function wanted(told, live, trust, at) {
  const reasons = told.map((one) => (typeof one === "string" ? one : refused(one, live, trust, at)));
  const good = reasons.indexOf(null);
  return good < 0 ? reasons[0] || "no-fact" : told[good];
}

/**
 * @param {ForeignFact} found
 * @param {import("./publication.js").Declaration[]} live
 * @param {import("./trust.js").TrustFile} trust
 * @param {number} at
 * @returns {string | null} why it is not shown, or nothing
 */
function refused(found, live, trust, at) {
  const asking = live.filter((one) => one.wants.includes(KINDS[found.kind]));
  if (asking.length === 0) return "not-asked-for";
  return asking.some((one) => isAccepted(found, trust.acceptance, one.region, at)) ? null : "not-accepted";
}

/**
 * @param {Event} event
 * @param {RecognisedKey} key
 * @param {number} at
 * @param {number | null} issued
 * @param {number | null} ends
 * @returns {ForeignFact | string}
 */
function fact(event, key, at, issued, ends) {
  const disease = DISEASES.indexOf(diseaseOf(event.target)) + 1;
  const happened = instant(event.on);
  const result = event.detail.get(event.target.includes("|") ? "result" : "tr") || "";
  const isFound = event.kind === "test" && result.slice(result.lastIndexOf("|") + 1) !== NOT_FOUND;
  if (disease === 0 || happened === null || isFound) return "no-fact";
  if (!key.kinds.includes(event.kind)) return "foreign-issuer";
  const [begins, longest] = life(event.kind, happened, issued);
  const until = instant(event.detail.get("du") || "");
  const last = until === null ? longest : Math.min(longest, until + DAY);
  if (at < begins) return "not-yet";
  if (at >= last) return "expired";
  const expires = ends === null ? last : Math.min(ends, last);
  return { kind: KINDS.indexOf(event.kind), disease, at: happened, expires, issuer: key.issuer };
}

/** @param {string} target @returns {string} */
function diseaseOf(target) {
  const bar = target.lastIndexOf("|");
  if (bar < 1) return target.slice(bar + 1) === COVID_19 ? "covid-19" : "";
  const [system, code] = [target.slice(0, bar), target.slice(bar + 1)];
  const known = system === "http://hl7.org/fhir/sid/cvx" ? CVX : system === "http://loinc.org" ? LOINC : new Map();
  return known.get(code) || "";
}

/** @param {string} kind @param {number} happened @param {number | null} issued @returns {[number, number]} */
function life(kind, happened, issued) {
  if (kind === "test") return [happened - HOUR, happened + LONGEST.test];
  if (kind === "recovery") return [happened + RECOVERED_AFTER, happened + LONGEST.recovery];
  return [happened - DAY, (issued === null ? happened : issued) + LONGEST.vaccination];
}

/** @param {string} text a date, or a date-time, of UTC where it names no zone @returns {number | null} */
function instant(text) {
  const found = WHEN.exec(text);
  if (!found) return null;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((one) => Number(one || 0));
  const date = new Date(Date.UTC(2000, month - 1, day, hour, minute, Math.min(second, 59)));
  date.setUTCFullYear(year, month - 1, day);
  const isThere = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60;
  if (!isThere || year === 0) return null;
  const away = (Number(found[8] || 0) * 60 + Number(found[9] || 0)) * 60;
  return date.getTime() / 1000 + (found[7] === "-" ? away : -away);
}

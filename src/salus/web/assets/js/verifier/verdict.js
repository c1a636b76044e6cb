/**
 * What a door is told: a certificate's fact, or nothing, or that no check is permitted there. Whether anybody may ask
 * comes first. Why nothing is shown is returned for the shared vectors; the page has no place for it.
 */

import { isAccepted } from "./accepting.js";
import { isOfNow, readBound, requireHolder } from "./bound.js";
import { readCertificate, requireIssued } from "./certificate.js";
import { hex } from "./octets.js";
import { isVoid } from "./status.js";
import { had, isFresh, isGoverned, keyOf, mayVoid, subjectOf } from "./trust.js";
import { covers, signs } from "./trusted.js";

const SLOW_CLOCK = 3600;
const KINDS = ["", "vaccination", "test", "recovery"];

/** @typedef {import("./trust.js").TrustFile} TrustFile */
/** @typedef {import("./publication.js").Declaration} Declaration */
/** @typedef {import("./certificate.js").Certificate} Certificate */
/**
 * @typedef {{ outcome: "good" | "nothing-shown" | "show-again" | "not-permitted", certificate: Certificate | null,
 *   reason: string | null }} Verdict
 */

/** @param {TrustFile} trust @param {number} at @param {string} venue @returns {Declaration[]} */
export function permitted(trust, at, venue) {
  if (!isFresh(trust, at)) return [];
  return trust.declarations.filter((one) => one.venues.includes(venue) && one.starts <= at && at < one.ends);
}

/** @param {string} text @param {TrustFile} trust @param {number} at @param {string} venue @returns {Promise<Verdict>} */
export async function verify(text, trust, at, venue) {
  const live = permitted(trust, at, venue);
  if (live.length === 0) {
    const reason = isFresh(trust, at) ? "no-declaration" : "trust-too-old";
    return { outcome: "not-permitted", certificate: null, reason };
  }
  const shown = await presentedBy(text, at);
  if (shown === "no-proof") return { outcome: "show-again", certificate: null, reason: shown };
  const found = typeof shown === "string" ? shown : await judged(shown.presented, shown.text, trust, at, live);
  if (typeof found === "string") return { outcome: "nothing-shown", certificate: null, reason: found };
  return { outcome: "good", certificate: found, reason: null };
}

/**
 * What was presented, by its holder where it is bound to a telephone. Whether a telephone has to show it again, form and
 * clock decide, before anything else is looked at: so that says nothing about anybody.
 *
 * @param {string} text
 * @param {number} at
 * @returns {Promise<{ presented: import("./certificate.js").Presented, text: string } | string>} or the word for why it is none
 */
async function presentedBy(text, at) {
  try {
    return { presented: readCertificate(text), text };
  } catch {
    // a bound one is no certificate of that form
  }
  let bound;
  try {
    bound = readBound(text);
  } catch {
    return "unreadable";
  }
  if (!isOfNow(bound, at)) return "no-proof";
  try {
    await requireHolder(bound);
  } catch {
    return "forged";
  }
  return bound;
}

/**
 * @param {import("./certificate.js").Presented} presented
 * @param {string} text the certificate alone
 * @param {TrustFile} trust
 * @param {number} at
 * @param {Declaration[]} live
 * @returns {Promise<Certificate | string>} a good certificate, or the word for why it is none
 */
async function judged(presented, text, trust, at, live) {
  const { certificate } = presented;
  const issuer = trust.issuers.get(hex(presented.kid));
  if (!issuer) return "foreign-issuer";
  try {
    await requireIssued(presented, issuer.key);
  } catch {
    return "forged";
  }
  if (at < certificate.issued - SLOW_CLOCK) return "not-yet";
  if (at >= certificate.expires) return "expired";
  const asking = live.filter((one) => one.wants.includes(KINDS[certificate.kind]));
  if (asking.length === 0) return "not-asked-for";
  const beyond = isGoverned(trust, at) ? await beyondLimits(text, presented, trust, at, asking) : null;
  if (beyond) return beyond;
  const list = trust.lists.get(subjectOf(issuer.party, certificate.list));
  if (!list || at < list.issued - SLOW_CLOCK || at >= list.expires || !mayVoid(list, trust, at)) return "no-list";
  if (isVoid(list, certificate.index)) return "void";
  const enough = asking.some((one) => isAccepted(certificate, trust.acceptance, one.region, at));
  return enough ? certificate : "not-accepted";
}

/**
 * Hold a certificate against what the trust list says of its key. After a key's end only what the log had before is
 * good: a thief can date a certificate back, but not its entry.
 *
 * @param {string} text
 * @param {import("./certificate.js").Presented} presented
 * @param {TrustFile} trust
 * @param {number} at
 * @param {Declaration[]} asking
 * @returns {Promise<string | null>} the word for the limit that it is beyond
 */
async function beyondLimits(text, presented, trust, at, asking) {
  const [kid, kind] = [hex(presented.kid), KINDS[presented.certificate.kind]];
  const key = keyOf(trust, kid, at);
  if (!key) return "key-not-trusted";
  if (!signs(key, presented.certificate.issued)) return "key-ended";
  if (at >= key.ends && !(await had(trust, text, kid, key.ends))) return "key-ended";
  const here = asking.some((one) => covers(key, one.region));
  return here && key.kinds.includes(kind) ? null : "key-not-for-this";
}

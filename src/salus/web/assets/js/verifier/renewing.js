/**
 * Emergencies, under which acceptance rules may come at short notice: each is held against those before it, exactly as
 * `salus.rules` does. Most who sign a renewal did not sign the one before, and half of any year is the most.
 */

import { hex } from "./octets.js";
import { require } from "./refused.js";

const DAY = 86400;
const YEAR = 365 * DAY;
const MOST = 180 * DAY;

/** @typedef {import("./publication.js").Published} Published */

/** @param {Published} a @param {Published} b */
function inLog(a, b) {
  return a.loggedAt - b.loggedAt || a.starts - b.starts || (a.digest < b.digest ? -1 : 1);
}

/** @param {Published[]} read @returns {{ counting: Published[], dropped: number }} those that follow on each other rightly */
export function following(read) {
  /** @type {Published[]} */
  const counting = [];
  for (const one of [...read].sort(inLog)) {
    try {
      requireRenewal(one, counting);
      counting.push(one);
    } catch {
      continue; // what does not follow rightly counts for nothing
    }
  }
  return { counting, dropped: read.length - counting.length };
}

/** @param {Published} one @param {Published[]} earlier */
function requireRenewal(one, earlier) {
  const same = earlier.filter((each) => each.body.disease === one.body.disease);
  const before = same[same.length - 1];
  require(one.body.renews === (before ? before.digest : undefined), "RENEWAL");
  if (!before) return;
  require(one.starts >= before.starts, "RENEWAL");
  require(before.ends <= one.starts - YEAR || anotherMajority(one, before), "SAME-SIGNERS");
  require(mostInAYear([...same, one]) <= MOST, "YEAR-FULL");
}

/** @param {Published} one @param {Published} before */
function anotherMajority(one, before) {
  const names = before.signers.map((each) => each.party);
  const keys = before.signers.map((each) => hex(each.key));
  const others = one.signers.filter((each) => !names.includes(each.party) && !keys.includes(hex(each.key)));
  return 2 * others.length > one.signers.length;
}

/** @param {{ starts: number, ends: number }[]} spans @returns {number} seconds within them in the fullest year */
export function mostInAYear(spans) {
  /** @type {{ starts: number, ends: number }[]} */
  const merged = [];
  for (const { starts, ends } of [...spans].sort((a, b) => a.starts - b.starts)) {
    const last = merged[merged.length - 1];
    if (last && starts <= last.ends) last.ends = Math.max(last.ends, ends);
    else merged.push({ starts, ends });
  }
  const years = merged.flatMap(({ starts, ends }) => [starts, ends - YEAR]);
  const within = (/** @type {number} */ year) =>
    merged.reduce((sum, one) => sum + Math.max(0, Math.min(one.ends, year + YEAR) - Math.max(one.starts, year)), 0);
  return Math.max(0, ...years.map(within));
}

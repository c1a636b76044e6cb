/**
 * Acceptance rules: what a region asks of a certificate, checked and asked exactly as `salus.rules` and `salus.codec` do.
 * Where no rules are alive for the region of a declaration, the declaration alone counts.
 */

import { RECOVERY, TEST, VACCINATION } from "./certificate.js";
import { evaluate } from "./certlogic.js";
import { GROUPS, requireDisease, requireLinted } from "./linting.js";
import { parseMoment } from "./moments.js";
import { require } from "./refused.js";

const LEAST_LIFE = 86400;
const COUNTRY = "country";
const NOT_DETECTED = "260415000";
/** Words and SNOMED CT codes of diseases, by their numbers in certificates. @type {[string, string][]} */
const DISEASES = [
  ["", ""],
  ["covid-19", "840539006"],
  ["influenza", "6142004"],
  ["measles", "14189004"],
  ["poliomyelitis", "398102009"],
  ["yellow-fever", "16541001"],
  ["hepatitis-b", "66071002"],
  ["varicella", "38907003"],
  ["pneumococcal", "16814004"],
  ["tuberculosis", "56717001"],
  ["human-papillomavirus", "240532009"],
  ["cholera", "63650001"],
];

/**
 * @typedef {{ region: string, disease: string, digest: string, starts: number, ends: number, rules: any[],
 *   tables: Record<string, string[]> }} RegionRules
 */
/** @typedef {RegionRules & { loggedAt: number }} LoggedRules */
/** @typedef {{ kind: number, disease: number, at: number }} Fact a certificate's of ours, or another issuer's */

/**
 * Read the body of published rules, held to the linter and to its own examples.
 *
 * @param {any} body
 * @param {{ digest: string, starts: number, ends: number }} published
 * @returns {RegionRules}
 */
export function readRules(body, { digest, starts, ends }) {
  require(Object.keys(body).sort().join() === "disease,periods,region,rules,tables", "rules have their fields");
  const { region, disease, rules } = body;
  require(typeof region === "string" && /^(country|[0-9]{6})$/.test(region), "a region");
  requireDisease(disease);
  requireLinted(body);
  /** @type {Record<string, string[]>} */
  const tables = Object.fromEntries(Object.entries(body.tables).map(([name, one]) => [name, one.codes]));
  const found = { region, disease, digest, starts, ends, rules, tables };
  for (const rule of rules) {
    for (const { payload, at, accepted } of rule.examples) {
      require(judge(rule, payload, parseMoment(at).milliseconds / 1000, tables) === accepted, "EXAMPLE-FAILS");
    }
  }
  return found;
}

/**
 * @param {any} rule
 * @param {any} payload
 * @param {number} at
 * @param {Record<string, string[]>} tables
 * @returns {boolean | null} null where it cannot be told
 */
function judge(rule, payload, at, tables) {
  const external = { validationClock: instant(at), valueSets: tables };
  try {
    return evaluate(rule.logic, { payload, external }) === true;
  } catch {
    return null;
  }
}

/** @param {number} at whole seconds from 1970 @returns {string} */
function instant(at) {
  return new Date(at * 1000).toISOString().replace(".000", "");
}

/**
 * Leave out rules that start within a day of others about the same that the log had before: none counts for less.
 *
 * @param {LoggedRules[]} read
 * @returns {LoggedRules[]} in the order in which they were given
 */
export function succeeding(read) {
  const inLog = [...read].sort((a, b) => a.loggedAt - b.loggedAt || a.starts - b.starts || (a.digest < b.digest ? -1 : 1));
  /** @type {LoggedRules[]} */
  const counting = [];
  for (const one of inLog) {
    const about = counting.filter((each) => each.region === one.region && each.disease === one.disease);
    const near = about.filter((each) => Math.abs(each.starts - one.starts) < LEAST_LIFE);
    if (near.every((each) => each.digest === one.digest)) counting.push(one);
  }
  return read.filter((one) => counting.includes(one));
}

/** @param {Fact} certificate @returns {Record<string, any[]>} its fact as rules read it */
export function payloadForRules({ kind, disease, at }) {
  const [, tg] = DISEASES[disease];
  const day = instant(at).slice(0, 10);
  if (kind === VACCINATION) return { v: [{ tg, dt: day }] };
  if (kind === RECOVERY) return { r: [{ tg, fr: day }] };
  require(kind === TEST, "a kind");
  return { t: [{ tg, sc: instant(at), tr: NOT_DETECTED }] };
}

/** @param {RegionRules[]} rules @param {string} region @param {number} at @returns {Map<string, RegionRules>} by disease */
export function rulesFor(rules, region, at) {
  const alive = rules.filter((one) => one.starts <= at && at < one.ends);
  alive.sort((a, b) => a.starts - b.starts || (a.digest < b.digest ? -1 : 1));
  const around = region === COUNTRY ? [COUNTRY] : [region, `${region.slice(0, 4)}00`, `${region.slice(0, 2)}0000`, COUNTRY];
  for (const one of around) {
    const found = alive.filter((each) => each.region === one);
    if (found.length > 0) return new Map(found.map((each) => [each.disease, each]));
  }
  return new Map();
}

/** @param {Fact} certificate @param {RegionRules[]} rules @param {string} region @param {number} at @returns {boolean} */
export function isAccepted(certificate, rules, region, at) {
  const alive = rulesFor(rules, region, at);
  if (alive.size === 0) return true;
  const found = alive.get(DISEASES[certificate.disease][0]);
  if (!found) return false;
  const payload = payloadForRules(certificate);
  const about = found.rules.filter((rule) => payload[GROUPS[rule.kind]] !== undefined);
  return about.length > 0 && about.every((rule) => judge(rule, payload, Math.floor(at), found.tables) === true);
}

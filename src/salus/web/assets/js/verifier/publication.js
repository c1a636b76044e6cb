/**
 * What is published: declarations of which doors may ask for what, rules of which certificates are good enough, and the
 * emergencies under which those may come at short notice; checked exactly as `salus.rules` does. The limits are constants here as there, and the shared vectors hold the two together.
 */

import { readRules } from "./accepting.js";
import { canonical } from "./canonical.js";
import { ed25519, requireEd25519 } from "./keys.js";
import { requireDisease, requireText } from "./linting.js";
import { hasFewDigits, spelt } from "./naming.js";
import { hex, readBase64, sha256 } from "./octets.js";
import { require } from "./refused.js";

const DAY = 86400;
export const SIGNERS = 4;
const ORGANISATIONS = 3;
const NOTICE = DAY;
const LASTS = 30 * DAY;
const RULES_NOTICE = 3 * DAY;
const RULES_LAST = 366 * DAY;
const URGENT_SIGNERS = 6;
const URGENT_ORGANISATIONS = 4;
const EMERGENCY_SIGNERS = 5;
const URGENT_NOTICE = 6 * 3600;
const URGENT_LAST = 14 * DAY;
const LEAST_LIFE = DAY;
const MOST_OCTETS = 64 * 1024;
const VENUES = ["care-home", "hospital-visit", "large-event", "indoor-leisure", "international-departure"];
export const WANTED = ["vaccination", "test", "recovery"];

/** @typedef {{ party: string, organisation: string, duty: string, key: Uint8Array<ArrayBuffer>, loggedAt: number,
 *   endedAt?: number }} PartyKey */
/**
 * @typedef {{ kind: string, body: any, starts: number, ends: number, loggedAt: number, digest: string,
 *   signers: PartyKey[] }} Published
 */
/** @typedef {{ venues: string[], wants: string[], region: string, starts: number, ends: number }} Declaration */

/** @param {any} value @param {string[]} names @returns {boolean} */
export function hasFields(value, names) {
  const found = value !== null && typeof value === "object" && !Array.isArray(value) ? Object.keys(value) : [];
  return found.length === names.length && names.every((name) => found.includes(name));
}

/** @param {any} text an instant in whole seconds of UTC @returns {number} seconds from 1970 */
export function seconds(text) {
  require(typeof text === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text), "an instant");
  const at = Date.parse(text) / 1000;
  require(Number.isFinite(at) && new Date(at * 1000).toISOString().replace(".000", "") === text, "an instant");
  return at;
}

/** @param {any} listed @param {string[]} known @returns {string[]} */
export function closed(listed, known) {
  require(Array.isArray(listed) && listed.length > 0 && new Set(listed).size === listed.length, "each once");
  require(
    listed.every((one) => known.includes(one)),
    "of the closed list",
  );
  return listed;
}

/**
 * Check a document of any of these kinds: its form, its signers, and that it begins after it stood in the log. Its notice
 * and its life are for whoever reads it as one of a kind.
 *
 * @param {any} document
 * @param {any} leaf the body of its entry in the log
 * @param {PartyKey[]} keys
 * @param {number} loggedAt when a quorum of witnesses had it
 * @returns {Promise<Published>}
 */
export async function checkDocument(document, leaf, keys, loggedAt) {
  require(hasFields(document, ["kind", "name", "version", "starts", "ends", "body"]), "a document has its fields");
  const { kind, name, version, body } = document;
  require(typeof name === "string" && /^[a-z][a-z0-9]*(-[a-z0-9]+){0,5}$/.test(name), "a document has a name");
  require(hasFewDigits(name), "a document's name is no number");
  require(Number.isInteger(version) && version >= 1 && version < 10000, "a version");
  require(body !== null && typeof body === "object" && !Array.isArray(body), "a body");
  const [starts, ends] = [seconds(document.starts), seconds(document.ends)];
  require(ends - starts >= LEAST_LIFE, "it lasts for a day at least");
  require(starts >= loggedAt, "nothing counts from before it stood in the log");
  const { digest, signers } = await checkSigners(document, leaf, keys, loggedAt);
  return { kind, body, starts, ends, loggedAt, digest, signers };
}

/** @param {Published} published @param {number} least @param {number} lasts */
export function requireQuorum({ signers, starts, ends }, least, lasts) {
  require(signers.length >= least, "too few have signed");
  require(ends - starts <= lasts, "it ends, and soon");
}

/** @param {any} document @param {any} leaf @param {PartyKey[]} keys @param {number} loggedAt @returns {Promise<Declaration>} */
export async function checkDeclaration(document, leaf, keys, loggedAt) {
  const found = await checkDocument(document, leaf, keys, loggedAt);
  const { kind, body, starts, ends } = found;
  require(kind === "declaration" && hasFields(body, ["venues", "wants", "region"]), "a declaration has its fields");
  require(typeof body.region === "string" && /^(country|[0-9]{6})$/.test(body.region), "a region");
  const [venues, wants] = [closed(body.venues, VENUES), closed(body.wants, WANTED)];
  require(starts - loggedAt >= NOTICE, "it was published with notice");
  requireQuorum(found, SIGNERS, LASTS);
  return { venues, wants, region: body.region, starts, ends };
}

/** @param {any} document @param {any} leaf @param {PartyKey[]} keys @param {number} loggedAt @returns {Promise<Published>} */
export async function checkEmergency(document, leaf, keys, loggedAt) {
  const found = await checkDocument(document, leaf, keys, loggedAt);
  const { kind, body } = found;
  const fields = "renews" in body ? ["disease", "reason", "renews"] : ["disease", "reason"];
  require(kind === "emergency" && hasFields(body, fields) && hasFields(body.reason, ["en", "zh"]), "an emergency's fields");
  requireDisease(body.disease);
  for (const text of [body.reason.en, body.reason.zh]) requireText(text);
  if ("renews" in body) require(readBase64(body.renews).length === 32, "a digest");
  requireQuorum(found, EMERGENCY_SIGNERS, LASTS);
  return found;
}

/**
 * @param {any} document
 * @param {any} leaf
 * @param {PartyKey[]} keys
 * @param {number} loggedAt
 * @param {Published[]} emergencies
 * @returns {Promise<import("./accepting.js").LoggedRules>}
 */
export async function checkRules(document, leaf, keys, loggedAt, emergencies) {
  const found = await checkDocument(document, leaf, keys, loggedAt);
  const notice = found.starts - loggedAt;
  require(found.kind === "acceptance-rules", "acceptance rules");
  if (notice >= RULES_NOTICE) requireQuorum(found, SIGNERS, RULES_LAST);
  else {
    const told = { disease: found.body.disease, starts: found.starts, loggedAt };
    require(notice >= URGENT_NOTICE && hadNotice(told, emergencies), "too short notice");
    requireQuorum(found, URGENT_SIGNERS, URGENT_LAST);
    const organisations = organisationsOf(found.signers);
    require(organisations.size >= URGENT_ORGANISATIONS, "of too few organisations");
  }
  return { ...readRules(found.body, found), loggedAt };
}

/**
 * Whether rules were published with 72 hours of notice, or under one of these emergencies.
 *
 * @param {{ disease: string, starts: number, loggedAt: number }} rules
 * @param {Published[]} emergencies
 */
export function hadNotice({ disease, starts, loggedAt }, emergencies) {
  if (starts - loggedAt >= RULES_NOTICE) return true;
  return emergencies.some(
    (one) => one.starts <= loggedAt && loggedAt < one.ends && one.loggedAt <= loggedAt && one.body.disease === disease,
  );
}

/** Whether the log had a key by an instant, and no end of it before. @param {PartyKey} key @param {number} at */
export function stands(key, at) {
  return key.loggedAt <= at && (key.endedAt === undefined || at <= key.endedAt);
}

/** Their organisations, one however its name is written. @param {PartyKey[]} signers */
export function organisationsOf(signers) {
  return new Set(signers.map((one) => spelt(one.organisation)));
}

/**
 * @param {any} document
 * @param {any} leaf
 * @param {PartyKey[]} keys
 * @param {number} loggedAt
 * @returns {Promise<{ digest: string, signers: PartyKey[] }>}
 */
async function checkSigners(document, leaf, keys, loggedAt) {
  const octets = canonical(document);
  require(octets.length <= MOST_OCTETS, "too long");
  const digest = btoa(String.fromCharCode(...(await sha256(octets))));
  const { kind, name, version, starts, ends } = document;
  const told = { kind, name, version, starts, ends, digest };
  const { signatures, ...rest } = leaf;
  require(new TextDecoder().decode(canonical(rest)) === new TextDecoder().decode(canonical(told)), "another document");
  const message = canonical({ publication: told });
  /** @type {PartyKey[]} */
  const signers = [];
  for (const party of Object.keys(signatures)) signers.push(await signer(party, signatures[party], message, keys, loggedAt));
  require(new Set(signers.map((one) => hex(one.key))).size === signers.length, "one key signs once");
  require(organisationsOf(signers).size >= ORGANISATIONS, "of too few organisations");
  return { digest, signers };
}

/**
 * @param {string} party
 * @param {any} signature
 * @param {Uint8Array<ArrayBuffer>} message
 * @param {PartyKey[]} keys
 * @param {number} loggedAt
 * @returns {Promise<PartyKey>}
 */
async function signer(party, signature, message, keys, loggedAt) {
  const octets = readBase64(signature);
  for (const one of keys) {
    if (one.party !== party || one.duty !== "signer" || !stands(one, loggedAt)) continue;
    try {
      await requireEd25519(await ed25519(one.key), octets, message);
      return one;
    } catch {
      continue; // a party may have had several keys; any that verifies will do
    }
  }
  throw new Error("a signature of no key that the log had then");
}

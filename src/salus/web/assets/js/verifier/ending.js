/**
 * The ends of parties' keys, exactly as `salus.rules` reads them: a key ends itself, or five signers of three organisations
 * end it, whom the log has named for a month. What the log had by then stays good. The limits are constants here as there.
 */

import { canonical } from "./canonical.js";
import { ed25519, requireEd25519 } from "./keys.js";
import { hex, readBase64 } from "./octets.js";
import { hasFields, organisationsOf, stands } from "./publication.js";
import { require } from "./refused.js";

const REASONS = ["lost", "compromised", "rotated"];
const [SIGNERS, ORGANISATIONS] = [5, 3];
const SIGNER_NOTICE = 30 * 86400;
const OMBUDSMAN_NOTICE = 72 * 3600;

/** @typedef {import("./publication.js").PartyKey} PartyKey */
/** @typedef {{ key: string, loggedAt: number, countsFrom: number }} KeyEnd the key in hexadecimal; the latter for an ombudsman's */
/**
 * The keys of a log as ends are read with them: signers' by party, since when each is an ombudsman's, when each first ended.
 *
 * @typedef {{ signers: Map<string, PartyKey[]>, watching: Map<string, number>, over: Map<string, number> }} Known
 */

/**
 * The ends among entries, oldest first; what is no end counts for nothing. A signer whose own key had ended before signs
 * none. Every key and every end is looked at once.
 *
 * @param {{ body: any, at: number }[]} entries
 * @param {PartyKey[]} keys
 * @returns {Promise<KeyEnd[]>}
 */
export async function readEnds(entries, keys) {
  const known = knownOf(keys);
  /** @type {KeyEnd[]} */
  const found = [];
  for (const { body, at } of [...entries].sort((one, other) => one.at - other.at)) {
    try {
      const one = await readEnd(body, known, at);
      if (!known.over.has(one.key)) known.over.set(one.key, at);
      found.push(one);
    } catch {
      continue;
    }
  }
  return found;
}

/**
 * Keys, each with when it ended. An ombudsman's goes on for as long as its end says, under that duty alone, and only if the
 * log had named it before. A trust list, and nothing else, ends an issuer's.
 *
 * @param {PartyKey[]} keys
 * @param {KeyEnd[]} ends
 */
export function withEnds(keys, ends) {
  /** @type {Map<string, { logged: number, counts: number }>} */
  const first = new Map();
  for (const { key, loggedAt, countsFrom } of ends) {
    const { logged, counts } = first.get(key) ?? { logged: loggedAt, counts: countsFrom };
    first.set(key, { logged: Math.min(logged, loggedAt), counts: Math.min(counts, countsFrom) });
  }
  return keys.map((one) => {
    const end = first.get(hex(one.key));
    if (one.duty === "issuer" || end === undefined) return one;
    const held = one.duty === "ombudsman" && one.loggedAt <= end.logged;
    return { ...one, endedAt: held ? end.counts : end.logged };
  });
}

/** @param {PartyKey[]} keys @returns {Known} */
function knownOf(keys) {
  /** @type {Known} */
  const known = { signers: new Map(), watching: new Map(), over: new Map() };
  for (const one of keys) {
    const key = hex(one.key);
    if (one.duty === "signer") {
      const mine = known.signers.get(one.party) ?? [];
      mine.push(one);
      known.signers.set(one.party, mine);
    }
    if (one.duty === "ombudsman") known.watching.set(key, Math.min(one.loggedAt, known.watching.get(key) ?? Infinity));
  }
  return known;
}

/** @param {any} leaf @param {Known} known @param {number} loggedAt @returns {Promise<KeyEnd>} */
async function readEnd(leaf, known, loggedAt) {
  require(hasFields(leaf, ["party", "key", "reason", "signatures"]), "the end of a key has its fields");
  const { party, key, reason, signatures } = leaf;
  require(REASONS.includes(reason) && typeof party === "string" && typeof key === "string", "the end of a key");
  require(signatures !== null && typeof signatures === "object" && !Array.isArray(signatures), "signatures");
  const octets = readBase64(key);
  require(octets.length === 32, "a key");
  const message = canonical({ "party-key-end": { key, party, reason } });
  const names = Object.keys(signatures);
  const own = names.length === 1 && names[0] === party && (await made(octets, signatures[party], message));
  if (!own) await requireSigners(signatures, message, known, loggedAt);
  const held = !own && (known.watching.get(hex(octets)) ?? Infinity) <= loggedAt;
  return { key: hex(octets), loggedAt, countsFrom: loggedAt + (held ? OMBUDSMAN_NOTICE : 0) };
}

/** @param {any} signatures @param {Uint8Array<ArrayBuffer>} message @param {Known} known @param {number} loggedAt */
async function requireSigners(signatures, message, known, loggedAt) {
  /** @type {PartyKey[]} */
  const found = [];
  for (const party of Object.keys(signatures)) {
    const all = known.signers.get(party) ?? [];
    const mine = all.filter((one) => stands(one, loggedAt) && loggedAt <= (known.over.get(hex(one.key)) ?? loggedAt));
    const good = [];
    for (const one of mine) if (await made(one.key, signatures[party], message)) good.push(one);
    require(good.length > 0, "a signature of no signer whose key stood");
    found.push(...good.filter((one) => one.loggedAt + SIGNER_NOTICE <= loggedAt).slice(0, 1));
  }
  require(new Set(found.map((one) => hex(one.key))).size >= SIGNERS, "too few have signed");
  require(organisationsOf(found).size >= ORGANISATIONS, "of too few organisations");
}

/** @param {Uint8Array<ArrayBuffer>} key @param {any} signature @param {Uint8Array<ArrayBuffer>} message */
async function made(key, signature, message) {
  try {
    await requireEd25519(await ed25519(key), readBase64(signature), message);
    return true;
  } catch {
    return false;
  }
}

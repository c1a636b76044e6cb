/**
 * The ends of parties' keys, exactly as `salus.rules` reads them: a key ends itself, or five signers of three organisations
 * end it. What the log had by then stays good. The limits are constants here as there.
 */

import { canonical } from "./canonical.js";
import { ed25519, requireEd25519 } from "./keys.js";
import { hex, readBase64 } from "./octets.js";
import { hasFields, organisationsOf, stands } from "./publication.js";
import { require } from "./refused.js";

const REASONS = ["lost", "compromised", "rotated"];
const [SIGNERS, ORGANISATIONS] = [5, 3];
const OMBUDSMAN_NOTICE = 72 * 3600;

/** @typedef {import("./publication.js").PartyKey} PartyKey */
/** @typedef {{ key: string, loggedAt: number, countsFrom: number }} KeyEnd the key in hexadecimal */

/**
 * The ends among entries, oldest first; what is no end counts for nothing. A signer whose own key had ended before signs
 * none.
 *
 * @param {{ body: any, at: number }[]} entries
 * @param {PartyKey[]} keys
 * @returns {Promise<KeyEnd[]>}
 */
export async function readEnds(entries, keys) {
  /** @type {KeyEnd[]} */
  const found = [];
  for (const { body, at } of [...entries].sort((one, other) => one.at - other.at)) {
    try {
      found.push(await readEnd(body, withEnds(keys, found), at));
    } catch {
      continue;
    }
  }
  return found;
}

/** Keys, each with when it ended. A trust list, and nothing else, ends an issuer's. @param {PartyKey[]} keys @param {KeyEnd[]} ends */
export function withEnds(keys, ends) {
  return keys.map((one) => {
    const mine = ends.filter((end) => end.key === hex(one.key)).map((end) => end.countsFrom);
    return one.duty === "issuer" || mine.length === 0 ? one : { ...one, endedAt: Math.min(...mine) };
  });
}

/** @param {any} leaf @param {PartyKey[]} keys @param {number} loggedAt @returns {Promise<KeyEnd>} */
async function readEnd(leaf, keys, loggedAt) {
  require(hasFields(leaf, ["party", "key", "reason", "signatures"]), "the end of a key has its fields");
  const { party, key, reason, signatures } = leaf;
  require(REASONS.includes(reason) && typeof party === "string" && typeof key === "string", "the end of a key");
  require(signatures !== null && typeof signatures === "object" && !Array.isArray(signatures), "signatures");
  const octets = readBase64(key);
  require(octets.length === 32, "a key");
  const message = canonical({ "party-key-end": { key, party, reason } });
  const names = Object.keys(signatures);
  const own = names.length === 1 && names[0] === party && (await made(octets, signatures[party], message));
  if (!own) await requireSigners(signatures, message, keys, loggedAt);
  const watching = keys.some((one) => one.duty === "ombudsman" && hex(one.key) === hex(octets));
  return { key: hex(octets), loggedAt, countsFrom: loggedAt + (watching && !own ? OMBUDSMAN_NOTICE : 0) };
}

/** @param {any} signatures @param {Uint8Array<ArrayBuffer>} message @param {PartyKey[]} keys @param {number} loggedAt */
async function requireSigners(signatures, message, keys, loggedAt) {
  /** @type {PartyKey[]} */
  const found = [];
  for (const party of Object.keys(signatures)) {
    const mine = keys.filter((one) => one.party === party && one.duty === "signer" && stands(one, loggedAt));
    const good = [];
    for (const one of mine) if (await made(one.key, signatures[party], message)) good.push(one);
    require(good.length > 0, "a signature of no signer whose key stood");
    found.push(/** @type {PartyKey} */ (good[0]));
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

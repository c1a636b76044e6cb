/**
 * What one ombudsman can stop for good: a document that the log has, before it counts or within a day, exactly as
 * `salus.rules` judges it. The limit is a constant here as there.
 */

import { canonical } from "./canonical.js";
import { ed25519, requireEd25519 } from "./keys.js";
import { readBase64 } from "./octets.js";
import { hasFields, seconds, stands } from "./publication.js";
import { require } from "./refused.js";

const WITHIN = 86400;
const NOT_VETOED = ["trust-list"];

/** @typedef {{ digest: string, appointed: number, loggedAt: number }} Veto */

/**
 * @param {any} leaf the body of its entry in the log
 * @param {import("./publication.js").PartyKey[]} keys
 * @param {number} loggedAt when a quorum of witnesses had it
 * @returns {Promise<Veto>}
 */
export async function checkVeto(leaf, keys, loggedAt) {
  require(hasFields(leaf, ["digest", "party", "signature"]) && typeof leaf.party === "string", "a veto has its fields");
  const { digest, party } = leaf;
  require(typeof digest === "string" && readBase64(digest).length === 32, "a digest");
  const [message, signature] = [canonical({ veto: { digest, party } }), readBase64(leaf.signature)];
  /** @type {number[]} */
  const appointed = [];
  for (const one of keys) {
    if (one.party !== party || one.duty !== "ombudsman" || !stands(one, loggedAt)) continue;
    try {
      await requireEd25519(await ed25519(one.key), signature, message);
      appointed.push(one.loggedAt);
    } catch {
      continue; // an ombudsman may have had several keys
    }
  }
  require(appointed.length > 0, "a signature of no ombudsman that the log had then");
  return { digest, appointed: Math.min(...appointed), loggedAt };
}

/**
 * @param {any} document
 * @param {string} digest
 * @param {number} loggedAt when a quorum of witnesses had the document
 * @param {Veto[]} vetoes
 */
export function requireNotVetoed(document, digest, loggedAt, vetoes) {
  if (NOT_VETOED.includes(document.kind)) return;
  require(!isStopped({ digest, starts: seconds(document.starts), loggedAt }, vetoes), "an ombudsman vetoed it");
}

/**
 * Whether a veto of a document, which is no trust list, came in time, by an ombudsman that the log had no later.
 *
 * @param {{ digest: string, starts: number, loggedAt: number }} published
 * @param {Veto[]} vetoes
 */
export function isStopped({ digest, starts, loggedAt }, vetoes) {
  const until = Math.max(starts, loggedAt + WITHIN);
  return vetoes.some((one) => one.digest === digest && one.appointed <= loggedAt && one.loggedAt < until);
}

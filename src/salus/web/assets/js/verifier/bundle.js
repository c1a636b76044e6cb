/**
 * The trust file as this device has it: fetched by nobody in particular, and kept for when there is no network. Who has one
 * asks for what was voided since the day of its lists, and fetches the file whole where that does not lead to the newest.
 * The log and the witnesses that were believed first are believed for good; another file, or an older one, is passed over.
 */

import { changesSince, freshened } from "./freshening.js";
import { isNewer, readTrust } from "./trust.js";

const CACHE = "salus-verifier-trust";

/** @typedef {import("./trust.js").TrustFile} TrustFile */
/** @typedef {import("./freshening.js").Kept} Kept */

/**
 * @param {string} address of the whole file
 * @param {string} rest of the file without its lists
 * @param {string} changes below which the change of each day is
 * @returns {Promise<TrustFile | null>} null where there is none that holds
 */
export async function loadTrust(address, rest, changes) {
  const cache = "caches" in window ? await caches.open(CACHE) : null;
  const kept = cache ? await read(await cache.match(address)) : null;
  const found = (kept && (await changed(kept, rest, changes))) || (await read(await asked(address).catch(() => undefined)));
  if (!found) return kept ? kept.trust : null;
  if (kept && !isNewer(found.trust, kept.trust)) return kept.trust;
  if (cache) await cache.put(address, new Response(found.text, { headers: { "Content-Type": "application/json" } }));
  return found.trust;
}

/**
 * @param {Kept} kept
 * @param {string} rest
 * @param {string} changes
 * @returns {Promise<Kept | null>} null where the file has to be fetched whole
 */
async function changed(kept, rest, changes) {
  try {
    const days = await changesSince(kept.trust, async (day) => new Uint8Array(await (await asked(`${changes}/${day}`)).arrayBuffer()));
    return await freshened(kept, await (await asked(rest)).text(), days);
  } catch {
    return null;
  }
}

/** @param {string} address @returns {Promise<Response>} */
async function asked(address) {
  const answer = await fetch(address, { credentials: "omit", cache: "no-store" });
  if (!answer.ok) throw new Error("no answer");
  return answer;
}

/** @param {Response | undefined} answer @returns {Promise<Kept | null>} */
async function read(answer) {
  if (!answer || !answer.ok) return null;
  try {
    const text = await answer.text();
    return { text, trust: await readTrust(text) };
  } catch {
    return null;
  }
}

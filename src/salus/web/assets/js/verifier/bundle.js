/**
 * The trust file as this device has it: fetched whole, by nobody in particular, and kept for when there is no network.
 * The log and the witnesses that were believed first are believed for good; another file, or an older one, is passed over.
 */

import { isNewer, readTrust } from "./trust.js";

const CACHE = "salus-verifier-trust";

/** @typedef {import("./trust.js").TrustFile} TrustFile */

/** @param {string} address @returns {Promise<TrustFile | null>} null where there is none that holds */
export async function loadTrust(address) {
  const cache = "caches" in window ? await caches.open(CACHE) : null;
  const kept = cache ? await read(await cache.match(address)) : null;
  const found = await read(await fetch(address, { credentials: "omit", cache: "no-store" }).catch(() => undefined));
  if (!found) return kept ? kept.trust : null;
  if (kept && !isNewer(found.trust, kept.trust)) return kept.trust;
  if (cache) await cache.put(address, new Response(found.text, { headers: { "Content-Type": "application/json" } }));
  return found.trust;
}

/** @param {Response | undefined} answer @returns {Promise<{ text: string, trust: TrustFile } | null>} */
async function read(answer) {
  if (!answer || !answer.ok) return null;
  try {
    const text = await answer.text();
    return { text, trust: await readTrust(text) };
  } catch {
    return null;
  }
}

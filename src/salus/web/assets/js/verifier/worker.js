/**
 * The service worker of the verifier page: it answers from what was installed, so that the page works without a network,
 * and lets nothing out but the fetches of the trust file and of what changed on a day, the same for everybody.
 */

/** @type {any} */
const worker = self;
/** @type {{ version: string, page: string, trust: string[], changes: string, pages: Record<string, string>, assets: string[] }} */
const told = worker.SALUS;
const OURS = "salus-verifier-";
const CACHE = OURS + told.version;
const TRUST = `${OURS}trust`;

worker.addEventListener("install", (/** @type {any} */ event) => {
  const all = [...Object.values(told.pages), ...told.assets];
  const requests = all.map((address) => new Request(address, { credentials: "omit", cache: "no-cache" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(requests)).then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => names.filter((one) => one.startsWith(OURS) && one !== CACHE && one !== TRUST))
      .then((old) => Promise.all(old.map((one) => caches.delete(one))))
      .then(() => worker.clients.claim()),
  );
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const url = new URL(request.url);
  const here = url.origin === worker.location.origin && request.method === "GET";
  if (here && url.search === "" && (told.trust.includes(url.pathname) || isChange(url.pathname))) return;
  if (here && request.mode === "navigate" && url.pathname === told.page) {
    event.respondWith(kept(told.pages[language(url)], request));
  } else if (here && told.assets.includes(url.pathname)) {
    event.respondWith(kept(url.pathname, request));
  } else {
    event.respondWith(Response.error());
  }
});

/** Whether an address is that of a day's change, which is the same for everybody. @param {string} path */
function isChange(path) {
  return path.startsWith(`${told.changes}/`) && /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(path.slice(told.changes.length + 1));
}

/** @param {URL} url @returns {string} */
function language(url) {
  const asked = url.searchParams.get("lang") || "";
  if (asked in told.pages) return asked;
  return worker.navigator.language.startsWith("zh") ? "zh" : "en";
}

/** @param {string} address @param {Request} request @returns {Promise<Response>} */
async function kept(address, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(address)) || fetch(request);
}

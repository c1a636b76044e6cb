/**
 * The service worker of a telephone's page: it answers the page itself from what was installed, so that the code shows
 * without a network. What the page asks its node goes through untouched, and nothing of it is kept here.
 */

/** @type {any} */
const worker = self;
/** @type {{ name: string, version: string, page: string, pages: Record<string, string>, assets: string[] }} */
const told = worker.SALUS;
const OURS = `salus-${told.name}-`;
const CACHE = OURS + told.version;

worker.addEventListener("install", (/** @type {any} */ event) => {
  const requests = [...Object.values(told.pages), ...told.assets].map(
    (one) => new Request(one, { credentials: "omit", cache: "no-cache" }),
  );
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(requests)).then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => names.filter((one) => one.startsWith(OURS) && one !== CACHE))
      .then((old) => Promise.all(old.map((one) => caches.delete(one))))
      .then(() => worker.clients.claim()),
  );
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== worker.location.origin || request.method !== "GET") return;
  if (request.mode === "navigate" && url.pathname === told.page) {
    const asked = url.searchParams.get("lang") || (worker.navigator.language.startsWith("zh") ? "zh" : "en");
    event.respondWith(installed(told.pages[asked] || told.pages.en, request));
  } else if (told.assets.includes(url.pathname)) {
    event.respondWith(installed(url.pathname, request));
  }
});

/** @param {string} address @param {Request} request @returns {Promise<Response>} */
async function installed(address, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(address)) || fetch(request);
}

export {}; // so that the checker takes this file for a module; nothing of it is left in the bundle

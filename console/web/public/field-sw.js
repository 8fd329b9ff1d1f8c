// Keeps the shell of the officer's page on the phone, so that it opens in a dead zone. What the
// phone has to send lies in IndexedDB and is none of its business; /api is never answered here.

const CACHE = "wardwatch-field";
const SHELL = "/field";
const BESIDE = ["/field.webmanifest", "/icon.svg", "/field-192.png"];
const MOST_ASSETS = 60;

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(CACHE);
      await cache.addAll(BESIDE);
      await keep(await fetch(SHELL, { cache: "no-cache" }));
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && url.pathname === SHELL) event.respondWith(page());
  else if (url.pathname.startsWith("/assets/")) event.respondWith(asset(event.request));
  else if (BESIDE.includes(url.pathname)) event.respondWith(beside(event.request));
});

/** The newest page when there is a network, else the one that is kept. */
async function page() {
  try {
    const fresh = await fetch(SHELL, { cache: "no-cache" });
    await keep(fresh.clone());
    return fresh;
  } catch {
    return (await (await caches.open(CACHE)).match(SHELL)) ?? Response.error();
  }
}

/** Keep the page together with the scripts and styles that it names. */
async function keep(response) {
  if (!response.ok) throw new Error(`${SHELL}: ${response.status}`);
  const cache = await caches.open(CACHE);
  const text = await response.clone().text();
  const named = [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((found) => found[1]);
  await Promise.all(named.map(async (path) => (await cache.match(path)) ?? cache.add(path)));
  await cache.put(SHELL, response);
}

/** Their names carry their hashes: what is kept is right for ever. */
async function asset(request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request);
  if (kept) return kept;
  const fresh = await fetch(request);
  if (fresh.ok) {
    await cache.put(request, fresh.clone());
    const assets = (await cache.keys()).filter((one) => new URL(one.url).pathname.startsWith("/assets/"));
    await Promise.all(assets.slice(0, Math.max(0, assets.length - MOST_ASSETS)).map((one) => cache.delete(one)));
  }
  return fresh;
}

async function beside(request) {
  const kept = await (await caches.open(CACHE)).match(request);
  return kept ?? fetch(request);
}

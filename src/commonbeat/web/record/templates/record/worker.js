// Keeps the record page openable without a connection. Holds the page and its look; never holds what was written.
const KEPT = "record-4", PAGE = "{{ page|escapejs }}", FILES = [{% for f in files %}"{{ f|escapejs }}", {% endfor %}];
addEventListener("install", (e) => { e.waitUntil(caches.open(KEPT).then((c) => c.addAll([PAGE, ...FILES])).then(() => skipWaiting())); });
addEventListener("activate", (e) => { e.waitUntil(caches.keys().then((all) => Promise.all(all.filter((k) => k !== KEPT).map((k) => caches.delete(k)))).then(() => clients.claim())); });
addEventListener("fetch", (e) => {
  const path = new URL(e.request.url).pathname;
  if (e.request.method !== "GET" || (path !== PAGE && !FILES.includes(path))) return;
  e.respondWith(fetch(e.request).then((answer) => {
    if (answer.ok && !answer.redirected) { const copy = answer.clone(); caches.open(KEPT).then((c) => c.put(path, copy)); }
    return answer;
  }).catch(() => caches.match(path)));
});

// A record written without a connection waits on this phone, encrypted with a key that cannot be taken out of the browser, and
// is sent with its own key when the connection is back, so that nothing is lost and nothing arrives twice.
(() => {
  const form = document.getElementById("record"), said = document.getElementById("offline");
  if (!form || !window.indexedDB || !window.crypto?.subtle) return;
  if (navigator.serviceWorker) navigator.serviceWorker.register(form.dataset.worker, { scope: form.getAttribute("action") || location.pathname }).catch(() => {});
  const open = () => new Promise((yes, no) => { const r = indexedDB.open("commonbeat-record", 1);
    r.onupgradeneeded = () => { r.result.createObjectStore("waiting", { keyPath: "key" }); r.result.createObjectStore("keys"); };
    r.onsuccess = () => yes(r.result); r.onerror = () => no(r.error); });
  const ask = (db, store, mode, act) => new Promise((yes, no) => { const t = db.transaction(store, mode), r = act(t.objectStore(store));
    t.oncomplete = () => yes(r && r.result); t.onerror = () => no(t.error); });
  async function key(db) {
    let held = await ask(db, "keys", "readonly", (s) => s.get("aes"));
    if (!held) { held = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]); await ask(db, "keys", "readwrite", (s) => s.put(held, "aes")); }
    return held;
  }
  async function keep(fields) {
    const db = await open(), iv = crypto.getRandomValues(new Uint8Array(12));
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await key(db), new TextEncoder().encode(JSON.stringify(fields)));
    await ask(db, "waiting", "readwrite", (s) => s.put({ key: fields.find((f) => f[0] === "key")[1], who: form.dataset.who, iv, sealed }));
    await show();
  }
  async function send(fields) {
    const token = await (await fetch(form.dataset.token, { cache: "no-store" })).text();
    const body = new URLSearchParams(fields.filter((f) => f[0] !== "csrfmiddlewaretoken")); body.set("csrfmiddlewaretoken", token);
    return fetch(location.pathname, { method: "POST", body, redirect: "follow" });
  }
  let busy = false;
  async function flush() {
    if (busy) return; busy = true;
    let sent = 0;
    try {
      const db = await open(), secret = await key(db);
      for (const row of await ask(db, "waiting", "readonly", (s) => s.getAll())) {
        if (row.who !== form.dataset.who) continue; // somebody else's, on a shared phone: theirs to send
        const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: row.iv }, secret, row.sealed);
        const answer = await send(JSON.parse(new TextDecoder().decode(plain)));
        if (answer.ok && answer.url.includes("/saved/")) { await ask(db, "waiting", "readwrite", (s) => s.delete(row.key)); sent += 1; }
      }
    } catch { /* still without a connection: they wait */ } finally { busy = false; await show(sent); }
  }
  let told = 0; // that something was sent stays to be read, also when we look again and nothing waits
  async function show(sent = 0) {
    told += sent;
    const n = (await ask(await open(), "waiting", "readonly", (s) => s.getAll())).filter((row) => row.who === form.dataset.who).length;
    said.hidden = !n && !told;
    said.textContent = n ? `${form.dataset.kept} ${n}` : form.dataset.sent;
  }
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    const fields = [...new FormData(form).entries()];
    try {
      const answer = await send(fields);
      if (answer.ok && answer.url.includes("/saved/")) { location.href = answer.url; return; }
      form.submit();
    } catch {
      await keep(fields); form.reset();
      form.elements.key.value = [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
      scrollTo(0, 0);
    }
  });
  addEventListener("online", flush); flush();
})();

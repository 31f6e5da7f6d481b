// Conveniences of the review page: captions by keyboard, a box by dragging. All of it can also be typed.
(() => {
  const film = document.getElementById("film"), words = document.querySelector("textarea[name=captions]"), keys = document.getElementById("caption-keys");
  const box = document.getElementById("box-form");
  const clock = (s) => { const ms = Math.round(s * 1000), p = (n, w) => String(n).padStart(w, "0"); return `${p(Math.floor(ms / 3600000), 2)}:${p(Math.floor(ms / 60000) % 60, 2)}:${p(Math.floor(ms / 1000) % 60, 2)}.${p(ms % 1000, 3)}`; };
  if (film && words && keys) {
    keys.hidden = false; let begun = null;
    keys.addEventListener("click", (e) => {
      const what = e.target.closest("button")?.dataset.key; if (!what) return;
      if (what === "start") { begun = film.currentTime; return; }
      const from = begun ?? Math.max(0, film.currentTime - 2); begun = null;
      const head = words.value.trim() ? words.value.replace(/\s+$/, "") : "WEBVTT";
      words.value = `${head}\n\n${clock(from)} --> ${clock(film.currentTime)}\n`; words.focus(); words.setSelectionRange(words.value.length, words.value.length);
    });
  }
  const waiting = document.getElementById("waiting");
  if (waiting) {
    // looked for every few seconds; a page somebody writes in is never loaded anew under their hands
    let written = false; document.addEventListener("input", () => { written = true; });
    const ask = setInterval(async () => {
      const answer = await fetch(location.href).catch(() => null); if (!answer?.ok || (await answer.text()).includes('id="waiting"')) return;
      if (written) { waiting.textContent = waiting.dataset.done; clearInterval(ask); } else location.reload();
    }, 4000);
  }
  if (!film) return;
  const fps = Number(film.dataset.fps) || 25, seek = (n) => { film.pause(); film.currentTime = (n + 0.5) / fps; };
  document.addEventListener("click", (e) => { const n = e.target.closest("[data-frame]")?.dataset.frame; if (n !== undefined) seek(Number(n)); });
  const keysHint = document.getElementById("film-keys"); if (keysHint) keysHint.hidden = false;
  const button = (what) => keysHint?.querySelector(`[data-do=${what}]`);
  // a region is drawn on a sheet over the film, since the film's own buttons take what is pressed on it
  if (box && button("draw")) {
    const sheet = document.createElement("div"), mark = document.createElement("span"); sheet.className = "draw"; sheet.hidden = true; sheet.append(mark); film.after(sheet);
    let from = null, held = false; // held: switched on by the button, not only while Shift is down
    const show = () => { sheet.hidden = !film.videoWidth; }, hide = () => { if (!held && !from) sheet.hidden = true; };
    const shape = () => { const r = film.getBoundingClientRect(), k = Math.min(r.width / film.videoWidth, r.height / film.videoHeight);
      return { k, x: (r.width - k * film.videoWidth) / 2, y: (r.height - k * film.videoHeight) / 2, left: r.left, top: r.top }; };
    const at = (e) => { const s = shape(); return [Math.min(film.videoWidth, Math.max(0, (e.clientX - s.left - s.x) / s.k)), Math.min(film.videoHeight, Math.max(0, (e.clientY - s.top - s.y) / s.k))]; };
    const sides = (a, b) => [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1])];
    document.addEventListener("keydown", (e) => { if (e.key === "Shift" && !e.target.closest("input, textarea, select")) show(); });
    document.addEventListener("keyup", (e) => { if (e.key === "Shift") hide(); });
    button("draw").addEventListener("click", () => { held = !held; button("draw").setAttribute("aria-pressed", held); if (held) { film.pause(); show(); film.scrollIntoView({ block: "nearest" }); } else hide(); });
    sheet.addEventListener("pointerdown", (e) => { film.pause(); from = at(e); sheet.setPointerCapture(e.pointerId); e.preventDefault(); });
    sheet.addEventListener("pointermove", (e) => { if (!from) return; const [x0, y0, x1, y1] = sides(from, at(e)), s = shape();
      for (const [side, v] of [["left", s.x + s.k * x0], ["top", s.y + s.k * y0], ["width", s.k * (x1 - x0)], ["height", s.k * (y1 - y0)]]) mark.style[side] = `${v}px`; });
    sheet.addEventListener("pointerup", (e) => { if (!from) return; const [x0, y0, x1, y1] = sides(from, at(e)), f = box.elements, t = film.currentTime; from = null;
      if (x1 - x0 < 4 || y1 - y0 < 4) return;
      f.x0.value = Math.round(x0); f.y0.value = Math.round(y0); f.x1.value = Math.round(x1); f.y1.value = Math.round(y1);
      f.at.value = t.toFixed(2); f.start.value = Math.max(0, t - 0.5).toFixed(1); f.until.value = (t + 1.5).toFixed(1); box.closest("details").open = true;
      held = false; button("draw").setAttribute("aria-pressed", "false"); sheet.hidden = true; box.querySelector("[name=kind]").focus(); });
  }
  // boxes of people over the film: fetched once, when asked for, since the look is logged
  let tracks = null, layer = null;
  const draw = () => {
    if (!layer || !film.videoWidth) return;
    const n = Math.floor(film.currentTime * fps + 0.01), ns = "http://www.w3.org/2000/svg"; layer.setAttribute("viewBox", `0 0 ${film.videoWidth} ${film.videoHeight}`); layer.replaceChildren();
    for (const [id, t] of Object.entries(tracks)) {
      const b = t.boxes[n - t.first]; if (!b) continue;
      const r = document.createElementNS(ns, "rect"), w = document.createElementNS(ns, "text"); r.setAttribute("class", `track-${id % 6}`);
      for (const [k, v] of [["x", b[0]], ["y", b[1]], ["width", b[2] - b[0]], ["height", b[3] - b[1]]]) r.setAttribute(k, v);
      w.setAttribute("x", b[0]); w.setAttribute("y", b[1] - 4); w.textContent = id; layer.append(r, w);
    }
  };
  const boxes = async () => {
    button("boxes")?.setAttribute("aria-pressed", !layer);
    if (layer) { layer.remove(); layer = null; return; }
    tracks ??= await (await fetch(film.dataset.boxes)).json();
    layer = document.createElementNS("http://www.w3.org/2000/svg", "svg"); layer.setAttribute("class", "over"); layer.setAttribute("aria-hidden", "true"); film.after(layer); draw();
  };
  if (film.dataset.boxes) button("boxes")?.addEventListener("click", boxes); else button("boxes")?.remove();
  for (const what of ["timeupdate", "seeked", "loadedmetadata"]) film.addEventListener(what, draw);
  document.addEventListener("keydown", (e) => {
    if (e.target.closest("input, textarea, select") || e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === "," || e.key === ".") seek(Math.max(0, Math.floor(film.currentTime * fps) + (e.key === "." ? 1 : -1)));
    if (e.key === "b" && film.dataset.boxes) boxes();
  });
  const strip = document.getElementById("mute-strip"), mute = document.getElementById("mute-form");
  if (strip && mute) {
    let first = null; const mark = strip.firstElementChild;
    const second = (e) => { const r = strip.getBoundingClientRect(); return Math.min(1, Math.max(0, (e.clientX - r.left) / r.width)) * (film.duration || 0); };
    strip.addEventListener("pointerdown", (e) => { first = second(e); strip.setPointerCapture(e.pointerId); });
    strip.addEventListener("pointermove", (e) => { if (first === null) return; const to = second(e), a = Math.min(first, to), b = Math.max(first, to);
      mark.style.insetInlineStart = `${100 * a / film.duration}%`; mark.style.width = `${100 * (b - a) / film.duration}%`;
      mute.elements.start.value = a.toFixed(2); mute.elements.until.value = b.toFixed(2); });
    strip.addEventListener("pointerup", () => { if (first !== null) mute.closest("details").open = true; first = null; });
  }
})();

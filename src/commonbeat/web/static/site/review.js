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
  if (film && box) {
    let from = null;
    const at = (e) => { const r = film.getBoundingClientRect(), k = film.videoWidth / r.width; return [Math.round((e.clientX - r.left) * k), Math.round((e.clientY - r.top) * k)]; };
    film.addEventListener("pointerdown", (e) => { if (e.shiftKey && film.videoWidth) { from = at(e); e.preventDefault(); } });
    film.addEventListener("pointerup", (e) => { if (!from) return; const to = at(e), f = box.elements, t = film.currentTime;
      f.x0.value = Math.min(from[0], to[0]); f.y0.value = Math.min(from[1], to[1]); f.x1.value = Math.max(from[0], to[0]); f.y1.value = Math.max(from[1], to[1]);
      f.start.value = Math.max(0, t - 0.5).toFixed(1); f.until.value = (t + 1.5).toFixed(1); box.closest("details").open = true; from = null; });
  }
})();

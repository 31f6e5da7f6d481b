// Sends a film in pieces that survive a broken line (tus). The address comes from the desk, one per film.
(() => {
  const form = document.getElementById("film-form"), pick = document.getElementById("film"), go = document.getElementById("film-go");
  const said = document.getElementById("film-said"), bar = document.getElementById("film-bar");
  if (!form || !window.tus) return;
  pick.disabled = false;
  pick.addEventListener("change", () => { go.disabled = !pick.files.length; form.elements.size.value = pick.files[0]?.size || ""; });
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    const answer = await fetch(location.pathname, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html"), sent = page.getElementById("sent");
    if (!sent) { form.submit(); return; }
    go.disabled = pick.disabled = true; bar.hidden = false;
    const upload = new tus.Upload(pick.files[0], {
      uploadUrl: sent.dataset.address, retryDelays: [0, 1000, 3000, 10000, 30000, 60000], chunkSize: 16 * 1024 * 1024, storeFingerprintForResuming: false,
      onProgress: (done, all) => { bar.value = done / all; said.textContent = `${Math.round(done / 1e6)} ${said.dataset.of} ${Math.round(all / 1e6)} MB`; },
      onShouldRetry: () => { said.textContent = said.dataset.again; return true; },
      onError: (error) => { said.textContent = String(error.message || error).slice(0, 200); go.disabled = false; },
      onSuccess: () => { location.href = sent.dataset.then; },
    });
    upload.start();
  });
})();

// Pointing into the film: stop it, tap on the place. Without a script the second and the place are typed and chosen.
(() => {
  const film = document.getElementById("film"), here = document.getElementById("point-here"), form = film?.closest("form");
  if (!film || !here || !form) return;
  const said = here.querySelector("[role=status]"), layer = document.createElement("div"), mark = document.createElement("span");
  layer.className = "pointing"; mark.className = "pointed"; here.hidden = false;
  here.querySelector("button").addEventListener("click", () => {
    film.pause(); mark.remove(); film.after(layer); said.textContent = said.dataset.tap;
  });
  layer.addEventListener("click", (e) => {
    const r = film.getBoundingClientRect(), k = film.videoWidth && film.videoHeight ? Math.min(r.width / film.videoWidth, r.height / film.videoHeight) : 0;
    const w = k ? film.videoWidth * k : r.width, h = k ? film.videoHeight * k : r.height; // the picture inside its frame
    const x = (e.clientX - r.left - (r.width - w) / 2) / w, y = (e.clientY - r.top - (r.height - h) / 2) / h;
    if (x < 0 || x > 1 || y < 0 || y > 1) return;
    form.elements.x.value = x.toFixed(4); form.elements.y.value = y.toFixed(4); form.elements.second.value = film.currentTime.toFixed(2);
    const mask = form.querySelector("input[name=asks][value=mask]"); if (mask && !form.querySelector("input[name=asks]:checked")) mask.checked = true;
    mark.style.left = `${e.clientX - r.left}px`; mark.style.top = `${e.clientY - r.top}px`; layer.remove(); film.after(mark); said.textContent = said.dataset.done;
  });
  form.elements.place.addEventListener("change", () => { form.elements.x.value = form.elements.y.value = ""; mark.remove(); });
})();

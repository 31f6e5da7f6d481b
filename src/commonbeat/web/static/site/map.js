// The map of areas: own borders, no tiles. Every number is also in the table beside it.
(() => {
  const box = document.getElementById("map");
  if (!box || !window.L) return;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  fetch(box.dataset.areas).then((r) => r.json()).then((towns) => {
    if (!towns.features.length) return;
    const map = L.map(box, { attributionControl: false, zoomSnap: 0.25, fadeAnimation: !calm, zoomAnimation: !calm, scrollWheelZoom: false });
    const top = Math.max(1, ...towns.features.map((f) => f.properties.enforcement_rate || 0));
    const ink = dark ? "#a9cbe2" : "#1d3b4f";
    const layer = L.geoJSON(towns, {
      style: (f) => ({ color: ink, weight: 1.2, fillColor: ink, fillOpacity: 0.08 + 0.62 * (f.properties.enforcement_rate || 0) / top }),
      onEachFeature: (f, shape) => {
        const p = f.properties, lines = [p.name];
        if (p.positive_rate != null) lines.push(`${box.dataset.positive}: ${p.positive_rate.toFixed(1)}`);
        if (p.enforcement_rate != null) lines.push(`${box.dataset.enforcement}: ${p.enforcement_rate.toFixed(1)}`);
        const words = document.createElement("div");
        lines.forEach((line) => { const d = document.createElement("div"); d.textContent = line; words.append(d); });
        shape.bindTooltip(words, { sticky: true });
        shape.on("add", () => { const el = shape.getElement(); if (!el) return; el.setAttribute("tabindex", "0"); el.setAttribute("role", "img"); el.setAttribute("aria-label", lines.join(", "));
          el.addEventListener("focus", () => shape.openTooltip(shape.getBounds().getCenter())); el.addEventListener("blur", () => shape.closeTooltip()); });
      },
    }).addTo(map);
    map.fitBounds(layer.getBounds(), { padding: [8, 8] });
  });
})();

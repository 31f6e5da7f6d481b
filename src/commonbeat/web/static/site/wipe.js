// The slider between as filmed and as published. Without a script both pictures stand side by side.
(() => { const box = document.querySelector("[data-compare]"); if (!box) return;
  const range = box.querySelector("input"), label = box.querySelector("label"), second = box.querySelector(".second");
  box.classList.add("live"); range.hidden = label.hidden = false;
  const set = () => { second.style.clipPath = `inset(0 0 0 ${range.value}%)`; box.style.setProperty("--at", `${range.value}%`); };
  range.addEventListener("input", set); set(); })();

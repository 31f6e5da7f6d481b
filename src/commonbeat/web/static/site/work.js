// A second of work before the first vote, so that floods cost something. Done while the sentence is read; nothing is asked of the reader.
// Without a script the vote is taken too, only fewer such votes a day from one place.
(() => {
  const form = document.querySelector("form[data-puzzle]");
  if (!form || !window.Worker) return;
  const challenge = JSON.parse(form.dataset.puzzle), worker = new Worker(form.dataset.worker);
  const solved = new Promise((done) => {
    worker.onmessage = (e) => { done(e.data && !e.data.error ? btoa(JSON.stringify({ challenge, solution: e.data })) : ""); worker.terminate(); };
    worker.onerror = () => done("");
    setTimeout(() => done(""), 20000);
  });
  worker.postMessage({ type: "work", challenge, counterMode: "uint32", counterStart: 0, counterStep: 1, timeout: 20000 });
  solved.then((work) => { form.elements.work.value = work; });
  form.addEventListener("submit", (e) => {
    if (form.elements.work.value || form.dataset.sent) return;
    e.preventDefault();
    const button = e.submitter, value = document.createElement("input");
    value.type = "hidden"; value.name = button?.name || "value"; value.value = button?.value || "pass";
    solved.then(() => { form.dataset.sent = "1"; form.append(value); form.submit(); });
  });
})();

// A code that came as a picture stands behind the # of the address, so that it never reaches a log; put it in the field.
(() => { const field = document.querySelector("#code-form input[name=code]"), code = decodeURIComponent(location.hash.slice(1));
  if (field && code && !field.value) { field.value = code; history.replaceState(null, "", location.pathname); } })();

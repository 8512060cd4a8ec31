/* One tap, one effect: a form marked data-once is sent once; its client key lets the server recognise a repeat.
   Also: selects marked data-submit send their form, password fields get nothing. */
(() => {
  function key() {
    if (window.crypto && crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  for (const input of document.querySelectorAll('form[data-once] input[name="client_key"]')) {
    if (!input.value) input.value = key();
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.once === undefined || event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    const button = event.submitter;
    if (button) setTimeout(() => { button.classList.add("busy"); button.setAttribute("aria-disabled", "true"); });
  });

  function release() {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll(".btn.busy")) { button.classList.remove("busy"); button.removeAttribute("aria-disabled"); }
  }
  addEventListener("pageshow", release); // back from the next page: the form may be sent again, the client key stays
  document.addEventListener("form:release", release);
  document.addEventListener("htmx:afterRequest", release);

  document.addEventListener("change", (event) => {
    if (event.target.dataset.submit !== undefined && event.target.form) event.target.form.requestSubmit();
  });
  addEventListener("DOMContentLoaded", () => {
    const wrong = document.querySelector(".form-error");
    if (wrong) wrong.focus();
  });
})();

/* The draft of a form marked data-draft="name" survives a lost network or a closed page: kept on this device only,
   never with ID numbers, passwords, codes or files, gone after 72 hours, after sending, and at sign-out. */
(() => {
  const PREFIX = "ws-draft:";
  const KEEP = 72 * 60 * 60 * 1000;
  const ID_NUMBER = /[1-9]\d{5}(?:18|19|20)\d{2}(?:0\d|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dXx]/;
  const NEVER = /csrf|password|code|id_?number|client_key|^next$/i;

  function all() {
    try { return Object.keys(localStorage).filter((k) => k.startsWith(PREFIX)); } catch (_) { return []; }
  }
  function read(key) {
    try { return JSON.parse(localStorage.getItem(key)); } catch (_) { return null; }
  }
  function forgetAll() { all().forEach((k) => localStorage.removeItem(k)); }

  all().forEach((k) => { const kept = read(k); if (!kept || Date.now() - kept.at > KEEP) localStorage.removeItem(k); });
  document.addEventListener("submit", (event) => { if (event.target.dataset.forget !== undefined) forgetAll(); });

  function fields(form) {
    return Array.from(form.elements).filter((f) => f.name && !NEVER.test(f.name) && f.dataset.private === undefined
      && !["file", "hidden", "password", "submit", "button"].includes(f.type));
  }
  function save(form, key) {
    const values = {};
    for (const f of fields(form)) {
      if ((f.type === "radio" || f.type === "checkbox")) { if (f.checked) (values[f.name] = values[f.name] || []).push(f.value); }
      else if (f.value && !ID_NUMBER.test(f.value)) values[f.name] = [f.value];
    }
    try { localStorage.setItem(key, JSON.stringify({ at: Date.now(), values })); } catch (_) { /* storage full or refused: nothing is kept */ }
  }
  function restore(form, kept) {
    let filled = false;
    const restored = [];
    for (const f of fields(form)) {
      const values = kept.values[f.name];
      if (!values) continue;
      if (f.type === "radio" || f.type === "checkbox") f.checked = values.includes(f.value);
      else if (!f.value) { f.value = values[0]; filled = true; restored.push(f); }
    }
    // What looks things up while one types does so for the words that came back.
    addEventListener("load", () => restored.forEach((f) => f.dispatchEvent(new Event("draft:restored", { bubbles: true }))));
    return filled;
  }
  function offerToClear(form, key) {
    const note = document.createElement("p");
    note.className = "notice";
    note.setAttribute("role", "status");
    const words = document.createElement("span");
    words.textContent = "上次没填完的内容已放回来。";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link btn quiet end nowrap";
    button.textContent = "清空重填";
    button.addEventListener("click", () => { localStorage.removeItem(key); form.reset(); note.remove(); });
    note.append(words, button);
    form.prepend(note);
  }

  for (const form of document.querySelectorAll("form[data-draft]")) {
    const key = PREFIX + form.dataset.draft;
    const kept = read(key);
    if (kept && !form.querySelector(".form-error") && restore(form, kept)) offerToClear(form, key);
    let timer;
    form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => save(form, key), 400); });
  }
  // A form that was sent: its draft goes when the page after it says that it worked, and stays when none does.
  const SENT = "ws-draft-sent";
  document.addEventListener("submit", (event) => {
    const name = event.target.dataset.draft;
    try { if (name) sessionStorage.setItem(SENT, name); } catch (_) { /* the draft is kept */ }
  });
  try {
    const sent = sessionStorage.getItem(SENT);
    if (sent && !document.querySelector(`form[data-draft="${sent}"]`)) {
      if (document.querySelector(".toast.success")) localStorage.removeItem(PREFIX + sent);
      sessionStorage.removeItem(SENT);
    }
  } catch (_) { /* nothing kept */ }
  // The page after a successful submit carries data-drop-draft="name".
  for (const mark of document.querySelectorAll("[data-drop-draft]")) {
    try { localStorage.removeItem(PREFIX + mark.dataset.dropDraft); } catch (_) { /* nothing kept */ }
  }
})();

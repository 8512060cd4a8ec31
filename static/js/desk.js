/* The work list from the keyboard: j/k or arrows choose a row, Enter opens it, x ticks it, Esc closes the panel,
   / searches, ? shows the keys, and every button with data-key="A" in the panel answers to its letter. The panel
   itself is loaded by htmx. Also: ticked rows are counted, and a reply fills the words below it. */
(() => {
  const rows = () => Array.from(document.querySelectorAll("tr.rowed"));
  const panel = () => document.getElementById("panel");
  const empty = panel() && panel().matches(".side") ? panel().innerHTML : null;  // a page of its own is not shut

  // The row whose request the panel shows stays marked when the list is fetched anew.
  let shown = "";
  function mark(row) {
    rows().forEach((r) => r.setAttribute("aria-selected", r === row ? "true" : "false"));
    shown = row ? row.querySelector("a.row-link").pathname : "";
  }
  function choose(row) {
    mark(row);
    row.scrollIntoView({ block: "nearest" });
    row.querySelector("a.row-link").focus({ preventScroll: true });
  }
  function move(by) {
    const list = rows();
    if (!list.length) return;
    const now = list.findIndex((r) => r.getAttribute("aria-selected") === "true");
    choose(list[Math.max(0, Math.min(list.length - 1, now + by))]);
  }
  function shut() {
    const side = panel();
    if (!side || empty === null) return;
    side.innerHTML = empty;
    const row = rows().find((r) => r.getAttribute("aria-selected") === "true");
    if (row) choose(row);
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "Escape") return typing ? event.target.blur() : shut();
    if (typing) return;
    const key = event.key.toLowerCase();
    if (key === "j" || event.key === "ArrowDown") { event.preventDefault(); return move(1); }
    if (key === "k" || event.key === "ArrowUp") { event.preventDefault(); return move(-1); }
    if (key === "/") {
      const search = document.querySelector(".filter input[type=search]");
      if (search) { event.preventDefault(); search.focus(); }
      return;
    }
    if (key === "?" || key === "？") {
      const keys = document.getElementById("keys");
      if (keys && keys.showModal) { event.preventDefault(); keys.showModal(); }
      return;
    }
    if (key === "x") {
      const tick = document.querySelector('tr.rowed[aria-selected="true"] input[name="number"]');
      if (tick) { event.preventDefault(); tick.click(); }
      return;
    }
    if (!/^[a-z]$/.test(key)) return;
    const button = document.querySelector(`[data-key="${key.toUpperCase()}"]`);
    if (button && !button.closest("[inert]")) { event.preventDefault(); button.click(); }
  });

  // Ticked rows: how many, all of them at once; a click on the tick does not open the row.
  function count() {
    const bar = document.querySelector("[data-picked]");
    if (!bar) return;
    const ticks = Array.from(document.querySelectorAll('input[name="number"]'));
    const picked = ticks.filter((tick) => tick.checked).length;
    bar.textContent = picked ? `选了 ${picked} 件，一起办：` : "勾选的一起办";
    const all = document.querySelector("[data-pick-all]");
    if (!all) return;
    all.closest("label").hidden = false;
    all.checked = picked > 0 && picked === ticks.length;
    all.indeterminate = picked > 0 && picked < ticks.length;
  }
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-pick-all]")) {
      for (const tick of document.querySelectorAll('input[name="number"]')) tick.checked = event.target.checked;
    }
    if (event.target.matches('[data-pick-all], input[name="number"]')) count();
    const reply = event.target.closest("[data-replies]");
    const words = reply && document.getElementById(reply.dataset.replies);
    if (words && event.target.dataset.text !== undefined) {
      words.value = event.target.dataset.text;
      words.focus();
    }
  });
  count();
  shown = (document.querySelector('tr.rowed[aria-selected="true"] a.row-link') || {}).pathname || "";

  document.addEventListener("click", (event) => {
    if (event.target.closest("td.ticks")) return;
    if (event.target.closest("[data-shut]")) { event.preventDefault(); return shut(); }
    const row = event.target.closest("tr.rowed");
    if (row) mark(row);
  });
  // Where the panel is not on screen, a row opens its own page. While another request is on its way into the
  // panel, what is shown there cannot be acted on: neither a click nor a letter may meet the wrong one.
  let underway = 0;
  document.addEventListener("htmx:beforeRequest", (event) => {
    const link = event.detail.elt;
    const target = event.detail.target;
    if (!target || target.id !== "panel") return;
    if (!target.getClientRects().length) {
      event.preventDefault();
      if (link.href) location.assign(link.href);
      return;
    }
    underway += 1;
    target.inert = true;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!event.detail.target || event.detail.target.id !== "panel") return;
    underway = Math.max(0, underway - 1);
    event.detail.target.inert = underway > 0;
  });
  // After settling, for a panel under way is inert and takes no focus: to the first wrong field of a form, to its
  // first field, else to the title. What was loaded with the page leaves the focus where it is.
  document.addEventListener("htmx:afterSettle", (event) => {
    const side = event.detail.target;
    count();
    const again = shown && rows().find((r) => r.querySelector("a.row-link").pathname === shown);
    if (again) mark(again);
    if (side.id !== "panel") return;
    side.scrollTop = 0;
    if (event.detail.requestConfig.elt === side) return;
    const field = side.querySelector(".step-form [aria-invalid=true]")
      || side.querySelector(".step-form input:checked")  // of several choices the one that stands
      || side.querySelector(".step-form :is(select, textarea, input[type=search], input[type=radio]:not([name=reply]), input[type=text])");
    const title = side.querySelector("h2");
    if (!field && title) title.tabIndex = -1;
    if (field || title) (field || title).focus({ preventScroll: true });
  });
})();

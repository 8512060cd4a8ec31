/* The code on the spot: the screen stays awake, and the page says when the code could not be renewed. */
(() => {
  const box = document.getElementById("onsite-code");
  const stale = document.getElementById("onsite-stale");
  if (!box) return;

  async function stayAwake() {
    try { await navigator.wakeLock.request("screen"); } catch (_) { /* an older browser: the phone's own setting holds */ }
  }
  stayAwake();
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") stayAwake(); });

  const old = (yes) => { stale.hidden = !yes; box.classList.toggle("muted", yes); };
  document.addEventListener("htmx:afterRequest", (event) => { if (event.target === box) old(!event.detail.successful); });
})();

/* The themed admin follows the same two cookies as every other page. Loaded in the head before the first paint:
   Unfold keeps its own theme in localStorage, which is set from ours. */
(() => {
  const root = document.documentElement;
  const kept = (name) => (document.cookie.match(new RegExp(`(?:^|; )ws_${name}=([^;]*)`)) || [])[1] || "";
  const theme = ["dark", "light"].includes(kept("theme")) ? kept("theme") : "";
  root.dataset.theme = theme;
  root.dataset.size = kept("size") === "large" ? "large" : "";
  root.dataset.icons = document.currentScript.src.replace(/js\/admin[^/]*$/, "icons/sprite.svg");
  try { localStorage.setItem("adminTheme", JSON.stringify(theme || "auto")); } catch (_) { /* the device decides */ }
  addEventListener("DOMContentLoaded", () => { const main = document.getElementById("main"); if (main) main.setAttribute("role", "main"); });
  // The select with a search inside does not take over the name of its field: give it one.
  addEventListener("load", () => {
    for (const box of document.querySelectorAll(".select2-selection")) {
      const field = box.closest(".select2-container").previousElementSibling;
      const label = field && field.id && document.querySelector(`label[for="${field.id}"]`);
      if (!label) continue;
      label.id = label.id || `${field.id}_label`;
      box.setAttribute("aria-labelledby", `${label.id} ${box.getAttribute("aria-labelledby") || ""}`.trim());
    }
  });
  document.addEventListener("prefs:changed", (event) => { if (event.detail.name === "theme") location.reload(); });
})();

/* A part of a page that htmx fetches again and again (data-poll): while the network is away it waits and says so
   once, instead of a message every second; it goes on by itself. Needs nothing of the page but that part. */
(() => {
  const lost = "网络断了，连上以后会接着显示。事情在后台照常做。";
  let said = false;

  function quiet(event) {
    const part = event.detail && event.detail.elt;
    if (!part || !part.matches || !part.matches("[data-poll]")) return;
    event.stopImmediatePropagation();
    if (said) return;
    said = true;
    document.dispatchEvent(new CustomEvent("toast", { detail: { text: lost, level: "warning" } }));
  }

  for (const trouble of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) document.addEventListener(trouble, quiet, true);
  document.addEventListener("htmx:afterSwap", () => { said = false; });
})();

// [data-print]: opens the browser's print window. Hidden until this runs: without it the page says where that is.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

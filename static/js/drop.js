/* A place to drop a file on: <div data-drop data-max="bytes"> around a label and one file input. The input lies over
   the whole place, so that dropping and tapping are the browser's own; here its name is shown, and a file that is
   too large is said to be so before it travels. Without this file the plain input stands below the label. */
(() => {
  function size(bytes) {
    return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
  }

  for (const place of document.querySelectorAll("[data-drop]")) {
    const input = place.querySelector("input[type=file]");
    const name = place.querySelector("[data-name]");
    const hint = place.querySelector("[data-hint]");
    const before = hint.textContent;
    const invitation = matchMedia("(pointer: coarse)").matches ? name.textContent : "把居民表拖到这里，或点这里选";
    place.classList.add("js");
    name.textContent = invitation;

    input.addEventListener("change", () => {
      const file = input.files[0];
      const tooLarge = file && file.size > Number(place.dataset.max);
      name.textContent = file ? file.name : invitation;
      hint.textContent = !file ? before : tooLarge ? `${size(file.size)}，太大了。${before}` : `${size(file.size)}，可以上传`;
      place.classList.toggle("full", Boolean(file) && !tooLarge);
      place.classList.toggle("wrong", Boolean(tooLarge));
    });
    for (const kind of ["dragenter", "dragover"]) place.addEventListener(kind, () => place.classList.add("over"));
    for (const kind of ["dragleave", "drop"]) place.addEventListener(kind, () => place.classList.remove("over"));
    if (input.form) {
      input.form.addEventListener("submit", (event) => {
        if (!place.classList.contains("wrong")) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        document.dispatchEvent(new CustomEvent("toast", { detail: { text: hint.textContent, level: "error" } }));
      }, true);
    }
  }
})();

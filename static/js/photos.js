/* Up to six photos: preview, remove, and shrink to at most 1600 px JPEG before they travel over a weak network.
   Without this file the plain file input sends the originals; the server checks and re-encodes in both cases. */
(() => {
  const SIDE = 1600;
  const QUALITY = 0.82;
  if (window.wsPhotos || !window.DataTransfer) return;
  window.wsPhotos = true;

  async function shrink(file) {
    if (!window.createImageBitmap || !/^image\/(jpeg|png|webp)$/.test(file.type)) return file;
    let picture;
    try { picture = await createImageBitmap(file, { imageOrientation: "from-image" }); } catch (_) { return file; }
    const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    if (!blob || (blob.size >= file.size && scale === 1)) return file;
    return new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
  }

  function iconed(name) {
    return `<svg class="icon" aria-hidden="true"><use href="${document.documentElement.dataset.icons}#${name}"/></svg>`;
  }

  function setUp(box) {
    if (box.dataset.ready) return;
    box.dataset.ready = "1";
    const input = box.querySelector("input[type=file]");
    const list = box.querySelector(".photos");
    const add = box.querySelector("[data-add]");
    const status = box.querySelector("[data-status]");
    const max = Number(box.dataset.max) || 6;
    const rest = status.textContent;
    let files = [];
    box.classList.add("js");
    add.hidden = false;

    function give() {
      const bag = new DataTransfer();
      files.forEach((f) => bag.items.add(f));
      input.files = bag.files;
      add.hidden = files.length >= max;
      const size = files.reduce((sum, f) => sum + f.size, 0) / 1024;
      status.textContent = files.length ? `已选 ${files.length} 张，共 ${size < 1000 ? Math.ceil(size) + " KB" : (size / 1024).toFixed(1) + " MB"}` : rest;
    }

    function show(file) {
      const item = document.createElement("li");
      item.className = "shot";
      const img = document.createElement("img");
      img.src = URL.createObjectURL(file);
      img.alt = "选好的照片";
      img.addEventListener("error", () => { img.replaceWith(document.createTextNode(file.name)); });
      const remove = document.createElement("button");
      remove.type = "button";
      remove.className = "remove";
      remove.setAttribute("aria-label", "删掉这张照片");
      remove.innerHTML = iconed("close");
      remove.addEventListener("click", () => {
        files = files.filter((f) => f !== file);
        URL.revokeObjectURL(img.src);
        item.remove();
        give();
      });
      item.append(img, remove);
      list.insertBefore(item, add.parentElement);
    }

    async function take(chosen) {
      const room = max - files.length;
      const wanted = chosen.filter((f) => f.type.startsWith("image/") || /\.(heic|heif)$/i.test(f.name));
      let done = 0;
      for (const original of wanted.slice(0, room)) {
        done += 1;
        status.textContent = `正在处理第 ${done} 张，共 ${Math.min(wanted.length, room)} 张…`;
        const file = await shrink(original);
        files.push(file);
        show(file);
      }
      give();
      if (wanted.length > room) status.textContent = `最多 ${max} 张，多出的 ${wanted.length - room} 张没有加上。`;
    }

    // The file input itself is out of sight: its label shows the focus.
    for (const kind of ["focus", "blur"]) input.addEventListener(kind, () => box.classList.toggle("focused", kind === "focus" && input.matches(":focus-visible")));
    let chain = Promise.resolve();
    input.addEventListener("change", () => {
      const chosen = Array.from(input.files);
      chain = chain.then(() => take(chosen));
    });
    if (input.form) input.form.addEventListener("reset", () => { files = []; list.querySelectorAll(".shot").forEach((s) => s.remove()); setTimeout(give); });
  }

  document.querySelectorAll("[data-photos]").forEach(setUp);
  // A form that htmx brings later (the panel of the desk).
  document.addEventListener("htmx:load", (event) => event.detail.elt.querySelectorAll("[data-photos]").forEach(setUp));
})();

/* A form marked data-upload shows how far its photos have travelled, and says so when the network breaks.
   Without this file the browser sends the form in its own way. */
(() => {
  if (!window.XMLHttpRequest || !window.FormData) return;

  function bar(form) {
    const box = document.createElement("div");
    box.className = "progress";
    box.setAttribute("role", "status");
    box.innerHTML = '<div class="row"><b class="grow">正在送出…</b><small></small></div><svg class="meter" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect width="0" height="10"/></svg>';
    form.append(box);
    return box;
  }

  function send(form, button) {
    const box = bar(form);
    const data = new FormData(form);
    if (button && button.name) data.append(button.name, button.value);
    const call = new XMLHttpRequest();
    call.open("POST", form.action || location.href);
    call.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      const part = Math.round((event.loaded / event.total) * 100);
      box.querySelector("small").textContent = part < 100 ? `${part}%` : "已送到，正在登记";
      box.querySelector("rect").setAttribute("width", part);
    });
    call.addEventListener("load", () => {
      if (call.status >= 500) return broken("系统出错了，请稍后再试。填好的内容还在。");
      // The page that answers is shown as it came: fetching it again would lose its messages.
      if (call.responseURL && call.responseURL.split("#")[0] !== location.href.split("#")[0]) history.pushState(null, "", call.responseURL);
      document.open();
      document.write(call.responseText);
      document.close();
    });
    function broken(words) {
      box.remove();
      document.dispatchEvent(new CustomEvent("form:release"));
      document.dispatchEvent(new CustomEvent("toast", { detail: { text: words, level: "error" } }));
    }
    call.addEventListener("error", () => broken("网络不通，没有送出去。填好的内容还在，再按一次不会重复登记。"));
    call.addEventListener("timeout", () => broken("网络太慢，没有送完。再按一次不会重复登记。"));
    call.timeout = 120000;
    call.send(data);
  }

  for (const form of document.querySelectorAll("form[data-upload]")) {
    form.addEventListener("submit", (event) => {
      const files = form.querySelector("input[type=file]");
      if (event.defaultPrevented || !files || !files.files.length) return;
      if (form.dataset.sent) return event.preventDefault();
      event.preventDefault();
      form.dataset.sent = "1";
      if (event.submitter) { event.submitter.classList.add("busy"); event.submitter.setAttribute("aria-disabled", "true"); }
      send(form, event.submitter);
    });
  }
})();

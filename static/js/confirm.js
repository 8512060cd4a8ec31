/* A form marked data-confirm="what will happen" asks first, in a sheet; also opens sheets by data-open="id".
   Without this file the step's own page says the same words before its button. */
(() => {
  let dialog, waiting;

  function build() {
    dialog = document.createElement("dialog");
    dialog.className = "sheet";
    dialog.setAttribute("aria-labelledby", "confirm-title");
    dialog.innerHTML = '<h2 id="confirm-title"></h2><p></p><div class="btns"><button type="button" class="btn" value="no">先不</button><button type="button" class="btn primary" value="yes"></button></div>';
    document.body.append(dialog);
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.value === "no") dialog.close();
      if (event.target.value === "yes") {
        const form = waiting.form;
        dialog.close();
        form.dataset.confirmed = "1";
        form.requestSubmit ? form.requestSubmit(waiting.button || undefined) : form.submit();
      }
    });
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.confirm) return;
    if (form.dataset.confirmed) {
      delete form.dataset.confirmed;
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!window.HTMLDialogElement) {
      if (window.confirm(form.dataset.confirm)) { form.dataset.confirmed = "1"; form.submit(); }
      return;
    }
    if (!dialog) build();
    waiting = { form, button: event.submitter };
    dialog.querySelector("h2").textContent = form.dataset.confirmTitle || "确定吗？";
    dialog.querySelector("p").textContent = form.dataset.confirm;
    dialog.querySelector('[value="yes"]').textContent = form.dataset.confirmYes || "确定";
    dialog.showModal();
  }, true);

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    const sheet = opener && document.getElementById(opener.dataset.open);
    if (sheet && sheet.showModal) {
      event.preventDefault();
      sheet.showModal();
    }
    if (event.target.matches("dialog.sheet") || event.target.closest("dialog.sheet [data-close]")) event.target.closest("dialog").close();
  });
})();

/* The form of a whistle: [data-when="kind=wish"] (several values with blanks) is shown only while that field has one
   of them; [data-find="找单位"] gets a box that narrows its choices by their words, the ticked ones stay. Without
   this file everything is shown, and the notes say what it is for. */
(() => {
  /* A wish has a month where nobody has chosen its end; the other kinds get their evening back. */
  function wishes(form) {
    const end = form.querySelector("[name=ends_at]");
    const start = form.querySelector("[name=starts_at]");
    if (!end || !start || !start.value) return;
    const evening = end.value;
    const last = new Date(start.value);
    last.setDate(last.getDate() + 30);
    const two = (number) => String(number).padStart(2, "0");
    const month = `${last.getFullYear()}-${two(last.getMonth() + 1)}-${two(last.getDate())}T${two(last.getHours())}:${two(last.getMinutes())}`;
    form.addEventListener("change", (event) => {
      if (event.target.name !== "kind") return;
      if (event.target.value === "wish" && end.value === evening) end.value = month;
      else if (event.target.value !== "wish" && end.value === month) end.value = evening;
    });
  }

  for (const form of document.querySelectorAll("form.whistle-form")) {
    const parts = Array.from(form.querySelectorAll("[data-when]"));
    function show() {
      for (const part of parts) {
        const [name, values] = part.dataset.when.split("=");
        const chosen = form.querySelector(`[name="${name}"]:checked`);
        part.hidden = Boolean(chosen) && !values.split(" ").includes(chosen.value);
      }
    }
    form.addEventListener("change", show);
    show();
    wishes(form);

    for (const part of form.querySelectorAll("[data-find]")) {
      const box = part.querySelector(".choices");
      const labels = Array.from(part.querySelectorAll(".choices label"));
      if (!box || labels.length < 8) continue;
      const input = document.createElement("input");
      input.type = "search";
      input.className = "input";
      input.placeholder = part.dataset.find;
      input.setAttribute("aria-label", part.dataset.find);
      box.before(input);
      input.addEventListener("input", () => {
        const words = input.value.trim();
        for (const label of labels) {
          label.hidden = words !== "" && !label.textContent.includes(words) && !label.querySelector("input").checked;
        }
      });
      input.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    }
  }
})();

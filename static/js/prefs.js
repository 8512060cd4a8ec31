/* Large type and theme: switch at once and remember in a cookie, so that the server draws the next page right.
   Without this file the forms post to /prefs/ and the page comes back changed. */
(() => {
  const YEAR = 60 * 60 * 24 * 365;
  const words = { size: { large: "标准版", "": "大字版" }, theme: { dark: "浅色", light: "深色", "": "深色" } };
  const next = { size: { large: "standard", "": "large" }, theme: { dark: "light", light: "dark", "": "dark" } };

  function effectiveTheme() {
    const chosen = document.documentElement.dataset.theme;
    return chosen || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  }

  function redraw(name) {
    const value = name === "theme" ? effectiveTheme() : document.documentElement.dataset.size;
    for (const button of document.querySelectorAll(`[data-pref="${name}"] button`)) {
      button.value = next[name][value];
      const word = button.querySelector("span");
      if (word) word.textContent = words[name][value];
      const use = name === "theme" && button.querySelector("use");
      if (use) use.setAttribute("href", `${document.documentElement.dataset.icons}#${value === "dark" ? "sun" : "moon"}`);
    }
  }

  document.addEventListener("submit", (event) => {
    const name = event.target.dataset.pref;
    if (!name || !event.submitter) return;
    if (event.target.dataset.reload !== undefined) return; // the page itself differs in large type: let the server draw it
    event.preventDefault();
    const value = event.submitter.value === "standard" ? "" : event.submitter.value;
    document.documentElement.dataset[name] = value;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `ws_${name}=${value}; path=/; max-age=${YEAR}; SameSite=Lax${secure}`;
    redraw(name);
    document.dispatchEvent(new CustomEvent("prefs:changed", { detail: { name, value } }));
  });

  if (document.readyState === "loading") addEventListener("DOMContentLoaded", () => redraw("theme"));
  else redraw("theme");
})();

/* Messages can be put away; good news leaves by itself, bad news waits to be read.
   Other files say something with document.dispatchEvent(new CustomEvent("toast", {detail: {text, level}})). */
(() => {
  const STAY = 6000;
  const box = document.getElementById("toasts");
  if (!box) return;

  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${document.documentElement.dataset.icons}#${name}`);
    svg.append(use);
    return svg;
  }

  function dress(toast) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "icon-btn";
    button.setAttribute("aria-label", "知道了");
    button.append(icon("close"));
    button.addEventListener("click", () => toast.remove());
    toast.append(button);
    if (!toast.matches(".error, .warning")) setTimeout(() => toast.remove(), STAY);
  }

  function say(text, level) {
    const toast = document.createElement("div");
    toast.className = `toast ${level || "info"}`;
    const words = document.createElement("span");
    words.className = "grow";
    words.textContent = text;
    toast.append(icon(level === "success" ? "tick-circle" : level === "error" ? "warning" : "info"), words);
    box.append(toast);
    dress(toast);
  }

  box.querySelectorAll(".toast").forEach(dress);
  document.addEventListener("toast", (event) => say(event.detail.text, event.detail.level));
  document.addEventListener("htmx:sendError", () => say("网络不通，没有送出去。请稍后再试，填好的内容还在。", "error"));
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    say(status === 403 ? "你没有权限这样做，或登录已过期，请刷新页面。" : status === 404 ? "找不到这一项，可能已被别人处理，请刷新页面。" : "系统出错了，请稍后再试。", "error");
  });
})();

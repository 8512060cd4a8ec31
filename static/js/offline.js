/* A check-in or check-out that finds no network is kept on this device with its own time, and sent as soon as there is
   one: a form marked data-keep="claim" data-way="check-in". Kept are the claim's number, the time, the position or the
   code on the spot; nothing about the person. It goes when it was sent, after 48 hours, and at sign-out. */
(() => {
  const PREFIX = "ws-mark:";
  const KEEP = 48 * 60 * 60 * 1000;
  const PATIENCE = 15 * 1000;
  const WORDS = { "check-in": "签到", "check-out": "签退" };

  function keys() {
    try { return Object.keys(localStorage).filter((k) => k.startsWith(PREFIX)).sort(); } catch (_) { return []; }
  }
  function read(key) {
    try { return JSON.parse(localStorage.getItem(key)); } catch (_) { return null; }
  }
  const drop = (key) => { try { localStorage.removeItem(key); } catch (_) { /* nothing kept */ } };
  const keyOf = (claim, way) => `${PREFIX}${claim}:${way}`; // "check-in" sorts before "check-out"

  keys().forEach((k) => { const kept = read(k); if (!kept || Date.now() - Date.parse(kept.at) > KEEP) drop(k); });
  document.addEventListener("submit", (event) => { if (event.target.dataset.forget !== undefined) keys().forEach(drop); });

  const clock = (at) => new Date(at).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
  const say = (text, level) => document.dispatchEvent(new CustomEvent("toast", { detail: { text, level } }));

  /* Keeping */

  function valuesOf(form, at) {
    const data = new FormData(form);
    const mark = { claim: form.dataset.keep, way: form.dataset.way, at: at.toISOString() };
    if (data.get("code")) mark.code = data.get("code");
    if (data.get("lng") && data.get("lat")) {
      Object.assign(mark, { lng: +data.get("lng"), lat: +data.get("lat"), datum: (data.get("datum") || "wgs84").toLowerCase() });
      if (data.get("accuracy")) mark.accuracy_m = +data.get("accuracy");
    }
    return mark;
  }
  function keep(form, at) {
    const mark = valuesOf(form, at);
    try { localStorage.setItem(keyOf(mark.claim, mark.way), JSON.stringify(mark)); } catch (_) {
      say("手机没有网，也没有地方记下。请走到有信号的地方再点，或请社区工作人员确认。", "error");
      return;
    }
    show();
  }

  function show() {
    for (const card of document.querySelectorAll("[data-presence]")) {
      const form = card.querySelector("form[data-keep]");
      if (!form) continue;
      const claim = form.dataset.keep;
      const came = read(keyOf(claim, "check-in"));
      const left = read(keyOf(claim, "check-out"));
      card.querySelectorAll("[data-kept]").forEach((note) => note.remove());
      if (left || came) card.prepend(note([came, left].filter(Boolean)));
      card.querySelectorAll("form[data-keep]").forEach((each) => turn(each, came, left));
      for (const words of card.querySelectorAll(":scope > p, :scope > small, :scope > details")) {
        words.hidden = Boolean(left);
        if (came && words.matches("p")) words.textContent = words.textContent.replace("签到", "签退");
      }
      const heading = card.querySelector("h2");
      if (heading && (came || left)) heading.textContent = left ? "等有网补传" : "做完再签退";
    }
  }
  function note(marks) {
    const box = document.createElement("div");
    box.className = "notice soon";
    box.dataset.kept = "";
    box.setAttribute("role", "status");
    const words = document.createElement("div");
    const head = document.createElement("b");
    head.textContent = `${marks.map((m) => `${clock(m.at)} ${WORDS[m.way]}`).join("、")}：已记在手机上，还没有发出去`;
    words.append(head, document.createElement("br"), "有网以后打开闻哨就会自动补传，48 小时内有效。在这之前请不要退出登录。");
    box.append(words);
    return box;
  }
  /* Whoever checked in without network checks out without it, too. */
  function turn(form, came, left) {
    if (left) { form.hidden = true; return; }
    if (!came || form.dataset.way !== "check-in") return;
    form.dataset.way = "check-out";
    form.action = form.action.replace(/check-in\/$/, "check-out/");
    delete form.dataset.located;
    form.querySelectorAll('input[name="lng"], input[name="lat"], input[name="accuracy"], input[name="code"]').forEach((f) => { f.value = ""; });
    for (const button of form.querySelectorAll("button:not([type=button])")) button.textContent = button.textContent.replace("签到", "签退");
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.dataset.keep === undefined || event.defaultPrevented || !window.fetch) return;
    event.preventDefault();
    const at = new Date();
    let answer = null;
    if (navigator.onLine && !read(keyOf(form.dataset.keep, "check-in"))) {
      const stop = new AbortController();
      const timer = setTimeout(() => stop.abort(), PATIENCE);
      try { answer = await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual", signal: stop.signal }); } catch (_) { /* no network */ }
      clearTimeout(timer);
    }
    if (answer && answer.type === "opaqueredirect") { location.replace(`/claims/${form.dataset.keep}/`); return; } // the page says what came of it
    if (answer && answer.status < 500) { form.submit(); return; }
    await new Promise((next) => setTimeout(next)); // once.js greys the button out a moment later
    document.dispatchEvent(new CustomEvent("form:release"));
    keep(form, at);
    send();
  });

  /* Sending */

  function token() {
    try { return JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"]; } catch (_) { return ""; }
  }
  let sending = false;
  async function send() {
    if (sending || !navigator.onLine || !token()) return;
    sending = true;
    let changed = false;
    for (const key of keys()) {
      const outcome = await sendOne(key);
      if (outcome === "away") break;
      changed = changed || outcome === "sent";
    }
    sending = false;
    if (changed && document.querySelector("[data-presence], [data-claims]")) setTimeout(() => location.replace(location.pathname.replace(/check-(in|out)\/$/, "")), 1500);
    else show();
  }
  async function sendOne(key) {
    const { claim, way, at, ...shown } = read(key) || {};
    let answer;
    try {
      answer = await fetch(`/api/v1/claims/${claim}/${way}/`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token() },
        body: JSON.stringify({ ...shown, happened_at: at }),
      });
    } catch (_) { return "away"; }
    const word = WORDS[way];
    if (answer.ok) { drop(key); say(`${clock(at)} 的${word}补传好了。`, "success"); return "sent"; }
    if (answer.status === 404) { drop(key); return "gone"; } // somebody else's, on this very phone
    if (answer.status === 409 || answer.status === 400) {
      const said = await answer.json().catch(() => ({}));
      drop(key);
      say(`${clock(at)} 的${word}没有收下：${said.detail || "请联系社区说明。"}`, "error");
      return "refused";
    }
    return "away"; // signed out, or the platform is busy: later
  }

  addEventListener("online", send);
  show();
  addEventListener("load", send);
})();

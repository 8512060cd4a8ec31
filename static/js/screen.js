/* The big screen: a clock, and every minute the same page again, of which the figures are taken. While the network is
   away the last ones stay, with their age. A new version of the platform, or four in the morning, loads the page anew. */
(() => {
  const MINUTE = 60000;
  const PATIENCE = 20000;
  const NIGHT = 4; // o'clock
  const screen = document.querySelector("[data-screen]");
  const note = document.querySelector("[data-screen-note]");
  const city = { timeZone: "Asia/Shanghai" };
  const say = (form) => new Intl.DateTimeFormat("zh-CN", { ...city, ...form });
  const time = say({ hour: "2-digit", minute: "2-digit", hour12: false });
  const day = say({ year: "numeric", month: "long", day: "numeric", weekday: "long" });
  const hour = say({ hour: "2-digit", hourCycle: "h23" });
  const begun = Date.now();
  let fresh = begun; // when the figures on the screen came
  let trouble = "";

  function tick() {
    const now = new Date();
    document.querySelector("[data-clock]").textContent = time.format(now);
    document.querySelector("[data-date]").textContent = day.format(now);
    tell();
  }

  function tell() {
    const minutes = Math.floor((Date.now() - fresh) / MINUTE);
    note.hidden = !trouble;
    const words = trouble ? `${trouble}，数字是 ${time.format(fresh)} 的${minutes ? `（${minutes} 分钟前）` : ""}` : "";
    if (note.textContent !== words) note.textContent = words;
  }

  const files = (page) => [...page.querySelectorAll("script[src], link[rel=stylesheet]")].map((it) => it.getAttribute("src") || it.getAttribute("href")).join();

  function take(page) {
    const figures = page.querySelector("[data-screen]");
    if (!figures) throw new Error("no figures");
    const isNight = parseInt(hour.format(new Date()), 10) === NIGHT && Date.now() - begun > 90 * MINUTE;
    if (isNight || files(page) !== files(document)) return location.reload();
    screen.className = figures.className;
    screen.replaceChildren(...figures.childNodes);
    screen.dispatchEvent(new CustomEvent("charts:draw", { bubbles: true }));
    [fresh, trouble] = [Date.now(), ""];
  }

  async function refresh() {
    try {
      const answer = await fetch(location.href, { signal: AbortSignal.timeout(PATIENCE), cache: "no-store", headers: { Accept: "text/html" } });
      if (answer.redirected) trouble = "登录到期了，请重新登录";
      else if (answer.status === 404) {
        trouble = "这个账号看不到这块大屏了";
        screen.replaceChildren();
      } else if (!answer.ok) trouble = "平台暂时没有回应";
      else take(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch (_) {
      trouble = "网络断了";
    }
    tell();
  }

  const full = document.querySelector("[data-fullscreen]");
  if (document.fullscreenEnabled) {
    full.hidden = false;
    full.addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()));
  }

  tick();
  setInterval(tick, 1000);
  setInterval(refresh, MINUTE);
})();

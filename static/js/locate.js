/* A button that fills lng, lat, accuracy (metres) and datum from the phone's own position, and says plainly why it cannot.
   Browsers report WGS-84. A form marked data-locate-first asks for the position when it is sent. */
(() => {
  if (window.wsLocate) return;
  window.wsLocate = true;
  const REFUSED = {
    1: "没有得到定位许可。请在手机设置里允许浏览器（或微信）使用位置，再按一次；不想给位置也可以手工选楼栋。",
    2: "现在定不了位，可能在室内或信号弱。走到窗边或室外再试，或手工选楼栋。",
    3: "定位太久没有回音，请再按一次，或手工选楼栋。",
  };

  function setUp(box) {
    const button = box.querySelector("[data-find]");
    const status = box.querySelector("[data-status]");
    const field = (name) => box.querySelector(`input[name$="${name}"]`);
    if (!button) return;
    button.hidden = false;
    const form = box.closest("form");

    function find(after) {
      if (!navigator.geolocation || !window.isSecureContext) {
        status.textContent = "这个浏览器不给网页定位，请手工选楼栋，或请社区工作人员代为确认。";
        if (after) after();
        return;
      }
      button.classList.add("busy");
      button.disabled = true;
      status.textContent = "正在定位…";
      const done = () => { button.classList.remove("busy"); button.disabled = false; };
      navigator.geolocation.getCurrentPosition((fix) => {
        done();
        field("lng").value = fix.coords.longitude.toFixed(6);
        field("lat").value = fix.coords.latitude.toFixed(6);
        field("accuracy").value = Math.round(fix.coords.accuracy);
        field("datum").value = "WGS84";
        const metres = Math.round(fix.coords.accuracy);
        status.textContent = metres > 200 ? `定到了，但误差约 ${metres} 米，偏大。走到室外再按一次会更准。` : `定到了，误差约 ${metres} 米。`;
        box.dispatchEvent(new CustomEvent("located", { bubbles: true, detail: fix.coords }));
        if (after) after();
      }, (error) => {
        done();
        status.textContent = box.dataset[`refused${error.code}`] || REFUSED[error.code] || REFUSED[2];
        if (after) after(error);
      }, { enableHighAccuracy: true, timeout: 15000, maximumAge: 30000 });
    }

    button.addEventListener("click", () => find());
    if (form && form.dataset.locateFirst !== undefined) {
      form.addEventListener("submit", (event) => {
        if (field("lng").value || form.dataset.located) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        find(() => { form.dataset.located = "1"; if (form.dataset.confirm) form.dataset.confirmed = "1"; form.requestSubmit(event.submitter || undefined); });
      }, true);
    }
  }

  document.querySelectorAll("[data-locate]").forEach(setUp);
})();

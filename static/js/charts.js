/* Charts: each [data-chart] draws itself from its own table, so that a figure stands on the page once. Without this
   file, without the library or without JavaScript the table stands. Colours and sizes are the page's own tokens.
   What comes later (a refreshed big screen) is drawn by the event "charts:draw" on whatever holds it. */
(() => {
  const library = () => window.echarts;
  const drawn = new Map(); // card → chart
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const TONES = { accent: "--accent-mark", done: "--done", hand: "--hand", soon: "--soon", late: "--late", gold: "--gold", wait: "--wait" };
  const PALETTE = ["hand", "accent", "done", "gold", "soon", "wait", "late"];
  const DASHES = ["solid", "dashed", "dotted"];
  const MARKS = ["circle", "rect", "triangle", "diamond"];

  // What the table says

  function read(card) {
    const table = card.querySelector("[data-chart-table] table");
    const rows = [...table.tBodies[0].rows];
    const heads = [...table.tHead.rows[0].cells].slice(1);
    return {
      kind: card.dataset.chart,
      title: card.querySelector("h2").textContent.trim(),
      foot: card.dataset.chartFoot || "",
      labels: rows.map((row) => row.cells[0].textContent.trim()),
      urls: rows.map((row) => row.cells[0].querySelector("a")?.href || ""),
      series: heads.map((head, place) => ({
        name: head.dataset.name,
        unit: head.dataset.unit,
        tone: head.dataset.tone || PALETTE[place % PALETTE.length],
        said: rows.map((row) => row.cells[place + 1].textContent.trim()),
        values: rows.map((row) => (row.cells[place + 1].dataset.value === undefined ? null : Number(row.cells[place + 1].dataset.value))),
      })),
    };
  }

  function look(card) {
    const style = getComputedStyle(card);
    const token = (name) => style.getPropertyValue(name).trim();
    return { token, tone: (name) => token(TONES[name]), size: parseFloat(getComputedStyle(card.querySelector("[data-chart-table]")).fontSize) || 13, font: style.fontFamily };
  }

  // How it is drawn

  const full = (series, place) => `${series.said[place]}${series.said[place] === "—" || series.unit === "%" || !series.unit ? "" : ` ${series.unit}`}`;

  function words(data, eyes) {
    const text = { color: eyes.token("--text"), fontFamily: eyes.font, fontSize: eyes.size };
    return {
      textStyle: text,
      animation: !calm.matches,
      animationDuration: 150,
      aria: { enabled: true, label: { enabled: false }, decal: { show: data.kind === "share" || data.series.length > 1, decals: decals(eyes) } },
      tooltip: {
        renderMode: "richText", confine: true, backgroundColor: eyes.token("--card"), borderColor: eyes.token("--line-strong"), textStyle: text,
        trigger: data.kind === "share" ? "item" : "axis", axisPointer: { type: data.kind === "line" ? "line" : "shadow", animation: false },
        formatter: (hit) => tip(data, [hit].flat()[0].dataIndex),
      },
      legend: data.series.length > 1 || data.kind === "share"
        ? { type: "plain", top: 0, left: 0, itemWidth: eyes.size, itemHeight: eyes.size * 0.75, textStyle: { ...text, color: eyes.token("--text-2") } }
        : undefined,
    };
  }

  /* Where colour alone would tell: the first plain, the others hatched each in its way. */
  function decals(eyes) {
    const color = eyes.token("--card");
    const hatch = (rotation, gap) => ({ symbol: "rect", dashArrayX: [1, 0], dashArrayY: [1.5, gap], rotation, color });
    return [{ symbol: "none" }, hatch(-Math.PI / 4, 5), { symbol: "circle", dashArrayX: [[6, 6], [0, 6, 6, 0]], dashArrayY: [6, 0], symbolSize: 0.5, color }, hatch(Math.PI / 4, 5), hatch(0, 4), hatch(Math.PI / 2, 4)];
  }

  function tip(data, place) {
    const lines = data.series.map((each) => (data.series.length > 1 ? `${each.name}  ` : "") + full(each, place) + part(data, each, place));
    return [data.labels[place], ...lines].join("\n");
  }

  function part(data, series, place) {
    const whole = series.values.reduce((sum, value) => sum + (value || 0), 0);
    return data.kind === "share" && whole ? `（${((series.values[place] / whole) * 100).toFixed(1)}%）` : "";
  }

  /* The width of the longest value, in signs: a Chinese one is as wide as it is high. */
  function longest(data) {
    const wide = (text) => [...text].reduce((sum, sign) => sum + (sign.charCodeAt(0) > 0x2e80 ? 1 : 0.6), 0);
    return Math.max(...data.series.flatMap((each) => each.said.map((_, place) => wide(full(each, place)))));
  }

  function axes(data, eyes, room) {
    const soft = { color: eyes.token("--text-2"), fontSize: eyes.size, fontFamily: eyes.font };
    const names = {
      type: "category", data: data.labels, axisTick: { show: false }, axisLine: { lineStyle: { color: eyes.token("--line-strong") } },
      axisLabel: data.kind === "rows" ? { ...soft, width: room.names, overflow: "truncate" } : { ...soft, hideOverlap: true }, inverse: data.kind === "rows",
    };
    const units = [...new Set(data.series.map((each) => each.unit))].slice(0, 2);
    const values = units.map((unit) => ({
      type: "value", splitNumber: 4, minInterval: unit === "%" || data.series.some((each) => each.values.some((value) => value % 1)) ? undefined : 1,
      axisLabel: data.kind === "rows" ? { show: false } : { ...soft, formatter: unit === "%" ? "{value}%" : undefined },
      splitLine: { show: data.kind !== "rows", lineStyle: { color: eyes.token("--line") } },
    }));
    const top = data.series.length > 1 ? eyes.size * 2.6 : 8;
    const grid = { left: 0, right: data.kind === "rows" ? eyes.size * (longest(data) + 0.8) : eyes.size, top, bottom: 0, outerBoundsMode: "same", outerBoundsContain: "axisLabel" };
    return data.kind === "rows" ? { grid, xAxis: values, yAxis: names } : { grid, xAxis: names, yAxis: values };
  }

  function row(data, each, place, eyes) {
    const units = [...new Set(data.series.map((one) => one.unit))];
    const color = eyes.tone(each.tone);
    const axis = Math.max(units.indexOf(each.unit), 0) % 2;
    const common = { name: each.name, data: each.values, color, [data.kind === "rows" ? "xAxisIndex" : "yAxisIndex"]: axis, emphasis: { focus: "none" } };
    if (data.kind === "line") {
      const type = DASHES[place % DASHES.length];
      const lonely = each.values.filter((value) => value !== null).length < 32;
      return { ...common, type: "line", connectNulls: false, symbol: MARKS[place % MARKS.length], symbolSize: 7, showSymbol: lonely, lineStyle: { width: 2, type } };
    }
    const label = data.kind === "rows" ? { show: true, position: "right", color: eyes.token("--text"), fontSize: eyes.size, formatter: (hit) => full(each, hit.dataIndex) } : undefined;
    return { ...common, type: "bar", barMaxWidth: 22, barGap: "10%", stack: data.kind === "stacked" ? "all" : undefined, label, itemStyle: { borderRadius: data.kind === "stacked" ? 0 : 3 } };
  }

  function shares(data, eyes) {
    const [first] = data.series;
    const whole = first.values.reduce((sum, value) => sum + (value || 0), 0) || 1;
    const line = { borderColor: eyes.token("--card"), borderWidth: 2 };
    const parts = data.labels.map((name, place) => ({ name, value: first.values[place] || 0, label: { show: first.values[place] / whole >= 0.08 }, itemStyle: { color: eyes.tone(PALETTE[place % PALETTE.length]), ...line } }));
    const label = { show: true, position: "inside", color: eyes.token("--text"), formatter: (hit) => `${hit.percent.toFixed(0)}%`, fontSize: eyes.size,
      backgroundColor: eyes.token("--card"), padding: [2, 5], borderRadius: 4 };
    return { series: [{ type: "pie", radius: ["42%", "78%"], center: ["50%", "58%"], data: parts, label, labelLine: { show: false }, emphasis: { scale: false } }] };
  }

  function option(data, eyes, room) {
    const base = words(data, eyes);
    if (data.kind === "share") return { ...base, ...shares(data, eyes) };
    return { ...base, ...axes(data, eyes, room), series: data.series.map((each, place) => row(data, each, place, eyes)) };
  }

  function height(data, eyes) {
    if (data.kind === "rows") return Math.max(data.labels.length * (eyes.size * (data.series.length > 1 ? 3 : 2.3)) + (data.series.length > 1 ? eyes.size * 2.6 : 8), 90);
    return data.kind === "share" ? eyes.size * 18 : eyes.size * 18.5;
  }

  // Drawing, and drawing again

  function paint(card) {
    const place = card.querySelector("[data-chart-drawing]");
    const [data, eyes] = [read(card), look(card)];
    if (!card.matches("[data-chart-fill]")) place.style.height = `${Math.round(height(data, eyes))}px`;
    const chart = drawn.get(card) || library().init(place, null, { renderer: "canvas" });
    drawn.set(card, chart);
    chart.resize({ animation: { duration: 0 } });
    chart.setOption(option(data, eyes, { names: Math.min(eyes.size * 12, place.clientWidth * 0.36) }), true);
    return { chart, data, eyes };
  }

  function pressed(card, event) {
    const chart = drawn.get(card);
    const data = read(card);
    const spot = [event.offsetX, event.offsetY];
    if (data.kind === "share" || !chart.containPixel("grid", spot)) return "";
    const [x, y] = chart.convertFromPixel({ gridIndex: 0 }, spot);
    return data.urls[Math.round(data.kind === "rows" ? y : x)] || "";
  }

  function listen(card, chart) {
    const go = (url) => url && location.assign(url);
    chart.on("click", (hit) => read(card).kind === "share" && go(read(card).urls[hit.dataIndex]));
    chart.getZr().on("click", (event) => go(pressed(card, event)));
    chart.getZr().on("mousemove", (event) => read(card).kind !== "share" && chart.getZr().setCursorStyle(pressed(card, event) ? "pointer" : "default"));
  }

  function show(card, what) {
    const isTable = what === "table";
    card.querySelector("[data-chart-drawing]").hidden = isTable;
    card.querySelector("[data-chart-table]").hidden = !isTable;
    for (const button of card.querySelectorAll("[data-chart-show]")) button.setAttribute("aria-pressed", String(button.dataset.chartShow === what));
    if (!isTable) paint(card);
  }

  function begin(card) {
    if (drawn.has(card) || !card.querySelector("[data-chart-drawing]")) return;
    const tools = card.querySelector("[data-chart-tools]");
    if (tools) tools.hidden = false;
    show(card, "drawing");
    listen(card, drawn.get(card));
    card.dispatchEvent(new CustomEvent("charts:drawn", { bubbles: true }));
    const place = card.querySelector("[data-chart-drawing]");
    let width = place.clientWidth, tall = place.clientHeight;
    new ResizeObserver(() => {
      if (!place.clientWidth || (place.clientWidth === width && place.clientHeight === tall)) return;
      [width, tall] = [place.clientWidth, place.clientHeight];
      paint(card);
    }).observe(place);
  }

  function forget() {
    for (const [card, chart] of drawn) {
      if (card.isConnected) continue;
      chart.dispose();
      drawn.delete(card);
    }
  }

  function draw(root) {
    forget();
    if (library()) for (const card of root.querySelectorAll("[data-chart]")) begin(card);
  }

  function again() {
    for (const card of drawn.keys()) if (card.isConnected && !card.querySelector("[data-chart-drawing]").hidden) paint(card);
  }

  // The picture: title above, place and age of the figures below, on the page's own ground

  function picture(card) {
    const wasTable = card.querySelector("[data-chart-drawing]").hidden;
    if (wasTable) show(card, "drawing");
    const { chart, data, eyes } = paint(card);
    const scale = 2, edge = 16, head = eyes.size * 3, base = eyes.size * 2.6;
    const body = chart.renderToCanvas({ pixelRatio: scale, backgroundColor: eyes.token("--card") });
    const sheet = document.createElement("canvas");
    sheet.width = body.width + 2 * edge * scale;
    sheet.height = body.height + Math.round((head + base) * scale);
    const pen = sheet.getContext("2d");
    pen.fillStyle = eyes.token("--card");
    pen.fillRect(0, 0, sheet.width, sheet.height);
    pen.drawImage(body, edge * scale, Math.round(head * scale));
    pen.textBaseline = "middle";
    const write = (text, color, weight, y) => {
      pen.fillStyle = color;
      pen.font = `${weight} ${eyes.size * scale}px ${eyes.font}`;
      pen.fillText(text, edge * scale, y, sheet.width - 2 * edge * scale);
    };
    write(data.title, eyes.token("--text"), 600, (head * scale) / 2);
    write(data.foot, eyes.token("--text-2"), 400, sheet.height - (base * scale) / 2);
    if (wasTable) show(card, "table");
    return { sheet, data };
  }

  function save(card) {
    const { sheet, data } = picture(card);
    sheet.toBlob((blob) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = `${data.title.replace(/[\\/:*?"<>|\s]+/g, "")}.png`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    }, "image/png");
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-chart-show], [data-chart-save]");
    const card = button?.closest("[data-chart]");
    if (!card || !drawn.has(card)) return;
    if (button.dataset.chartShow) show(card, button.dataset.chartShow);
    else save(card);
  });
  document.addEventListener("charts:draw", (event) => draw(event.target));
  document.addEventListener("prefs:changed", again);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);

  draw(document);
})();

/* The map of a dashboard. The server has drawn it as SVG; where Leaflet is installed, it takes over: zoom, labels that
   come with room, tiles if the platform has a server of them, and open requests as points when asked for.
   Without this file, or without Leaflet, the picture, its links and its table stay as they are. */
(() => {
  if (window.wenshaoMap) return;
  window.wenshaoMap = true;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const LISTED = 30; // requests in one popup
  const APART = 26; // pixels between circles
  let library, map;

  function leaflet(view) {
    library = library || new Promise((good, bad) => {
      if (!view.dataset.js) return bad(new Error("not installed"));
      const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: view.dataset.css });
      const script = Object.assign(document.createElement("script"), { src: view.dataset.js });
      style.onload = () => document.head.append(script);
      style.onerror = script.onerror = () => bad(new Error("not there"));
      script.onload = () => good(window.L);
      // Before our own rules, so that ours hold.
      document.head.prepend(style);
    });
    return library;
  }

  async function json(url) {
    const answer = await fetch(url, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.status);
    return answer.json();
  }

  function element(tag, text, css) {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    if (css) made.className = css;
    return made;
  }

  /* What a keyboard can reach, and what it is called. */
  function reachable(path, words, go) {
    const shape = path.getElement();
    if (!shape) return;
    shape.setAttribute("tabindex", "0");
    shape.setAttribute("role", go ? "link" : "img");
    shape.setAttribute("aria-label", words);
    if (go) shape.addEventListener("keydown", (event) => event.key === "Enter" && go());
  }

  function lay(L, view, data) {
    const box = element("div", "", "map-live");
    box.setAttribute("role", "application");
    box.setAttribute("aria-label", `地图：${view.dataset.label}。方向键移动，加减号缩放；下面有表`);
    view.append(box);
    map = L.map(box, {
      attributionControl: Boolean(view.dataset.tiles), scrollWheelZoom: false, dragging: !L.Browser.mobile,
      zoomControl: false, zoomSnap: 0.25, zoomAnimation: !still, fadeAnimation: !still, inertia: !still,
    });
    L.control.zoom({ position: "bottomright", zoomInTitle: "放大", zoomOutTitle: "缩小" }).addTo(map);
    // The wheel belongs to the page until somebody has gone into the map.
    box.addEventListener("focusin", () => map.scrollWheelZoom.enable());
    box.addEventListener("focusout", () => map.scrollWheelZoom.disable());
    if (view.dataset.tiles) {
      box.classList.add("with-tiles");
      map.attributionControl.setPrefix(false);
      L.tileLayer(view.dataset.tiles, {
        subdomains: view.dataset.subdomains.split(","), maxZoom: 18, referrerPolicy: "origin",
        attribution: element("i", view.dataset.attribution).innerHTML,
      }).addTo(map);
    }
    const areas = L.geoJSON(data, {
      filter: (feature) => feature.geometry,
      style: (feature) => ({ className: `map-area h${feature.properties.class ?? "-none"}` }),
      onEachFeature: (feature, path) => {
        path.bindTooltip(element("span", feature.properties.words), { sticky: true, className: "map-tip" });
        if (feature.properties.url) path.on("click", () => location.assign(feature.properties.url));
      },
    }).addTo(map);
    // On a phone the buttons of the zoom are as large as a finger: nothing lies under them.
    // They stand beside the areas or below them, whichever leaves these larger.
    const bounds = areas.getBounds();
    const room = (spare) => map.getBoundsZoom(bounds, false, L.point(spare).add([10, 10]));
    const [beside, below] = [[58, 10], [10, 104]];
    const spare = !L.Browser.mobile ? [10, 10] : room(below) > room(beside) ? below : beside;
    map.fitBounds(bounds, { paddingTopLeft: [10, 10], paddingBottomRight: spare, animate: false });
    map.setMinZoom(map.getZoom() - 1);
    map.setMaxZoom(18);
    areas.eachLayer((path) => {
      const { words, url } = path.feature.properties;
      reachable(path, words, url && (() => location.assign(url)));
    });
    labels(L, areas);
    view.classList.add("live");
    return areas;
  }

  /* Names and numbers where there is room; the larger polygons first. */
  function labels(L, areas) {
    const all = [];
    areas.eachLayer((path) => {
      const { name, text, label: room, class: step } = path.feature.properties;
      const said = element("span", "");
      said.append(element("i", name), element("b", text));
      const label = L.tooltip({ permanent: true, direction: "center", className: `map-label on${step}`, opacity: 1 })
        .setLatLng([room[1], room[0]]).setContent(said);
      map.addLayer(label);
      label.getElement().setAttribute("aria-hidden", "true");
      all.push({ label, room });
    });
    function fit() {
      const taken = [];
      const sized = all.map(({ label, room: [lng, lat, aside, up] }) => {
        const east = map.latLngToContainerPoint([lat + up, lng + aside]);
        const west = map.latLngToContainerPoint([lat - up, lng - aside]);
        return { label, shown: label.getElement(), wide: east.x - west.x, high: west.y - east.y };
      }).sort((one, other) => other.wide * other.high - one.wide * one.high);
      for (const { label, shown, wide, high } of sized) {
        let own, fits;
        // Where the name has no room, the number alone still has.
        for (const brief of [false, true]) {
          shown.classList.toggle("brief", brief);
          label.update();
          own = shown.getBoundingClientRect();
          const clash = taken.some((it) => own.left < it.right && it.left < own.right && own.top < it.bottom && it.top < own.bottom);
          fits = own.width <= wide * (brief ? 1.2 : 1) && own.height <= high * 1.25 && !clash;
          if (fits) break;
        }
        shown.classList.toggle("off", !fits);
        if (fits) taken.push(own);
      }
    }
    map.on("zoomend resize", () => requestAnimationFrame(fit));
    requestAnimationFrame(fit);
  }

  /* The requests of a circle, as links. */
  function listed(spots) {
    const whole = element("div");
    const list = element("ul");
    const all = spots.flatMap((spot) => spot.requests);
    for (const each of all.slice(0, LISTED)) {
      const row = element("li");
      row.append(Object.assign(element("a", each.number), { href: each.url }), ` ${each.category} · ${each.state} `);
      if (each.due) row.append(element("span", each.due, each.overdue ? "late" : ""));
      if (each.title) row.append(element("br"), each.title);
      list.append(row);
    }
    if (spots.some((spot) => spot.coarse)) whole.append(element("p", "具体位置不显示，点画在网格中间。", "muted"));
    whole.append(list);
    if (all.length > LISTED) whole.append(element("p", `还有 ${all.length - LISTED} 件，放大地图再看。`, "muted"));
    return whole;
  }

  function circle(L, layer, at, n, css, words, opens) {
    const point = L.circleMarker([at[1], at[0]], { radius: 7 + Math.min(9, Math.sqrt(n) * 2), className: `map-point ${css}` });
    const widest = Math.min(300, map.getSize().x - 70);
    if (opens) point.bindPopup(opens, { maxWidth: widest, minWidth: Math.min(200, widest) });
    if (n > 1) point.bindTooltip(element("span", n), { permanent: true, direction: "center", className: `map-count ${css}` });
    layer.addLayer(point);
    reachable(point, words, opens && (() => point.openPopup()));
    const shape = point.getElement();
    if (shape && opens) shape.setAttribute("role", "button");
  }

  /* Spots whose circles would lie on each other are one circle until there is room. */
  function gathered(L, spots) {
    const heaps = [];
    for (const spot of spots) {
      const here = map.latLngToLayerPoint([spot.at[1], spot.at[0]]);
      const near = heaps.find((heap) => heap.here.distanceTo(here) < APART);
      if (near) near.spots.push(spot);
      else heaps.push({ here, spots: [spot] });
    }
    return heaps.map((heap) => heap.spots);
  }

  function pointed(L, data, areas) {
    const layer = L.layerGroup().addTo(map);
    const middles = new Map();
    areas.eachLayer((path) => middles.set(path.feature.id, path.feature.properties.label));
    function redraw() {
      layer.clearLayers();
      for (const spots of gathered(L, data.spots)) {
        const n = spots.reduce((sum, spot) => sum + spot.n, 0);
        const late = spots.reduce((sum, spot) => sum + spot.overdue, 0);
        const words = `${n} 件在办${late ? `，${late} 件超时` : ""}`;
        circle(L, layer, spots[0].at, n, late ? "late" : "", words, () => listed(spots));
      }
      for (const { place, name, n } of data.beyond) {
        const at = middles.get(place);
        if (at) circle(L, layer, at, n, "more", `${name}另有 ${n} 件在办`, () => element("span", `${name}另有 ${n} 件在办`));
      }
    }
    map.on("zoomend", () => map.hasLayer(layer) && redraw());
    layer.redraw = redraw;
    redraw();
    return layer;
  }

  function offerPoints(L, root, areas) {
    const button = root.querySelector("[data-map-points]");
    const says = root.querySelector("[data-map-says]");
    if (!button) return;
    let layer;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      if (on && !layer) {
        button.disabled = true;
        try {
          const data = await json(button.dataset.mapPoints);
          layer = pointed(L, data, areas);
          layer.words = data.words + (data.spots.some((spot) => spot.overdue) ? "，空心的点里有超时的" : "");
        } catch {
          says.textContent = "点单没有取到，请稍后再试。";
          return;
        } finally {
          button.disabled = false;
        }
      } else if (layer) {
        if (on) map.addLayer(layer) && layer.redraw();
        else map.removeLayer(layer);
      }
      button.setAttribute("aria-pressed", String(on));
      button.querySelector("span").textContent = on ? "收起在办点单" : "显示在办点单";
      says.textContent = on ? `${layer.words}。` : "";
    });
  }

  async function start(root) {
    const view = root.querySelector("[data-map-view]");
    if (map) map.remove();
    map = undefined;
    if (!view) return;
    try {
      const [L, data] = await Promise.all([leaflet(view), json(view.dataset.url)]);
      if (!view.isConnected || view.querySelector(".map-live")) return;
      offerPoints(L, root, lay(L, view, data));
    } catch {
      // The picture of the server stays.
    }
  }

  /* The figure stays in the address: it survives a reload, and goes into a saved view. */
  function remember(root) {
    const chosen = root.querySelector("select[name=figure]");
    const address = new URL(location);
    if (!chosen || address.searchParams.get("figure") === chosen.value) return;
    if (!address.searchParams.has("figure") && chosen.options[0].selected) return;
    address.searchParams.set("figure", chosen.value);
    history.replaceState(history.state, "", address);
  }

  document.addEventListener("htmx:afterSettle", (event) => {
    const root = event.target.closest && event.target.closest("[data-map]");
    if (!root) return;
    remember(root);
    start(root);
  });
  const begin = () => document.querySelectorAll("[data-map]").forEach(start);
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", begin);
  else begin();
})();

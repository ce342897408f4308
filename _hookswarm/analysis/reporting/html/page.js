"use strict";
// The plotting library stands in the page compressed.
async function unpack() {
  const packed = await fetch(`data:;base64,${document.getElementById("plotly").textContent}`);
  const script = document.createElement("script");
  script.textContent = await new Response(packed.body.pipeThrough(new DecompressionStream("gzip"))).text();
  document.head.append(script);
}

// Each picture is drawn when it comes near the screen, in the page's own colours, and again when those change.
const drawn = new Set();
const wanted = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function colours() {
  const axis = { gridcolor: wanted("--line"), zerolinecolor: wanted("--line"), linecolor: wanted("--line") };
  return { axis, font: { color: wanted("--text"), family: "system-ui, sans-serif", size: 12 } };
}

// On a phone: names of stages on two lines, with room for both; fewer ticks; no title that is wider than its axis.
function narrow(told, place) {
  const names = new Set();
  for (const trace of told.data) {
    if (typeof trace.y?.[0] !== "string") continue;
    trace.y = trace.y.map((name) => name.replace(/[:,] /, (mark) => `${mark.trim()}<br>`));
    trace.y.forEach((name) => names.add(name));
  }
  if ([...names].some((name) => name.includes("<br>"))) told.layout.height += 16 * names.size;
  place.style.height = `${told.layout.height}px`;
  for (const [name, axis] of Object.entries(told.layout)) {
    if (!/^xaxis/.test(name)) continue;
    if (axis.type !== "category") axis.nticks = 5;
    Object.assign(axis, { tickangle: 0, title: { ...axis.title, font: { size: 10 } } });
    if (axis.type === "log" && decades(told.data) > 2) axis.dtick = 1;
  }
  Object.assign(told.layout.margin, { l: 8, r: 24 });
}

function decades(traces) {
  const known = traces.flatMap((trace) => trace.x).filter((value) => value > 0);
  return Math.log10(Math.max(...known) / Math.min(...known));
}

function draw(place) {
  const told = JSON.parse(document.querySelector(`script[data-for="${place.id}"]`).textContent);
  if (innerWidth < 600) narrow(told, place);
  const { axis, font } = colours();
  told.layout.font = font;
  for (const name of Object.keys(told.layout)) {
    if (/^[xy]axis/.test(name)) Object.assign(told.layout[name], axis);
  }
  Plotly.react(place, told.data, told.layout, { responsive: true, displaylogo: false, displayModeBar: false });
  drawn.add(place);
}

const places = [...document.querySelectorAll(".chart")];
const watcher = new IntersectionObserver((seen) => {
  for (const one of seen) {
    if (one.isIntersecting) {
      watcher.unobserve(one.target);
      draw(one.target);
    }
  }
}, { rootMargin: "300px" });
if ("DecompressionStream" in window) {
  unpack().then(() => places.forEach((place) => watcher.observe(place)));
} else {
  places.forEach((place) => { place.textContent = "Browsers before 2023 cannot draw this: open the page in a newer one."; });
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawn.forEach(draw));

// Where a link leads to a table that is folded, it opens.
function openAimed() {
  const aimed = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (aimed instanceof HTMLDetailsElement) aimed.open = true;
}
addEventListener("hashchange", openAimed);
openAimed();

// On paper nothing can be opened or scrolled to.
let opened = [];
addEventListener("beforeprint", () => {
  if (window.Plotly) places.forEach(draw);
  opened = [...document.querySelectorAll("details:not([open])")];
  opened.forEach((one) => { one.open = true; });
});
addEventListener("afterprint", () => opened.forEach((one) => { one.open = false; }));

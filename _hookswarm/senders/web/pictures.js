// Small pictures of a run, second by second: lines over time, with plain axes.
window.webhooksPictures = (() => {
  const WIDE = 360, HIGH = 150, LEFT = 52, RIGHT = 8, TOP = 8, BOTTOM = 22;
  const SVG = "http://www.w3.org/2000/svg";
  const PICTURES = [
    { title: "Deliveries a second", least: 4, lines: [["due", "due_per_s", "#767676"], ["acknowledged", "acknowledged_per_s", "#0072b2"]] },
    { title: "Delivery latency, ms", least: 0, lines: [["p50", "p50_ms", "#0072b2"], ["p99", "p99_ms", "#d55e00"]] },
    { title: "Errors a second", least: 4, lines: [["attempts not acknowledged", "errors_per_s", "#d55e00"]] },
  ];

  function draw(parent, tag, attributes, content = "") {
    const made = document.createElementNS(SVG, tag);
    Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
    made.textContent = content;
    parent.append(made);
    return made;
  }

  // 1, 2 or 5 times a power of ten, at most four of them.
  function step(most) {
    const rough = 10 ** Math.floor(Math.log10(most / 4 || 1));
    return [1, 2, 5, 10].map((times) => times * rough).find((one) => most / one <= 4);
  }

  function picture({ title, least, lines }, moments) {
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    caption.textContent = title;
    figure.append(caption);
    const values = lines.flatMap(([, key]) => moments.map((one) => one[key])).filter((one) => one !== null);
    const most = Math.max(...values, least) || 1;
    const unit = step(most);
    const top = Math.ceil(most / unit) * unit;
    const [from, to] = [moments[0].at_s, Math.max(moments.at(-1).at_s, moments[0].at_s + 1)];
    const x = (at_s) => LEFT + ((at_s - from) / (to - from)) * (WIDE - LEFT - RIGHT);
    const y = (value) => HIGH - BOTTOM - (value / top) * (HIGH - TOP - BOTTOM);
    const told = lines.map(([name, key]) => `${name} ${moments.at(-1)[key]?.toLocaleString("en") ?? "-"}`).join(", ");
    const svg = draw(figure, "svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": `${title}: ${told}` });
    for (let value = 0; value <= top; value += unit) {
      draw(svg, "line", { x1: LEFT, x2: WIDE - RIGHT, y1: y(value), y2: y(value), class: "grid" });
      draw(svg, "text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, Number(value.toPrecision(6)).toLocaleString("en"));
    }
    const wide = step(to - from);
    for (let at_s = Math.ceil(from / wide) * wide; at_s <= to; at_s += wide) {
      draw(svg, "text", { x: x(at_s), y: HIGH - 6, "text-anchor": x(at_s) > WIDE - 40 ? "end" : "middle" }, `${Number(at_s.toPrecision(6))} s`);
    }
    const legend = document.createElement("p");
    lines.forEach(([name, key, colour], place) => {
      // A line ends where nothing was told, and goes on where something is again.
      let path = "", drawn = false;
      moments.forEach((one) => {
        if (one[key] === null && !key.endsWith("_ms")) drawn = false;
        if (one[key] === null) return;
        path += `${drawn ? "L" : "M"}${x(one.at_s).toFixed(1)} ${y(one[key]).toFixed(1)}`;
        drawn = true;
      });
      draw(svg, "path", { d: path, stroke: colour, "stroke-dasharray": !place && lines.length > 1 ? "4 2" : "none" });
      const mark = document.createElement("span");
      mark.style.borderTop = `2px ${!place && lines.length > 1 ? "dashed" : "solid"} ${colour}`;
      legend.append(mark, ` ${name}  `);
    });
    figure.append(legend);
    return figure;
  }

  return (parent, moments) => parent.replaceChildren(...(moments.length > 1 ? PICTURES.map((one) => picture(one, moments)) : []));
})();

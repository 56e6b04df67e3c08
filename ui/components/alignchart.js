// Lines over one axis, each the mean of several seeds with the range of all of them: how they are drawn.

const LINE_DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 2], [1, 3]];

function chartBox(me) {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const width = Math.max(270, me.stage.clientWidth);
  const size = Math.max(11, rem * 0.8);
  const height = Math.min(rem * 19, Math.max(rem * 15, width * 0.5));
  return { width, height, size, left: size * 3, right: width - size * 2.2, top: size * 2, bottom: height - size * 3 };
}

const shownAt = (me, value) => (me.data.percent ? `${Math.round(100 * value)} %` : String(value));

/** Axes, guess and series; `me.scale` is then the x axis. */
function paintChart(me, pen) {
  const { box, ink, data, labels } = me;
  pen.rect(0, 0, box.width, box.height, { color: ink.ground });
  const xs = data.series[0].x;
  const x = scaleOf("linear", xs[0], xs[xs.length - 1], box.left, box.right, 5);
  if (data.percent) x.ticks.forEach((tick) => { tick.text = shownAt(me, tick.value); });
  const y = scaleOf("linear", data.bottom ?? 0, data.top, box.bottom, box.top, 5);
  axes(pen, box, x, y, ink, { size: box.size * 0.95, xName: data.x, yName: data.y });
  if (data.chance !== null && data.chance !== undefined) {
    pen.path([box.left, y.at(data.chance), box.right, y.at(data.chance)], { color: ink.quiet, width: 1.5, dash: [2, 3] });
    pen.text(box.left + 5, y.at(data.chance) - box.size * 0.7, fill(labels.chance, { value: data.chance.toFixed(2) }), { color: ink.quiet, size: box.size * 0.9, halo: ink.ground });
  }
  for (const one of data.series) {
    const color = ink.dark ? one.dark : one.color;
    one.x.forEach((at, k) => pen.path([x.at(at), y.at(one.low[k]), x.at(at), y.at(one.high[k])], { color, width: 5, alpha: 0.35 }));
    pen.path(one.x.flatMap((at, k) => [x.at(at), y.at(one.mean[k])]), { color, width: 2.6, dash: LINE_DASHES[one.dash] });
    one.x.forEach((at, k) => pen.dot(x.at(at), y.at(one.mean[k]), 3.2, { color }));
  }
  Object.assign(me, { scale: x, height: y });
}

/** The legend: a sign for each series, coloured by `colourKeys`. */
const keysOf = (data) => data.series.map((one) => element("span", { class: `line d${one.dash}`, text: one.name }));

function colourKeys(me) {
  for (const [k, key] of me.keys.entries()) key.style.setProperty("--line", me.ink.dark ? me.data.series[k].dark : me.data.series[k].color);
}

const sentenceOf = (parts, comma) => parts.join(/[!-~]$/.test(comma) ? `${comma} ` : comma);

function savePicture(me, paint, name) {
  const pen = svgPen(me.box.width, me.box.height, themeColor(me.canvas, "--st-font", "sans-serif"), me.ink.ground);
  paint(me, pen);
  saveAs(name, pen.made());
}

// The three panels of the loss curves: their places, axes, curves and names. `me` is that of losscurves.js.

const POINTS = 400;
const PANELS = ["loss", "factor", "gradient"];

function boxes(me) {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const width = Math.max(280, me.stage.clientWidth);
  const size = Math.max(11, rem * 0.75);
  const small = PANELS.filter((name) => name !== me.state.what);
  const frame = (left, top, right, bottom, big) => ({ left: left + size * (big ? 3.6 : 3.4), top: top + size * 2, right: right - 6, bottom: bottom - size * (big ? 3 : 2.9), big });
  if (width < 34 * rem) {
    const [tall, low] = [rem * 16, rem * 10];
    return { rem, size, width, height: tall + low, panels: { [me.state.what]: frame(0, 0, width, tall, true), [small[0]]: frame(0, tall, width / 2, tall + low), [small[1]]: frame(width / 2, tall, width, tall + low) } };
  }
  const height = rem * 18.5;
  const cut = width * 0.66;
  return { rem, size, width, height, panels: { [me.state.what]: frame(0, 0, cut, height, true), [small[0]]: frame(cut + 8, 0, width, height / 2), [small[1]]: frame(cut + 8, height / 2, width, height) } };
}

function rangeOf(me, what, curves) {
  if (me.state.scale === "log") return [1e-5, 10];
  const most = Math.max(1, ...curves.map((curve) => curve.weight ?? 1));
  const relative = curves.some((curve) => !curve.weights);
  if (what === "loss") return [0, me.state.across === "p" ? 5 : 8];
  if (what === "factor") return [0, Math.max(most, relative ? 2 : 1)];
  return [curves.some((curve) => curve.kind === "smoothing") ? -0.25 : 0, most * 1.4];
}

/** A curve as strokes that stay inside the box: it is cut where it leaves the range. `xs`: places of the grid. */
function strokes(xs, ys, y) {
  const parts = [];
  let part = null;
  let before = null;
  for (let i = 0; i < xs.length; i += 1) {
    const inside = ys[i] >= y.low && ys[i] <= y.high;
    if (i && inside !== before) {
      const edge = Math.max(ys[i], ys[i - 1]) > y.high ? y.high : y.low;
      const share = (edge - ys[i - 1]) / (ys[i] - ys[i - 1]);
      const at = [xs[i - 1] + share * (xs[i] - xs[i - 1]), y.at(edge)];
      if (inside) parts.push((part = at));
      else part?.push(...at);
    }
    before = inside;
    if (!inside) part = null;
    else if (part) part.push(xs[i], y.at(ys[i]));
    else parts.push((part = [xs[i], y.at(ys[i])]));
  }
  return parts;
}

function drawPanel(me, pen, what, box, curves) {
  const { ink, labels, state } = me;
  const size = me.box.size;
  const many = box.big ? 6 : 3;
  const x = scaleOf("linear", state.across === "p" ? 0 : -8, state.across === "p" ? 1 : 8, box.left, box.right, box.big ? 5 : 2);
  const y = scaleOf(state.scale, ...rangeOf(me, what, curves), box.bottom, box.top, many);
  if (box.big) me.x = x;
  axes(pen, box, x, y, ink, { size, xName: labels[`${box.big ? "x" : "across"}_${state.across}`], yName: labels[`y_${what}`] });
  const at = me.hover ?? state.at;
  const place = x.at(state.across === "p" ? at : Math.min(8, Math.max(-8, toZ(at))));
  pen.path([place, box.top, place, box.bottom], { color: ink.text, dash: [3, 3], alpha: 0.7 });
  const xs = me.grid.x.map(x.at);
  for (const curve of curves) {
    for (const points of strokes(xs, valuesOf(me, curve)[what], y)) pen.path(points, { color: curve.color, width: box.big ? curve.width : curve.width * 0.75, dash: curve.dash });
    const here = lossAt(curve.kind, toZ(at), curve);
    const value = what === "gradient" ? -here.gradient : here[what];
    if (value >= y.low && value <= y.high) pen.dot(place, y.at(value), box.big ? 5 : 3.5, { color: curve.color });
  }
  if (box.big) nameCurves(me, pen, what, box, curves, xs, y);
}

/** Each curve's name above or below it, where it is farthest from every curve and from the names already set. */
function nameCurves(me, pen, what, box, curves, xs, y) {
  const size = me.box.size * 1.05;
  const step = 8;
  const heights = curves.map((curve) => valuesOf(me, curve)[what].map((value) => y.at(Math.min(y.high, Math.max(y.low, value)))));
  const taken = [];
  curves.forEach((curve, mine) => {
    const wide = pen.wide(curve.name, size, 700);
    const ys = valuesOf(me, curve)[what];
    const span = Math.ceil((wide + 4) / (xs[1] - xs[0]));
    let best = null;
    for (let i = 12; i + span < POINTS; i += step) {
      if (!(ys[i] >= y.low && ys[i] <= y.high)) continue;
      for (const side of [-1, 1]) {
        const middle = heights[mine][i] + side * size * 0.85;
        if (middle < box.top + size * 0.6 || middle > box.bottom - size * 0.6) continue;
        let [own, free] = [Infinity, size * 2];
        for (let k = i; k <= i + span && free > size * 0.8; k += step) {
          own = Math.min(own, Math.abs(heights[mine][k] - middle));
          for (let other = 0; other < curves.length; other += 1) if (other !== mine) free = Math.min(free, Math.abs(heights[other][k] - middle));
        }
        const left = xs[i] + 4;
        for (const [tx, ty, tw] of taken) if (left < tx + tw && tx < left + wide) free = Math.min(free, Math.abs(ty - middle) - size * 0.4);
        if (own < size * 0.45 || free < own + size * 0.35) continue; // better no name than one at the wrong curve: the rows name all
        const worth = free - i * 0.001 * size;
        if (!best || worth > best.worth) best = { worth, left, middle };
      }
    }
    if (!best) return;
    taken.push([best.left, best.middle, wide]);
    pen.text(best.left, best.middle, curve.name, { color: curve.color, size, weight: 700, halo: me.ink.ground });
  });
}

function paint(me, pen, curves) {
  pen.rect(0, 0, me.box.width, me.box.height, { color: me.ink.ground });
  for (const what of PANELS) drawPanel(me, pen, what, me.box.panels[what], curves);
}

// The course of a training: the plane with the boundary of every network, step by step, and the curves beneath it.
// A running training sends its latest frame, which is kept; a finished one sends them all. Nothing here learns: the
// script reads probabilities off a grid and draws where they pass a level.

const LOSS_VARIANTS = ["ce", "weighted", "focal", "alpha_focal"];
const DATA_VARIANTS = ["ce", "over", "under", "smote"];
const FRAME_MS = 160;
const HEAD = 2.9; // height of a panel's two lines of title, in lines

function parseRecord(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let from = Math.ceil((4 + length) / 4) * 4;
  const take = (count) => bytes.subarray(from, (from += count));
  const cell = head.grid ** 2;
  const one = head.variants.length * head.seeds * cell;
  const grids = head.grid ? Array.from({ length: head.kept }, () => take(one)) : [];
  const odds = take(head.grid ? cell : 0);
  const places = new Int16Array(take(head.seeds * head.points * 4).slice().buffer);
  return { ...head, cell, grids, odds, places, marks: take(head.seeds * head.points) };
}

/** Put what has arrived to what is known of this training: frames by step, and everything else as it now is. */
function gather(known, record) {
  const course = known?.name === record.name ? known : { name: record.name, frames: new Map() };
  // The picture of the running training is still there for a moment when the finished one is drawn: what it is handed
  // late takes nothing back.
  if (course.done || course.steps?.length > record.steps.length) return course;
  const first = record.steps.length - record.grids.length;
  record.grids.forEach((bytes, at) => course.frames.set(record.steps[first + at], { bytes, variants: record.variants }));
  return Object.assign(course, record, { done: record.chosen !== null });
}

/** Steps that can be shown, in order. */
const stops = (course) => (course.grid ? [...course.frames.keys()].sort((a, b) => a - b) : course.steps);

function gridOf(course, step, variant, seed) {
  const frame = course.frames.get(step);
  const place = frame ? frame.variants.indexOf(variant) : -1;
  if (place < 0) return null;
  const from = (place * course.seeds + seed) * course.cell;
  return frame.bytes.subarray(from, from + course.cell);
}

/** Pieces of the line where a grid passes `level` (marching squares), in grid units: [x1, y1, x2, y2] each. */
function contour(grid, side, level) {
  const pieces = [];
  const between = (a, b) => (level - a) / (b - a);
  for (let y = 0; y < side - 1; y += 1) {
    for (let x = 0; x < side - 1; x += 1) {
      const [a, b, c, d] = [grid[y * side + x], grid[y * side + x + 1], grid[(y + 1) * side + x + 1], grid[(y + 1) * side + x]];
      const ends = [];
      if (a >= level !== b >= level) ends.push([x + between(a, b), y]);
      if (b >= level !== c >= level) ends.push([x + 1, y + between(b, c)]);
      if (d >= level !== c >= level) ends.push([x + between(d, c), y + 1]);
      if (a >= level !== d >= level) ends.push([x, y + between(a, d)]);
      for (let i = 0; i + 1 < ends.length; i += 2) pieces.push([...ends[i], ...ends[i + 1]]);
    }
  }
  return pieces;
}

// ---------------------------------------------------------------- layout

function layout(me) {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const width = Math.max(270, me.stage.clientWidth);
  const size = Math.max(11, rem * 0.78);
  const columns = width < 34 * rem ? 2 : 4;
  const gap = size;
  const side = (width - gap * (columns - 1)) / columns;
  const head = size * HEAD;
  const rows = me.course.grid ? Math.ceil(4 / columns) : 0;
  const above = rows * (head + side + gap);
  const beside = width >= 34 * rem;
  const high = rem * (me.course.grid ? 11 : 15);
  return { rem, size, width, columns, gap, side, head, above, beside, high, height: above + high * (beside ? 1 : 2) };
}

const shownOf = (me) => (me.view.shown === "data" ? DATA_VARIANTS : LOSS_VARIANTS).filter((name) => me.course.variants.includes(name));

// ---------------------------------------------------------------- the plane

/** The training points of a seed, painted once for a size and a theme. */
function pointsLayer(me, side) {
  const { course, view, ink } = me;
  const wanted = [course.name, view.seed, side, ink.text].join(" ");
  if (me.layer?.name === wanted) return me.layer.canvas;
  const canvas = element("canvas");
  const pen = canvasPen(paper(canvas, side, side), "sans-serif");
  paintPoints(me, pen, 0, 0, side);
  me.layer = { name: wanted, canvas };
  return canvas;
}

function paintPoints(me, pen, left, top, side) {
  const { course, view, ink } = me;
  const from = view.seed * course.points;
  const late = [];
  for (let i = 0; i < course.points; i += 1) {
    const x = left + ((course.places[2 * (from + i)] / 32767) * 0.5 + 0.5) * side;
    const y = top + (0.5 - (course.places[2 * (from + i) + 1] / 32767) * 0.5) * side;
    const mark = course.marks[from + i];
    if (mark) late.push([x, y, mark]);
    else pen.rect(x - 0.7, y - 0.7, 1.4, 1.4, { color: ink.text, alpha: 0.35 });
  }
  for (const [x, y, mark] of late) {
    if (mark & 1) pen.path([x, y - 4, x + 4, y, x, y + 4, x - 4, y, x, y - 4], { color: ink.text, width: 1.6 });
    if (mark & 2) pen.path([x - 3, y - 3, x + 3, y + 3], { color: ink.text, width: 1.4 });
    if (mark & 2) pen.path([x - 3, y + 3, x + 3, y - 3], { color: ink.text, width: 1.4 });
  }
}

function paintRegion(me, pen, grid, left, top, cell, color) {
  const { course, view } = me;
  for (let y = 0; y < course.grid - 1; y += 1) {
    let begun = null;
    for (let x = 0; x < course.grid; x += 1) {
      const inside = x < course.grid - 1 && grid[y * course.grid + x] + grid[y * course.grid + x + 1] + grid[(y + 1) * course.grid + x] + grid[(y + 1) * course.grid + x + 1] >= 4 * 255 * view.level;
      if (inside && begun === null) begun = x;
      if (!inside && begun !== null) {
        pen.rect(left + begun * cell, top + (course.grid - 2 - y) * cell, (x - begun) * cell, cell + 0.3, { color, alpha: 0.22 });
        begun = null;
      }
    }
  }
}

function paintLine(me, pen, grid, left, top, cell, style) {
  const side = me.course.grid;
  const down = (y) => top + (side - 1 - y) * cell;
  for (const [x1, y1, x2, y2] of contour(grid, side, 255 * me.view.level)) pen.path([left + x1 * cell, down(y1), left + x2 * cell, down(y2)], style);
}

function paintPanel(me, pen, variant, at, drawn) {
  const { box, course, view, ink, labels } = me;
  const left = (at % box.columns) * (box.side + box.gap);
  const above = Math.floor(at / box.columns) * (box.head + box.side + box.gap);
  const top = above + box.head;
  const cell = box.side / (course.grid - 1);
  const color = variantColor(ink, variant);
  pen.path([left, above + box.size * 0.8, left + box.size * 1.7, above + box.size * 0.8], { color, width: 4, dash: VARIANT_LINES[variant] });
  pen.text(left + box.size * 2.2, above + box.size * 0.8, me.names[variant], { color: ink.text, size: box.size, weight: 700 });
  pen.text(left, above + box.size * 2.1, fill(labels.score, { value: scoreOf(me, variant) }) + (takenHere(me, variant) ? ` · ${labels.taken}` : ""), { color: ink.text, size: box.size });
  pen.rect(left, top, box.side, box.side, { color: ink.soft });
  const grid = gridOf(course, me.step, variant, view.seed);
  if (grid) paintRegion(me, pen, grid, left, top, cell, color);
  drawn(left, top);
  for (let seed = 0; seed < course.seeds; seed += 1) {
    const other = seed === view.seed ? null : gridOf(course, me.step, variant, seed);
    if (other) paintLine(me, pen, other, left, top, cell, { color, width: 1, alpha: 0.75 });
  }
  paintLine(me, pen, course.odds, left, top, cell, { color: ink.text, width: 1.5, dash: [2, 3] });
  if (!grid) return;
  paintLine(me, pen, grid, left, top, cell, { color: ink.ground, width: 5 });
  paintLine(me, pen, grid, left, top, cell, { color, width: 3 });
  if (grid.every((value) => value < 255 * view.level)) pen.text(left + box.side / 2, top + box.side - box.size, fill(labels.nowhere, { level: view.level.toFixed(2) }), { color: ink.text, size: box.size * 0.95, align: "center", halo: ink.soft });
}

function scoreOf(me, variant) {
  const at = me.course.steps.indexOf(me.step);
  const place = me.course.variants.indexOf(variant);
  const value = me.course.precision[at]?.[place]?.[me.view.seed];
  return value === undefined ? "–" : value.toFixed(2);
}

function takenHere(me, variant) {
  const { course } = me;
  return Boolean(course.chosen) && course.steps[course.chosen[course.variants.indexOf(variant)][me.view.seed]] === me.step;
}

// ---------------------------------------------------------------- the curves

/** Values by frame and seed of one variant: the precision as it is, the loss as a part of its own beginning. */
function seriesOf(course, what, variant) {
  const place = course.variants.indexOf(variant);
  return course[what].map((frame) => frame[place]?.map((value, seed) => (what === "loss" ? value / course.loss[0][place][seed] : value)) ?? []);
}

function paintCurves(me, pen, what, at) {
  const { box, course, ink, labels } = me;
  const wide = box.beside ? (box.width - box.gap * 2) / 2 : box.width;
  const left = (box.beside ? at * (wide + box.gap * 2) : 0) + box.size * 3;
  const above = box.above + (box.beside ? 0 : at * box.high);
  const plot = { left, top: above + box.size * 2, right: left + wide - box.size * 4.4, bottom: above + box.high - box.size * 3 };
  const x = scaleOf("linear", 0, course.total, plot.left, plot.right, 5);
  const most = what === "loss" ? Math.max(1, ...shownOf(me).flatMap((name) => seriesOf(course, what, name).flat())) : 1;
  const y = scaleOf("linear", 0, Math.min(most, 1.5), plot.bottom, plot.top, 4);
  axes(pen, plot, x, y, ink, { size: box.size * 0.95, xName: labels.x_step, yName: labels[`y_${what}`] });
  for (const variant of shownOf(me)) {
    const series = seriesOf(course, what, variant).slice(0, course.steps.length);
    const color = variantColor(ink, variant);
    const along = (pick) => series.flatMap((values, frame) => [x.at(course.steps[frame]), y.at(Math.min(pick(values), 1.5))]);
    for (let seed = 0; seed < course.seeds; seed += 1) pen.path(along((values) => values[seed]), { color, width: 1, alpha: 0.35 });
    pen.path(along((values) => values.reduce((sum, one) => sum + one, 0) / values.length), { color, width: 3, dash: VARIANT_LINES[variant] });
  }
  pen.path([x.at(me.step), plot.top, x.at(me.step), plot.bottom], { color: ink.text, width: 1.5 });
  me.plots[at] = { ...plot, x };
}

function paint(me, pen, drawn) {
  const { box, ink } = me;
  pen.rect(0, 0, box.width, box.height, { color: ink.ground });
  if (me.course.grid) shownOf(me).forEach((variant, at) => paintPanel(me, pen, variant, at, drawn));
  me.plots = [];
  ["precision", "loss"].forEach((what, at) => paintCurves(me, pen, what, at));
}

function draw(me) {
  const begun = performance.now();
  me.ink = { ...lossInk(me.canvas), soft: themeColor(me.canvas, "--st-secondary-background-color", "#f4f5f7") };
  me.box = layout(me);
  const steps = stops(me.course);
  const last = steps[steps.length - 1];
  me.step = me.view.step === null ? last : steps.reduce((best, step) => (Math.abs(step - me.view.step) < Math.abs(best - me.view.step) ? step : best), last);
  const context = paper(me.canvas, me.box.width, me.box.height);
  paint(me, canvasPen(context, themeColor(me.canvas, "--st-font", "sans-serif")), (left, top) => {
    context.globalAlpha = 1;
    context.drawImage(pointsLayer(me, me.box.side), left, top, me.box.side, me.box.side);
  });
  me.range.max = steps.length - 1;
  me.range.value = steps.indexOf(me.step);
  me.range.setAttribute("aria-valuetext", fill(me.labels.step, { step: me.step, total: me.course.total }));
  me.said.textContent = fill(me.labels.step, { step: me.step, total: me.course.total });
  me.play.textContent = me.timer ? me.labels.pause : me.labels.play;
  me.levelSaid.textContent = me.view.level.toFixed(2);
  me.chips.forEach((chip) => chip.node.setAttribute("aria-pressed", String(me.view[chip.what] === chip.value)));
  me.root.dataset.step = me.step;
  me.root.dataset.drawMs = (performance.now() - begun).toFixed(2);
}

/** A text and what must stand before the next one: full-width punctuation brings its own space. */
const then = (text) => (/[!-~]$/.test(text) ? `${text} ` : text);

/** The same in words: for a screen reader, and for whoever wants the numbers. */
function readOut(me) {
  const parts = shownOf(me).map((variant) => fill(me.labels.read_one, { name: me.names[variant], value: scoreOf(me, variant) }));
  me.readout.textContent = then(fill(me.labels.read, { step: me.step, seed: me.view.seed + 1 })) + parts.join(then(me.labels.comma));
}

// ---------------------------------------------------------------- the hand

function show(me, step) {
  me.view.step = step;
  soon(me, () => { draw(me); if (!me.timer) readOut(me); });
}

function move(me, by) {
  const steps = stops(me.course);
  show(me, steps[Math.min(steps.length - 1, Math.max(0, steps.indexOf(me.step) + by))]);
}

function stop(me) {
  clearInterval(me.timer);
  me.timer = null;
}

function playOrPause(me) {
  if (me.timer) stop(me);
  else {
    const steps = stops(me.course);
    if (me.step === steps[steps.length - 1]) show(me, steps[0]);
    me.timer = setInterval(() => {
      const now = stops(me.course);
      if (!me.root.isConnected || (me.step === now[now.length - 1] && me.course.done)) stop(me);
      else return move(me, 1);
      return soon(me, () => { draw(me); readOut(me); });
    }, FRAME_MS);
  }
  soon(me, () => { draw(me); readOut(me); });
}

function listen(me) {
  const scrub = (event) => {
    const box = me.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const plot = me.plots.find((one) => x >= one.left - 8 && x <= one.right + 8 && y >= one.top - 8 && y <= one.bottom + 8);
    if (!plot) return false;
    stop(me);
    show(me, plot.x.back(x));
    return true;
  };
  me.canvas.onpointerdown = (event) => { if (scrub(event)) me.canvas.setPointerCapture(event.pointerId); };
  me.canvas.onpointermove = (event) => { if (event.buttons) scrub(event); };
}

function chip(me, what, value, text) {
  const node = toggleButton(text, false, () => {
    me.view[what] = value;
    draw(me);
    readOut(me);
  });
  me.chips.push({ what, value, node });
  return node;
}

function button(text, act) {
  const node = element("button", { type: "button", class: "chip", text });
  node.onclick = act;
  return node;
}

function build(me) {
  const { labels, course } = me;
  me.canvas = element("canvas", { role: "img", "aria-label": course.grid ? labels.canvas : labels.canvas_curves });
  me.stage = element("div", { class: "stage" }, [me.canvas]);
  me.chips = [];
  me.range = element("input", { type: "range", min: 0, step: 1, "aria-label": labels.steps, class: "course" });
  me.range.oninput = () => { stop(me); show(me, stops(me.course)[Number(me.range.value)]); };
  me.play = button(labels.play, () => playOrPause(me));
  me.said = element("span", { class: "value" });
  const level = element("input", { type: "range", min: 0.02, max: 0.98, step: 0.01, "aria-label": labels.level, value: me.view.level });
  level.oninput = () => { me.view.level = Number(level.value); soon(me, () => draw(me)); };
  level.ondblclick = () => { level.value = me.view.level = 0.5; draw(me); };
  me.levelSaid = element("span", { class: "value" });
  const save = button(labels.save, () => {
    const pen = svgPen(me.box.width, me.box.height, themeColor(me.canvas, "--st-font", "sans-serif"), me.ink.ground);
    paint(me, pen, (left, top) => paintPoints(me, pen, left, top, me.box.side));
    saveAs("training.svg", pen.made());
  });
  const bar = element("div", { class: "tools course" }, [me.play, button(labels.back, () => { stop(me); move(me, -1); }), button(labels.next, () => { stop(me); move(me, 1); }), me.range, me.said]);
  const seeds = Array.from({ length: course.seeds }, (_, seed) => chip(me, "seed", seed, String(seed + 1)));
  const choice = element("div", { class: "tools" }, [
    element("span", { class: "choice", role: "group", "aria-label": labels.show }, [chip(me, "shown", "losses", labels.losses), chip(me, "shown", "data", labels.data)]),
    element("span", { class: "choice", role: "group", "aria-label": labels.seed }, [element("span", { class: "hint", text: labels.seed }), ...seeds]),
    save,
  ]);
  const levels = element("label", { class: "tools level" }, [element("span", { class: "hint", text: labels.level }), level, me.levelSaid]);
  const legend = element("p", { class: "legend" }, ["rare", "common", "wrong", "mine", "others", "ideal"].map((name) => element("span", { class: `sign ${name}`, text: labels[`legend_${name}`] })));
  me.readout = element("p", { class: "readout", "aria-live": "polite" });
  me.root.replaceChildren(choice, ...(course.grid ? [levels] : []), me.stage, bar, ...(course.grid ? [legend] : []), me.readout);
  listen(me);
  me.watch?.disconnect();
  me.watch = new ResizeObserver(() => soon(me, () => draw(me)));
  me.watch.observe(me.stage);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root, contour, gather });
  // What the reader has chosen outlives the component: a training that ends is drawn anew elsewhere on the page.
  me.view = (house.trainings ??= {})[data.kind] ??= { step: null, level: 0.5, seed: 0, shown: "losses" };
  const leave = withPayload(data.payload, (bytes) => {
    const record = parseRecord(bytes);
    const before = house.courses?.[data.kind];
    if (before && before.name !== record.name) me.view.step = null;
    me.course = gather(before, record);
    (house.courses ??= {})[data.kind] = me.course;
    const rebuilt = JSON.stringify([me.labels, me.names, Boolean(me.course.grid)]);
    Object.assign(me, { labels: data.labels, names: data.names });
    if (rebuilt !== JSON.stringify([me.labels, me.names, root.dataset.plane === "true"]) || !me.canvas) build(me);
    root.dataset.plane = Boolean(me.course.grid);
    draw(me);
    if (!me.timer) readOut(me);
    root.dataset.painted = `${me.course.name} ${me.course.steps.length} ${me.course.done}`;
  });
  me.theme ??= new MutationObserver(() => me.course && soon(me, () => draw(me)));
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
  return leave;
}

// Two dual encoders in training, one on true pairs and one on broken ones: what each loss says, what retrieval says, the
// held-out matrix of both, and what the first caption found still gets right. Nothing is trained here; a running training
// sends its latest frame, a finished one all of them.

const METRICS = ["recall_1", "recall_5"];
const WAYS = ["both", "image_to_text", "text_to_image"];

function recallOf(frame, metric, way) {
  const k = metric.slice(-1);
  const [there, back] = [frame.found[`image_to_text_${k}`], frame.found[`text_to_image_${k}`]];
  return way === "both" ? (there + back) / 2 : way === "image_to_text" ? there : back;
}

// ---------------------------------------------------------------- layout

function layout(me) {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const width = Math.max(270, me.stage.clientWidth);
  const size = Math.max(11, rem * 0.78);
  const wide = width >= 36 * rem;
  const gap = size * 1.6;
  // The longest text at a line's end, and the space before it.
  const tail = 10 + widthOf(`1.00 ${me.labels.heart}`, size * 0.95, 700, themeColor(me.canvas, "--st-font", "sans-serif"));
  const plotHigh = rem * 12.5;
  const plots = wide
    ? [0, 1].map((at) => ({ left: at * (width / 2) + size * 3, right: (at + 1) * (width / 2) - (at ? tail : size * 4), top: size * 2, bottom: plotHigh - size * 3 }))
    : [0, 1].map((at) => ({ left: size * 3, right: width - tail, top: at * plotHigh + size * 2, bottom: (at + 1) * plotHigh - size * 3 }));
  const below = plotHigh * (wide ? 1 : 2) + size * 0.5;
  const side = wide ? (width - 2 * gap - size * 1.5) / 3 : (width - gap - size * 1.5) / 2;
  const squares = [0, 1].map((at) => ({ left: size * 1.5 + at * (side + gap), top: below + size * 1.8, side }));
  const rows = side + size * 5.2;
  const bars = wide
    ? { left: size * 1.5 + 2 * (side + gap), right: width - size * 0.5, top: below + size * 1.8 }
    : { left: 0, right: width - size * 0.5, top: below + rows + size * 1.8 };
  const height = wide ? below + rows : bars.top + size * 16;
  return { rem, width, size, wide, plots, squares, bars, height, foot: below + size * 1.8 + side };
}

// ---------------------------------------------------------------- plots

function ends(me, pen, plot, marks) {
  const { box, ink } = me;
  const sorted = marks.sort((a, b) => a.y - b.y);
  sorted.forEach((mark, at) => { if (at) mark.y = Math.max(mark.y, sorted[at - 1].y + box.size * 1.15); });
  const over = sorted.length ? sorted[sorted.length - 1].y - (plot.bottom + box.size * 0.3) : 0;
  sorted.forEach((mark) => pen.text(mark.x + 4, mark.y - Math.max(0, over), mark.text, { color: mark.color, size: box.size * 0.95, weight: 700, halo: ink.ground }));
}

function paintLoss(me, pen) {
  const { course, box, ink, labels } = me;
  const plot = box.plots[0];
  const most = Math.max(...course.frames.flat().map((frame) => frame.loss), 1);
  const x = scaleOf("linear", 0, course.total, plot.left, plot.right, 5);
  const y = scaleOf("linear", 0, Math.ceil(most), plot.bottom, plot.top, 5);
  axes(pen, plot, x, y, ink, { size: box.size * 0.95, xName: labels.x_step, yName: labels.y_loss });
  const guess = Math.log(course.setup.batch);
  pen.path([plot.left, y.at(guess), plot.right, y.at(guess)], { color: ink.quiet, dash: [2, 3] });
  pen.text(plot.right - 4, y.at(guess) - box.size * 0.7, fill(labels.guess, { n: course.setup.batch, value: guess.toFixed(2) }), { color: ink.quiet, size: box.size * 0.9, align: "right" });
  lines(me, pen, plot, x, ALIGN_RUNS.map((run, at) => ({ run, color: ink[run], value: (frame) => y.at(frame[at].loss), text: course.frames[course.frames.length - 1][at].loss.toFixed(2) })));
  me.plots[0] = { ...plot, x };
}

function lines(me, pen, plot, x, series) {
  const { course, ink } = me;
  const marks = [];
  for (const { color, value, text, run, thin } of series) {
    pen.path(course.frames.flatMap((frame, at) => [x.at(course.steps[at]), value(frame)]), { color, width: thin ? 1.6 : 3, dash: thin ? [2, 3] : RUN_DASH[run] });
    const last = course.frames.length - 1;
    marks.push({ x: x.at(course.steps[last]), y: value(course.frames[last]), text, color });
  }
  pen.path([x.at(me.step), plot.top, x.at(me.step), plot.bottom], { color: ink.text, width: 1.5 });
  ends(me, pen, plot, marks);
}

function paintRecall(me, pen) {
  const { course, box, ink, labels, view } = me;
  const plot = box.plots[1];
  const x = scaleOf("linear", 0, course.total, plot.left, plot.right, 5);
  const y = scaleOf("linear", 0, 1, plot.bottom, plot.top, 4);
  const name = fill(labels[`y_${view.metric}`], { way: labels[`way_${view.way}`], n: course.pairs });
  const luck = course.luck[view.metric.slice(-1)];
  pen.rect(plot.left, y.at(luck.high), plot.right - plot.left, y.at(luck.low) - y.at(luck.high), { color: ink.quiet, alpha: 0.28 });
  axes(pen, plot, x, y, ink, { size: box.size * 0.95, xName: labels.x_step, yName: name });
  pen.text(plot.left + 6, y.at(luck.high) - box.size * 0.7, fill(labels.luck, { low: share(luck.low), high: share(luck.high) }), { color: ink.quiet, size: box.size * 0.9 });
  const last = course.frames[course.frames.length - 1];
  const found = ALIGN_RUNS.map((run, at) => ({ run, color: ink[run], value: (frame) => y.at(recallOf(frame[at], view.metric, view.way)), text: recallOf(last[at], view.metric, view.way).toFixed(2) }));
  const own = { run: "broken", thin: true, color: ink.broken, value: (frame) => y.at(frame[1].own), text: `${last[1].own.toFixed(2)} ${labels.heart}` };
  lines(me, pen, plot, x, [own, ...found]);
  me.plots[1] = { ...plot, x };
}

// ---------------------------------------------------------------- matrices and parts

function paintMatrix(me, pen, context, at) {
  const { course, box, ink, labels, order } = me;
  const square = box.squares[at];
  const frame = course.frames[course.steps.indexOf(me.step)][at];
  const run = ALIGN_RUNS[at];
  pen.path([square.left, square.top - box.size * 0.9, square.left + box.size * 1.8, square.top - box.size * 0.9], { color: ink[run], width: 4, dash: RUN_DASH[run] });
  pen.text(square.left + box.size * 2.3, square.top - box.size * 0.9, fill(labels[`title_${run}`], { value: recallOf(frame, me.view.metric, me.view.way).toFixed(2) }), { color: ink.text, size: box.size, weight: 700 });
  paintCells(pen, context, me.cells[at], order, square.left, square.top, square.side, me.table);
  pen.text(square.left + square.side / 2, square.top + square.side + box.size * 0.8, labels.columns, { color: ink.quiet, size: box.size * 0.92, align: "center" });
  pen.text(square.left - box.size * 0.8, square.top + square.side / 2, labels.rows, { color: ink.quiet, size: box.size * 0.92, align: "center", turn: -Math.PI / 2 });
  if (!me.hover) return;
  const cell = square.side / course.pairs;
  const [i, j] = me.hover;
  const around = (x, y, w, h) => pen.path([x, y, x + w, y, x + w, y + h, x, y + h, x, y], { color: ink.broken, width: 1.5 });
  around(square.left, square.top + i * cell, square.side, cell);
  around(square.left + j * cell, square.top, cell, square.side);
}

function paintScale(me, pen) {
  const { box, ink, labels, table } = me;
  const { left, side } = box.squares[0];
  const [y, wide, high] = [box.foot + box.size * 2.2, side, box.size * 0.6];
  for (let k = 0; k < 48; k += 1) pen.rect(left + (wide * k) / 48, y, wide / 48 + 0.4, high, { color: cssOf(table[Math.round((k / 47) * 255)]) });
  const right = left + wide + box.size * 0.6;
  pen.text(right, y + high / 2, labels.scale, { color: ink.quiet, size: box.size * 0.9 });
}

function paintParts(me, pen) {
  const { course, box, ink, labels } = me;
  const { left, right, top } = box.bars;
  const frames = course.frames[course.steps.indexOf(me.step)];
  pen.text(left, top - box.size * 0.9, labels.parts, { color: ink.text, size: box.size, weight: 700 });
  const from = left + box.size * 4.2;
  const wide = right - from - box.size * 3;
  const line = box.size * 3.1;
  Object.entries(course.luck.parts).forEach(([part, lucky], row) => {
    const y = top + box.size * 0.3 + row * line;
    pen.text(left, y + box.size * 0.9, labels[`part_${part}`], { color: ink.text, size: box.size });
    ALIGN_RUNS.forEach((run, at) => {
      const value = frames[at].parts[row];
      const high = box.size * 0.82;
      const y1 = y + at * (high + 2);
      pen.rect(from, y1, wide, high, { color: ink.soft });
      pen.rect(from, y1, wide * value, high, { color: ink[run] });
      if (at) hatch(pen, from, y1, wide * value, high, ink.ground, 5);
      pen.text(from + wide + 5, y1 + high / 2, share(value), { color: ink.text, size: box.size * 0.88 });
    });
    pen.path([from + wide * lucky, y - 3, from + wide * lucky, y + box.size * 1.64 + 5], { color: ink.text, width: 2 });
  });
  pen.text(left, top + 4 * line + box.size * 0.6, labels.parts_luck, { color: ink.quiet, size: box.size * 0.9 });
}

function paint(me, pen, context) {
  pen.rect(0, 0, me.box.width, me.box.height, { color: me.ink.ground });
  me.plots = [];
  paintLoss(me, pen);
  paintRecall(me, pen);
  [0, 1].forEach((at) => paintMatrix(me, pen, context, at));
  paintScale(me, pen);
  paintParts(me, pen);
}

function draw(me) {
  const begun = performance.now();
  me.ink = alignInk(me.canvas);
  me.box = layout(me);
  const stops = courseStops(me.course);
  me.step = me.view.step === null ? stops[stops.length - 1] : nearestStop(me.course, me.view.step);
  const wanted = `${me.course.name} ${me.step}`;
  if (me.shown !== wanted) {
    me.shown = wanted;
    me.cells = ALIGN_RUNS.map((_, run) => {
      const { images, texts } = unitVectors(me.course, me.step, run);
      return cosinesOf(images, texts, me.course.pairs, me.course.width);
    });
  }
  const context = sheetOf(me.canvas, me.box.width, me.box.height);
  paint(me, canvasPen(context, themeColor(me.canvas, "--st-font", "sans-serif")), context);
  me.bar.update();
  me.chips.forEach((chip) => chip.node.setAttribute("aria-pressed", String(me.view[chip.what] === chip.value)));
  me.root.dataset.step = me.step;
  me.root.dataset.drawMs = (performance.now() - begun).toFixed(2);
}

/** The same in words. */
function readOut(me) {
  const { labels, course } = me;
  const frames = course.frames[course.steps.indexOf(me.step)];
  if (me.hover) {
    const [i, j] = me.hover.map((place) => me.order[place]);
    const values = { picture: me.captions[i], caption: me.captions[j], aligned: plainCosine(me.cells[0][i * course.pairs + j]), broken: plainCosine(me.cells[1][i * course.pairs + j]) };
    return write(me.readout, fill(i === j ? labels.read_pair : labels.read_cell, values));
  }
  const values = { step: me.step };
  ALIGN_RUNS.forEach((run, at) => {
    values[`${run}_loss`] = frames[at].loss.toFixed(2);
    values[`${run}_1`] = recallOf(frames[at], "recall_1", "both").toFixed(2);
    values[`${run}_5`] = recallOf(frames[at], "recall_5", "both").toFixed(2);
    values[`${run}_own`] = frames[at].own.toFixed(2);
  });
  return write(me.readout, fill(labels.read, values));
}

const plainCosine = (value) => value.toFixed(2).replace("-", "−");

// ---------------------------------------------------------------- the hand

function show(me, step) {
  me.view.step = step === me.course.steps[me.course.steps.length - 1] ? null : step;
  soon(me, () => { draw(me); if (!me.timer) readOut(me); });
}

function listen(me) {
  const place = (event) => {
    const frame = me.canvas.getBoundingClientRect();
    return [event.clientX - frame.left, event.clientY - frame.top];
  };
  const scrub = (event) => {
    const [x, y] = place(event);
    const plot = me.plots.find((one) => x >= one.left - 8 && x <= one.right + 8 && y >= one.top - 8 && y <= one.bottom + 8);
    if (!plot) return false;
    me.bar.stop();
    show(me, nearestStop(me.course, plot.x.back(x)));
    return true;
  };
  const point = (event) => {
    const [x, y] = place(event);
    const square = me.box.squares.find((one) => x >= one.left && x < one.left + one.side && y >= one.top && y < one.top + one.side);
    const cell = square ? [y - square.top, x - square.left].map((at) => Math.floor((at / square.side) * me.course.pairs)) : null;
    if (String(cell) === String(me.hover)) return;
    me.hover = cell;
    soon(me, () => { draw(me); readOut(me); });
  };
  me.canvas.onpointerdown = (event) => { if (scrub(event)) me.canvas.setPointerCapture(event.pointerId); else point(event); };
  me.canvas.onpointermove = (event) => { if (event.buttons) scrub(event); else point(event); };
  me.canvas.onpointerleave = () => { me.hover = null; soon(me, () => { draw(me); readOut(me); }); };
}

function build(me) {
  const { labels } = me;
  me.canvas = element("canvas", { role: "img", "aria-label": labels.canvas });
  me.stage = element("div", { class: "stage" }, [me.canvas]);
  me.chips = [];
  const chip = (what, value) => {
    const node = toggleButton(labels[`${what}_${value}`], false, () => { me.view[what] = value; draw(me); readOut(me); });
    me.chips.push({ what, value, node });
    return node;
  };
  const group = (what, values) => element("span", { class: "choice", role: "group", "aria-label": labels[what] }, values.map((value) => chip(what, value)));
  const save = element("button", { type: "button", class: "chip save", text: labels.save });
  save.onclick = () => {
    const pen = svgPen(me.box.width, me.box.height, themeColor(me.canvas, "--st-font", "sans-serif"), me.ink.ground);
    paint(me, pen, null);
    saveAs("broken-pairs.svg", pen.made());
  };
  me.bar = stepBar(me, (step) => show(me, step));
  const legend = element("p", { class: "legend" }, ["aligned", "broken", "own", "luck"].map((name) => element("span", { class: `sign ${name}`, text: labels[`legend_${name}`] })));
  me.readout = element("p", { class: "readout", "aria-live": "polite" });
  me.root.replaceChildren(legend, me.stage, me.bar.bar, element("div", { class: "tools" }, [group("metric", METRICS), group("way", WAYS), save]), me.readout);
  listen(me);
  me.watch?.disconnect();
  me.watch = new ResizeObserver(() => soon(me, () => draw(me)));
  me.watch.observe(me.stage);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root, hover: null, table: cividisTable(1), recallOf, cosinesOf });
  // What the reader has chosen outlives the component: a training that ends is drawn anew elsewhere on the page.
  me.view = house.brokenView ??= { step: null, metric: "recall_1", way: "both" };
  const leave = withPayload(data.payload, (bytes) => {
    const record = readCourse(bytes);
    if (house.brokenCourse && house.brokenCourse.name !== record.name) me.view.step = null;
    me.course = house.brokenCourse = gatherCourse(house.brokenCourse, record);
    const content = JSON.stringify([data.labels, data.captions]);
    Object.assign(me, { labels: data.labels, captions: data.captions, order: data.order });
    if (me.content !== content) build(me);
    me.content = content;
    draw(me);
    if (!me.timer) readOut(me);
    root.dataset.painted = `${me.course.name} ${me.course.steps.length} ${me.course.done}`;
  });
  me.theme?.disconnect();
  me.theme = new MutationObserver(() => me.course && soon(me, () => draw(me)));
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
  return leave;
}

// The shared space: pictures and captions of the held-out pairs in one plane, a line from each to its own; the gap between
// the two clouds measured, and closed or widened by hand; who pulls and who pushes a chosen point. The formulas are those
// of explainers/alignment/contrastive.py; a test compares the two in a browser.

/** Mean of the rows, and how far the two means lie apart. */
function meanOf(rows, n, width) {
  const mean = new Float64Array(width);
  for (let i = 0; i < n; i += 1) for (let k = 0; k < width; k += 1) mean[k] += rows[i * width + k] / n;
  return mean;
}

/** Both clouds moved by half of `share` of the gap each and put back on the sphere (contrastive.slide). */
function slideGap(images, texts, n, width, share) {
  const [a, b] = [meanOf(images, n, width), meanOf(texts, n, width)];
  const moved = [images.slice(), texts.slice()];
  for (let i = 0; i < n; i += 1) {
    for (let k = 0; k < width; k += 1) {
      const half = 0.5 * share * (b[k] - a[k]);
      moved[0][i * width + k] += half;
      moved[1][i * width + k] -= half;
    }
  }
  return moved.map((rows) => unitRows(rows, width));
}

function gapOf(images, texts, n, width) {
  const [a, b] = [meanOf(images, n, width), meanOf(texts, n, width)];
  return Math.sqrt(a.reduce((sum, value, k) => sum + (value - b[k]) ** 2, 0));
}

function alignmentOf(images, texts, n) {
  let sum = 0;
  for (let i = 0; i < images.length; i += 1) sum += (images[i] - texts[i]) ** 2;
  return sum / n;
}

function uniformityOf(rows, n, width) {
  let sum = 0;
  for (let i = 0; i < n; i += 1) {
    for (let j = i + 1; j < n; j += 1) {
      let far = 0;
      for (let k = 0; k < width; k += 1) far += (rows[i * width + k] - rows[j * width + k]) ** 2;
      sum += Math.exp(-2 * far);
    }
  }
  return Math.log(sum / ((n * (n - 1)) / 2));
}

/** Shares of a softmax along rows or columns of scaled cosines. */
function softmaxOf(cosines, n, scale, byColumn) {
  const out = new Float64Array(n * n);
  const at = (i, j) => (byColumn ? j * n + i : i * n + j);
  for (let i = 0; i < n; i += 1) {
    let top = -Infinity;
    for (let j = 0; j < n; j += 1) top = Math.max(top, scale * cosines[at(i, j)]);
    let sum = 0;
    for (let j = 0; j < n; j += 1) sum += out[at(i, j)] = Math.exp(scale * cosines[at(i, j)] - top);
    for (let j = 0; j < n; j += 1) out[at(i, j)] /= sum;
  }
  return out;
}

/** Recall at 1 of both directions in the mean; the loss; and d loss / d cosine, of one matrix. */
function judge(cosines, n, scale) {
  const [rows, columns] = [softmaxOf(cosines, n, scale, false), softmaxOf(cosines, n, scale, true)];
  const gradient = new Float64Array(n * n);
  let loss = 0;
  let found = 0;
  for (let i = 0; i < n; i += 1) {
    const own = cosines[i * n + i];
    let [better, worse] = [0, 0];
    for (let j = 0; j < n; j += 1) {
      better += cosines[i * n + j] >= own;
      worse += cosines[j * n + i] >= own;
      gradient[i * n + j] = ((0.5 * scale) / n) * (rows[i * n + j] + columns[i * n + j] - (i === j ? 2 : 0));
    }
    found += 0.5 * (better === 1) + 0.5 * (worse === 1);
    loss -= 0.5 * (Math.log(rows[i * n + i]) + Math.log(columns[i * n + i]));
  }
  return { recall: found / n, loss: loss / n, gradient };
}

/** Forces on one point, tangent to the sphere, from every row of the other modality (contrastive.forces): [n * width]. */
function forcesOn(space, side, point) {
  const { n, width, gradient } = space;
  const [mine, others] = side ? [space.texts, space.images] : [space.images, space.texts];
  const out = new Float64Array(n * width);
  for (let j = 0; j < n; j += 1) {
    const pull = -(side ? gradient[j * n + point] : gradient[point * n + j]);
    let along = 0;
    for (let k = 0; k < width; k += 1) along += pull * others[j * width + k] * mine[point * width + k];
    for (let k = 0; k < width; k += 1) out[j * width + k] = pull * others[j * width + k] - along * mine[point * width + k];
  }
  return out;
}

// ---------------------------------------------------------------- what is shown

function workOut(me) {
  const { course, state } = me;
  const run = ALIGN_RUNS.indexOf(state.run);
  const [n, width] = [course.pairs, course.width];
  const { images, texts } = unitVectors(course, me.step, run);
  const before = gapOf(images, texts, n, width);
  const [left, right] = slideGap(images, texts, n, width, state.slide / 100);
  const cosines = cosinesOf(left, right, n, width);
  const scale = course.frames[course.steps.indexOf(me.step)][run].scale;
  me.space = {
    n, width, images: left, texts: right, cosines, scale, before, gap: gapOf(left, right, n, width), ...judge(cosines, n, scale),
    alignment: alignmentOf(left, right, n), uniform: [uniformityOf(left, n, width), uniformityOf(right, n, width)],
  };
  const basis = course.planes.subarray(run * 3 * width, (run + 1) * 3 * width);
  const flat = (rows) => Array.from({ length: n }, (_, i) => [1, 2].map((axis) => {
    let sum = 0;
    for (let k = 0; k < width; k += 1) sum += (rows[i * width + k] - basis[k]) * basis[axis * width + k];
    return sum;
  }));
  me.points = [flat(left), flat(right)];
  me.forces = forcesOn(me.space, state.side === "caption" ? 1 : 0, state.point - 1);
  me.flatForce = (from) => [1, 2].map((axis) => {
    let sum = 0;
    for (let k = 0; k < width; k += 1) sum += me.forces[from * width + k] * basis[axis * width + k];
    return sum;
  });
}

function layout(me) {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const width = Math.max(270, me.stage.clientWidth);
  const size = Math.max(11, rem * 0.78);
  const wide = width >= 40 * rem;
  const side = wide ? Math.min(width * 0.58, rem * 30) : width;
  const plane = { left: 2, top: 2, right: side - 2, bottom: side - 2 };
  const from = wide ? side + size * 4 : size * 3;
  const high = wide ? (side - size) / 2 : rem * 11;
  const top = wide ? 0 : side + size;
  const plots = [0, 1].map((at) => ({ left: from, right: width - size * 0.8, top: top + at * high + size * 2, bottom: top + (at + 1) * high - size * 3 }));
  return { rem, size, width, plane, plots, side, height: wide ? side : plots[1].bottom + size * 3 };
}

function paintPlane(me, pen) {
  const { box, ink, points, state, course } = me;
  const { plane } = box;
  pen.rect(plane.left, plane.top, plane.right - plane.left, plane.bottom - plane.top, { color: ink.soft });
  // Limits of the run's last step hold for all of it, so that a cloud that grows is seen to grow.
  const far = me.reach;
  const spot = ([x, y]) => [plane.left + ((x / far + 1) / 2) * (plane.right - plane.left), plane.top + ((1 - y / far) / 2) * (plane.bottom - plane.top)];
  me.spots = points.map((cloud) => cloud.map(spot));
  const chosen = state.point - 1;
  for (let i = 0; i < course.pairs; i += 1) pen.path([...me.spots[0][i], ...me.spots[1][i]], { color: ink.text, width: i === chosen ? 2.5 : 0.8, alpha: i === chosen ? 1 : 0.35 });
  for (let i = 0; i < course.pairs; i += 1) {
    const color = me.tints[me.colours[i]];
    const [x, y] = me.spots[0][i];
    pen.dot(x, y, 6.5, { color: ink.ground });
    pen.dot(x, y, 5, { color });
    const [u, v] = me.spots[1][i];
    pen.path([u - 5, v + 4, u, v - 5, u + 5, v + 4, u - 5, v + 4], { color: ink.ground, width: 4 });
    pen.path([u - 5, v + 4, u, v - 5, u + 5, v + 4, u - 5, v + 4], { color, width: 2 });
  }
  paintForces(me, pen, spot, chosen);
  const means = me.spots.map((cloud) => [0, 1].map((axis) => cloud.reduce((sum, one) => sum + one[axis], 0) / cloud.length));
  pen.path([...means[0], ...means[1]], { color: ink.broken, width: 4 });
  means.forEach(([x, y]) => pen.path([x - 6, y, x + 6, y, x, y, x, y - 6, x, y + 6], { color: ink.broken, width: 3 }));
  pen.text(plane.left + 8, plane.bottom - box.size, fill(me.labels.plane, { value: share(course.shown[ALIGN_RUNS.indexOf(state.run)]) }), { color: ink.quiet, size: box.size * 0.92 });
}

function arrow(pen, [x1, y1], [x2, y2], style) {
  if (Math.hypot(x2 - x1, y2 - y1) < 3) return;
  const angle = Math.atan2(y2 - y1, x2 - x1);
  pen.path([x1, y1, x2, y2], style);
  pen.path([x2 - 8 * Math.cos(angle - 0.45), y2 - 8 * Math.sin(angle - 0.45), x2, y2, x2 - 8 * Math.cos(angle + 0.45), y2 - 8 * Math.sin(angle + 0.45)], { ...style, dash: [] });
}

function paintForces(me, pen, spot, chosen) {
  const { ink, state, course } = me;
  const side = state.side === "caption" ? 1 : 0;
  const at = me.spots[side][chosen];
  const size = (j) => Math.sqrt(Array.from({ length: course.width }, (_, k) => me.forces[j * course.width + k] ** 2).reduce((a, b) => a + b, 0));
  const others = Array.from({ length: course.pairs }, (_, j) => j).filter((j) => j !== chosen).map((j) => ({ j, size: size(j) })).sort((a, b) => b.size - a.size);
  const total = others.reduce((sum, one) => sum + one.size, 0) || 1;
  const pull = size(chosen);
  const most = Math.max(pull, others[0].size, 1e-9);
  const drawn = (j, style) => {
    const flat = me.flatForce(j);
    const to = [at[0] + (flat[0] / most) * me.box.side * 0.22, at[1] - (flat[1] / most) * me.box.side * 0.22];
    arrow(pen, at, to, style);
  };
  others.slice(0, 5).forEach(({ j }) => {
    pen.path([me.spots[1 - side][j][0] - 9, me.spots[1 - side][j][1] - 9, me.spots[1 - side][j][0] + 9, me.spots[1 - side][j][1] - 9, me.spots[1 - side][j][0] + 9, me.spots[1 - side][j][1] + 9, me.spots[1 - side][j][0] - 9, me.spots[1 - side][j][1] + 9, me.spots[1 - side][j][0] - 9, me.spots[1 - side][j][1] - 9], { color: ink.broken, width: 1.8, dash: [3, 2] });
    drawn(j, { color: ink.broken, width: 2.2, dash: [5, 3] });
  });
  drawn(chosen, { color: ink.aligned, width: 3 });
  pen.dot(at[0], at[1], 3, { color: ink.text });
  me.said = { pull, total, hardest: others[0].j, hardestShare: others[0].size / total, five: others.slice(0, 5).reduce((sum, one) => sum + one.size, 0) / total };
}

function paintCourse(me, pen) {
  const { course, box, ink, labels } = me;
  const series = {
    alignment: (frame) => [frame.alignment],
    uniformity: (frame) => [(frame.uniformity[0] + frame.uniformity[1]) / 2],
  };
  Object.entries(series).forEach(([name, read], at) => {
    const plot = box.plots[at];
    const x = scaleOf("linear", 0, course.total, plot.left, plot.right, 4);
    const y = scaleOf("linear", name === "alignment" ? 0 : -4, name === "alignment" ? 2.2 : 0, plot.bottom, plot.top, 4);
    axes(pen, plot, x, y, ink, { size: box.size * 0.95, xName: labels.x_step, yName: labels[`y_${name}`] });
    ALIGN_RUNS.forEach((run, k) => pen.path(course.frames.flatMap((frame, i) => [x.at(course.steps[i]), y.at(read(frame[k])[0])]), { color: ink[run], width: run === me.state.run ? 3.2 : 1.6, dash: RUN_DASH[run] }));
    pen.path([x.at(me.step), plot.top, x.at(me.step), plot.bottom], { color: ink.text, width: 1.5 });
    const now = name === "alignment" ? me.space.alignment : (me.space.uniform[0] + me.space.uniform[1]) / 2;
    pen.dot(x.at(me.step), y.at(Math.max(name === "alignment" ? 0 : -4, now)), 5, { color: ink.text });
  });
}

function paint(me, pen) {
  pen.rect(0, 0, me.box.width, me.box.height, { color: me.ink.ground });
  paintPlane(me, pen);
  paintCourse(me, pen);
}

function draw(me) {
  const begun = performance.now();
  me.ink = alignInk(me.canvas);
  me.box = layout(me);
  const stops = courseStops(me.course);
  me.step = nearestStop(me.course, Math.min(me.state.at, me.course.total) || (me.state.at === 0 ? 0 : stops[stops.length - 1]));
  workOut(me);
  me.reach = reachOf(me);
  paint(me, canvasPen(sheetOf(me.canvas, me.box.width, me.box.height), themeColor(me.canvas, "--st-font", "sans-serif")));
  me.bar.update();
  me.slide.set(me.state.slide);
  me.chips.forEach((chip) => chip.node.setAttribute("aria-pressed", String(me.state[chip.what] === chip.value)));
  readOut(me);
  me.root.dataset.drawMs = (performance.now() - begun).toFixed(2);
  me.root.dataset.gap = me.space.gap.toFixed(4);
}

const reachOf = (me) => Math.max(0.3, ...me.points.flat(2).map(Math.abs)) * 1.12;

function readOut(me) {
  const { space, labels, state, said, captions } = me;
  const two = (value) => value.toFixed(2).replace("-", "−");
  write(me.total, fill(labels.total, { gap: two(space.gap), before: two(space.before), recall: two(space.recall), loss: two(space.loss), alignment: two(space.alignment), pictures: two(space.uniform[0]), captions: two(space.uniform[1]) }));
  const other = labels[state.side === "caption" ? "of_picture" : "of_caption"];
  write(me.readout, fill(labels.read, { what: fill(labels[`chosen_${state.side}`], { caption: captions[state.point - 1] }), hardest: fill(other, { caption: captions[said.hardest] }), share: share(said.hardestShare), five: share(said.five) }));
}

// ---------------------------------------------------------------- the hand

function set(me, changes, wait = 0) {
  change(me, changes);
  soon(me, () => draw(me));
  tell(me, wait);
}

function listen(me) {
  me.canvas.onclick = (event) => {
    const frame = me.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - frame.left, event.clientY - frame.top];
    let best = { far: 16 };
    me.spots.forEach((cloud, side) => cloud.forEach(([u, v], i) => {
      const far = Math.hypot(u - x, v - y);
      if (far < best.far) best = { far, side, i };
    }));
    if (best.i !== undefined) set(me, { point: best.i + 1, side: best.side ? "caption" : "picture" });
  };
  me.canvas.onkeydown = (event) => {
    const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      set(me, { side: me.state.side === "caption" ? "picture" : "caption" });
    }
    if (!by) return;
    event.preventDefault();
    set(me, { point: ((me.state.point - 1 + by + me.course.pairs) % me.course.pairs) + 1 }, 300);
  };
}

function build(me) {
  const { labels } = me;
  me.canvas = element("canvas", { role: "application", tabindex: "0", "aria-label": labels.canvas });
  me.stage = element("div", { class: "stage" }, [me.canvas]);
  me.chips = [];
  const group = (what, values) => element("span", { class: "choice", role: "group", "aria-label": labels[what] }, values.map((value) => {
    const node = toggleButton(labels[`${what}_${value}`], false, () => set(me, { [what]: value }));
    me.chips.push({ what, value, node });
    return node;
  }));
  me.bar = stepBar(me, (step) => set(me, { at: step }, 400));
  me.slideSaid = element("span", { class: "value" });
  me.slide = slider({
    name: "slide", label: labels.slide, min: -100, max: 150, step: 1, key: 5, value: me.state.slide, otherwise: 0,
    show: (value) => `${value} %`.replace("-", "−"),
    moved: (value) => { change(me, { slide: value }); write(me.slideSaid, `${value} %`.replace("-", "−")); soon(me, () => draw(me)); },
    left: (wait) => tell(me, wait),
  });
  write(me.slideSaid, `${me.state.slide} %`.replace("-", "−"));
  const sliding = element("label", { class: "tools sliding" }, [element("span", { text: labels.slide }), me.slide.input, me.slideSaid]);
  const save = element("button", { type: "button", class: "chip save", text: labels.save });
  save.onclick = () => {
    const pen = svgPen(me.box.width, me.box.height, themeColor(me.canvas, "--st-font", "sans-serif"), me.ink.ground);
    paint(me, pen);
    saveAs("shared-space.svg", pen.made());
  };
  me.total = element("p", { class: "total", "aria-live": "polite" });
  me.readout = element("p", { class: "readout", "aria-live": "polite" });
  const legend = element("p", { class: "legend" }, ["picture", "caption", "means", "pull", "push"].map((name) => element("span", { class: `sign ${name}`, text: labels[`legend_${name}`] })));
  me.root.replaceChildren(element("div", { class: "tools" }, [group("run", ALIGN_RUNS), save]), legend, me.stage, me.bar.bar, sliding, me.total, me.readout);
  listen(me);
  me.watch?.disconnect();
  me.watch = new ResizeObserver(() => soon(me, () => draw(me)));
  me.watch.observe(me.stage);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root, slideGap, gapOf, judge, forcesOn, alignmentOf, uniformityOf, cosinesOf });
  adopt(me, data);
  const leave = withPayload(data.payload, (bytes) => {
    me.course = readCourse(bytes);
    const content = JSON.stringify([data.labels, data.captions]);
    Object.assign(me, { labels: data.labels, captions: data.captions, colours: data.colours, tints: data.tints });
    if (me.content !== content) build(me);
    me.content = content;
    draw(me);
    root.dataset.painted = `${me.course.name} ${Object.values(me.state).join(" ")}`;
  });
  me.theme?.disconnect();
  me.theme = new MutationObserver(() => me.course && soon(me, () => draw(me)));
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
  return leave;
}

// What any trained network is worth at a movable threshold: precision-recall, ROC, the four figures by threshold,
// reliability, and the confusion matrix. Curves come from every network's logits on its test sample; each class is
// weighted to its share in the data. The definitions are those of explainers/focal_loss/evaluation.py (tested).

const VARIANTS = ["ce", "weighted", "focal", "alpha_focal", "over", "under", "smote"];
const BINS = 10;
const EDGE = 8; // thresholds are drawn between logits of minus and plus this
const FIGURES = ["precision", "recall", "f1", "accuracy"];
const FIGURE_LINES = { precision: [8, 4], recall: [2, 3], f1: [], accuracy: [10, 3, 2, 3] };
const POPULATION = 10000;

const logistic = (z) => 1 / (1 + Math.exp(-z));
const logitOf = (p) => Math.min(EDGE * 2, Math.max(-EDGE * 2, Math.log(p) - Math.log1p(-p)));

function parseScores(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const raw = new Uint16Array(bytes.slice(Math.ceil((4 + length) / 4) * 4).buffer);
  return { ...head, raw, size: head.rare + head.common };
}

/** Logits of one network, the highest first: of the rare examples and of the common ones. */
function ranked(scores, variant, seed) {
  const at = (scores.variants.indexOf(variant) * scores.seeds + seed) * scores.size;
  const read = (from, to) => Float64Array.from(scores.raw.subarray(at + from, at + to), (value) => (value / 65535) * 2 * scores.limit - scores.limit).sort().reverse();
  return { rare: read(0, scores.rare), common: read(scores.rare, scores.size) };
}

/** Share of descending values that are at least `least`. */
function shareAbove(values, least) {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] >= least) low = middle + 1;
    else high = middle;
  }
  return low / values.length;
}

/** The four shares and what follows from them, at a threshold on the logit. */
function figuresAt(network, prevalence, least) {
  const recall = shareAbove(network.rare, least);
  const alarms = shareAbove(network.common, least);
  const [found, alarmed] = [prevalence * recall, (1 - prevalence) * alarms];
  const [missed, passed] = [prevalence - found, 1 - prevalence - alarmed];
  return { recall, alarms, found, missed, alarmed, passed, accuracy: found + passed, precision: found + alarmed ? found / (found + alarmed) : 0, f1: (2 * found) / (2 * found + alarmed + missed) };
}

/** Precision-recall and ROC points at every distinct score of a rare example, and the areas over all thresholds. */
function curvesOf(network, prevalence) {
  const [pr, roc] = [[], [0, 0]];
  let [area, roofs, before] = [0, 0, { recall: 0, alarms: 0 }];
  let [i, j] = [0, 0];
  const { rare, common } = network;
  while (i < rare.length || j < common.length) {
    const score = Math.max(rare[i] ?? -Infinity, common[j] ?? -Infinity);
    const start = i;
    while (rare[i] === score) i += 1;
    while (common[j] === score) j += 1;
    const [recall, alarms] = [i / rare.length, j / common.length];
    const precision = (prevalence * recall) / (prevalence * recall + (1 - prevalence) * alarms);
    area += (recall - before.recall) * precision;
    roofs += ((recall + before.recall) / 2) * (alarms - before.alarms);
    if (i > start) {
      pr.push(recall, precision);
      roc.push(alarms, recall);
    }
    before = { recall, alarms };
  }
  roc.push(1, 1);
  return { pr, roc, prAuc: area, rocAuc: roofs };
}

/** Ten equal bins of probability: weight, mean probability and what came true; and the expected calibration error. */
function reliabilityOf(network, prevalence) {
  const [share, said, came] = [0, 0, 0].map(() => new Float64Array(BINS));
  const add = (values, weight, truth) => values.forEach((z) => {
    const p = logistic(z);
    const bin = Math.min(BINS - 1, Math.floor(p * BINS));
    share[bin] += weight;
    said[bin] += weight * p;
    came[bin] += weight * truth;
  });
  add(network.rare, prevalence / network.rare.length, 1);
  add(network.common, (1 - prevalence) / network.common.length, 0);
  return { share, said, came, error: said.reduce((sum, value, bin) => sum + Math.abs(value - came[bin]), 0) };
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
function spread(values) {
  const middle = mean(values);
  return values.length > 1 ? Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1)) : 0;
}

/** Everything about one variant that does not depend on the threshold; computed when it is first asked for. */
function facts(me, variant) {
  if (me.facts.has(variant)) return me.facts.get(variant);
  const { scores } = me;
  const networks = Array.from({ length: scores.seeds }, (_, seed) => ranked(scores, variant, seed));
  const grid = Array.from({ length: 161 }, (_, at) => -EDGE + (at * 2 * EDGE) / 160);
  const found = {
    networks,
    curves: networks.map((one) => curvesOf(one, scores.prevalence)),
    trust: networks.map((one) => reliabilityOf(one, scores.prevalence)),
    lines: grid.map((least) => networks.map((one) => figuresAt(one, scores.prevalence, least))),
    grid,
  };
  me.facts.set(variant, found);
  return found;
}

// ---------------------------------------------------------------- pictures

function layout(me) {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const width = Math.max(270, me.stage.clientWidth);
  const size = Math.max(11, rem * 0.78);
  const columns = width < 30 * rem ? 1 : width < 46 * rem && me.panels.length > 2 ? 2 : me.panels.length;
  const wide = (width - (columns - 1) * size) / columns;
  const under = size * (me.panels.includes("lines") ? 6 : 3);
  const high = Math.min(wide, rem * 17) + size * 2 + under;
  const plots = me.panels.map((name, at) => {
    const left = (at % columns) * (wide + size);
    const top = Math.floor(at / columns) * (high + size);
    return { name, left: left + size * 2.8, right: left + wide - size * 0.6, top: top + size * 2, bottom: top + high - under };
  });
  return { rem, size, width, columns, plots, height: Math.ceil(me.panels.length / columns) * (high + size) };
}

function unitAxes(me, pen, plot, names, x = null) {
  const { ink, box } = me;
  const across = x ?? scaleOf("linear", 0, 1, plot.left, plot.right, 4);
  const up = scaleOf("linear", 0, 1, plot.bottom, plot.top, 4);
  axes(pen, plot, across, up, ink, { size: box.size * 0.95, xName: names[0], yName: names[1] });
  return [across, up];
}

function thresholdScale(plot, size = 0) {
  const ticks = [0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999].map((p) => ({ value: logitOf(p), text: String(p) }));
  const scale = scaleOf("linear", -EDGE, EDGE, plot.left, plot.right, 4);
  return { ...scale, ticks: plot.right - plot.left < 21 * size ? ticks.filter((_, at) => at % 2) : ticks };
}

const placed = (points, x, y) => points.map((value, at) => (at % 2 ? y.at(value) : x.at(value)));

function paintCurve(me, pen, plot, kind) {
  const { labels, ink, scores } = me;
  const [x, y] = unitAxes(me, pen, plot, kind === "pr" ? [labels.recall, labels.y_pr] : [labels.x_roc, labels.recall]);
  const chance = kind === "pr" ? [0, scores.prevalence, 1, scores.prevalence] : [0, 0, 1, 1];
  pen.path(placed(chance, x, y), { color: ink.text, width: 1.2, dash: [2, 3] });
  for (const variant of me.state.variant === "ce" ? ["ce"] : ["ce", me.state.variant]) {
    const mine = variant === me.state.variant;
    for (const one of facts(me, variant).curves) pen.path(placed(one[kind], x, y), { color: variantColor(ink, variant), width: mine ? 1.8 : 1.2, dash: VARIANT_LINES[variant], alpha: mine ? 0.95 : 0.8 });
  }
}

function paintLines(me, pen, plot) {
  const { labels, ink, box } = me;
  const x = thresholdScale(plot, box.size);
  const [, y] = unitAxes(me, pen, plot, [labels.x_threshold, labels.y_lines], x);
  const { lines, grid } = facts(me, me.state.variant);
  for (const name of FIGURES) {
    const values = lines.map((networks) => mean(networks.map((one) => one[name])));
    const color = name === "f1" ? variantColor(ink, me.state.variant) : ink.text;
    pen.path(values.flatMap((value, at) => [x.at(grid[at]), y.at(value)]), { color, width: name === "f1" ? 3 : 1.6, dash: FIGURE_LINES[name] });
    const [column, row] = [FIGURES.indexOf(name) % 2, Math.floor(FIGURES.indexOf(name) / 2)];
    const [from, down] = [plot.left + (column * (plot.right - plot.left)) / 2, plot.bottom + box.size * (3.8 + row * 1.4)];
    pen.path([from, down, from + box.size * 2, down], { color, width: name === "f1" ? 3 : 1.6, dash: FIGURE_LINES[name] });
    pen.text(from + box.size * 2.5, down, labels[name], { color: ink.text, size: box.size * 0.95 });
  }
}

function paintTrust(me, pen, plot) {
  const { labels, ink } = me;
  const [x, y] = unitAxes(me, pen, plot, [labels.x_trust, labels.y_trust]);
  pen.path(placed([0, 0, 1, 1], x, y), { color: ink.text, width: 1.2, dash: [2, 3] });
  for (const variant of me.state.variant === "ce" ? ["ce"] : ["ce", me.state.variant]) {
    const all = facts(me, variant).trust;
    const color = variantColor(ink, variant);
    const points = [];
    for (let bin = 0; bin < BINS; bin += 1) {
      const weight = mean(all.map((one) => one.share[bin]));
      if (weight > 1e-5) points.push([x.at(mean(all.map((one) => one.said[bin])) / weight), y.at(mean(all.map((one) => one.came[bin])) / weight), Math.max(2, 9 * weight ** 0.25)]);
    }
    pen.path(points.flatMap(([a, b]) => [a, b]), { color, width: 2, dash: VARIANT_LINES[variant] });
    for (const [a, b, radius] of points) {
      if (variant === "ce") pen.rect(a - radius * 0.8, b - radius * 0.8, radius * 1.6, radius * 1.6, { color });
      else pen.dot(a, b, radius, { color });
    }
  }
}

const PAINT = { pr: (me, pen, plot) => paintCurve(me, pen, plot, "pr"), roc: (me, pen, plot) => paintCurve(me, pen, plot, "roc"), lines: paintLines, trust: paintTrust };

/** What the threshold moves: a dot on each curve, a line across the figures. */
function paintThreshold(me, pen, plot, least) {
  const { ink, state } = me;
  const color = variantColor(ink, state.variant);
  const [x, y] = [scaleOf("linear", 0, 1, plot.left, plot.right, 4), scaleOf("linear", 0, 1, plot.bottom, plot.top, 4)];
  if (plot.name === "lines") {
    const at = thresholdScale(plot).at(Math.min(EDGE, Math.max(-EDGE, least)));
    pen.path([at, plot.top, at, plot.bottom], { color: ink.text, width: 2 });
    pen.dot(at, plot.top, 5, { color: ink.text });
  } else if (plot.name !== "trust") {
    for (const one of me.now) {
      const [a, b] = plot.name === "pr" ? [one.recall, one.precision] : [one.alarms, one.recall];
      pen.dot(x.at(a), y.at(b), 6, { color: ink.ground });
      pen.dot(x.at(a), y.at(b), 4.5, { color });
    }
  }
}

function paintStill(me, pen) {
  pen.rect(0, 0, me.box.width, me.box.height, { color: me.ink.ground });
  for (const plot of me.box.plots) PAINT[plot.name](me, pen, plot);
}

// ---------------------------------------------------------------- words and numbers

const range = (values, write) => `${write(mean(values))} ± ${write(spread(values))}`;
const two = (value) => value.toFixed(2);
const three = (value) => value.toFixed(3);

function writeNumbers(me) {
  const { labels, scores, state } = me;
  const count = (name) => me.now.map((one) => one[name] * POPULATION);
  const whole = (value) => (value >= 10 || value === 0 ? value.toFixed(0) : value.toFixed(1));
  for (const name of ["found", "missed", "alarmed", "passed"]) me.cells[name].textContent = range(count(name), whole);
  for (const name of FIGURES) me.figures[name].textContent = range(me.now.map((one) => one[name]), name === "accuracy" ? three : two);
  me.lazy.textContent = fill(labels.lazy, { accuracy: three(1 - scores.prevalence) });
  const own = facts(me, state.variant);
  const other = facts(me, "ce");
  const sum = (from) => ({ pr: range(from.curves.map((one) => one.prAuc), two), roc: range(from.curves.map((one) => one.rocAuc), two), ece: range(from.trust.map((one) => one.error), three) });
  const said = [fill(labels.areas, { name: me.names[state.variant], ...sum(own) })];
  if (state.variant !== "ce") said.push(fill(labels.areas_ce, { name: me.names.ce, ...sum(other) }));
  me.areas.textContent = said.join(" ");
  me.root.dataset.figures = JSON.stringify(me.now);
  me.root.dataset.areas = JSON.stringify(own.curves.map((one, at) => [one.prAuc, one.rocAuc, own.trust[at].error]));
}

function draw(me) {
  const begun = performance.now();
  me.ink = lossInk(me.canvas);
  me.box = layout(me);
  const least = logitOf(me.state.threshold);
  me.now = facts(me, me.state.variant).networks.map((one) => figuresAt(one, me.scores.prevalence, least));
  const font = themeColor(me.canvas, "--st-font", "sans-serif");
  const wanted = [me.payload, me.state.variant, me.box.width, me.box.size, me.ink.text, me.labels.recall].join(" ");
  if (me.still?.name !== wanted) {
    const canvas = element("canvas");
    paintStill(me, canvasPen(paper(canvas, me.box.width, me.box.height), font));
    me.still = { name: wanted, canvas };
  }
  const context = paper(me.canvas, me.box.width, me.box.height);
  context.drawImage(me.still.canvas, 0, 0, me.box.width, me.box.height);
  const pen = canvasPen(context, font);
  for (const plot of me.box.plots) paintThreshold(me, pen, plot, least);
  writeNumbers(me);
  const said = fill(me.labels.threshold_is, { p: digits(me.state.threshold) });
  me.said.textContent = digits(me.state.threshold);
  me.range.value = Math.min(EDGE, Math.max(-EDGE, least));
  me.range.setAttribute("aria-valuetext", said);
  me.chips.forEach((chip, variant) => chip.setAttribute("aria-pressed", String(variant === me.state.variant)));
  me.root.dataset.drawMs = (performance.now() - begun).toFixed(2);
}

// ---------------------------------------------------------------- the hand

function setThreshold(me, p) {
  change(me, { threshold: Math.min(0.9999, Math.max(0.0001, p)) });
  soon(me, () => draw(me));
}

/** The threshold under a place of a picture: that recall, that share of false alarms, or that threshold. */
function thresholdAt(me, event) {
  const box = me.canvas.getBoundingClientRect();
  const [x, y] = [event.clientX - box.left, event.clientY - box.top];
  const plot = me.box.plots.find((one) => one.name !== "trust" && x >= one.left - 10 && x <= one.right + 10 && y >= one.top - 10 && y <= one.bottom + 10);
  if (!plot) return null;
  const part = Math.min(1, Math.max(0, (x - plot.left) / (plot.right - plot.left)));
  if (plot.name === "lines") return logistic(thresholdScale(plot).back(x));
  const { networks } = facts(me, me.state.variant);
  const all = networks.map((one) => (plot.name === "pr" ? one.rare : one.common));
  return logistic(mean(all.map((values) => values[Math.min(values.length - 1, Math.round(part * (values.length - 1)))])));
}

function listen(me) {
  me.canvas.onpointerdown = (event) => {
    const p = thresholdAt(me, event);
    if (p === null) return;
    me.canvas.setPointerCapture(event.pointerId);
    setThreshold(me, p);
  };
  me.canvas.onpointermove = (event) => {
    const p = thresholdAt(me, event);
    me.canvas.style.cursor = p === null ? "default" : "ew-resize";
    if (event.buttons && p !== null) setThreshold(me, p);
  };
  me.canvas.onpointerup = () => tell(me);
  me.canvas.ondblclick = () => { setThreshold(me, 0.5); tell(me); };
}

function matrix(me) {
  const { labels } = me;
  const names = [["found", "missed"], ["alarmed", "passed"]];
  me.cells = {};
  const cell = (name) => {
    me.cells[name] = element("span", { class: "many" });
    return element("td", { class: name }, [element("span", { class: "what", text: labels[name] }), me.cells[name]]);
  };
  const head = element("tr", {}, [element("td"), element("th", { scope: "col", text: labels.flagged }), element("th", { scope: "col", text: labels.left_alone })]);
  const rows = names.map((pair, at) => element("tr", {}, [element("th", { scope: "row", text: at ? labels.common : labels.rare }), ...pair.map(cell)]));
  return element("table", { class: "matrix" }, [element("caption", { text: labels.matrix }), head, ...rows]);
}

function build(me) {
  const { labels } = me;
  me.canvas = element("canvas", { role: "img", "aria-label": labels.canvas });
  me.stage = element("div", { class: "stage" }, [me.canvas]);
  me.chips = new Map(VARIANTS.filter((variant) => me.scores.variants.includes(variant)).map((variant) => [variant, toggleButton(me.names[variant], false, () => {
    change(me, { variant });
    draw(me);
    tell(me);
  })]));
  me.range = element("input", { type: "range", min: -EDGE, max: EDGE, step: 0.02, "aria-label": labels.threshold });
  me.range.oninput = () => setThreshold(me, logistic(Number(me.range.value)));
  me.range.onchange = () => tell(me);
  me.range.ondblclick = () => { setThreshold(me, 0.5); tell(me); };
  me.said = element("span", { class: "value" });
  const save = element("button", { type: "button", class: "chip save", text: labels.save });
  save.onclick = () => {
    const pen = svgPen(me.box.width, me.box.height, themeColor(me.canvas, "--st-font", "sans-serif"), me.ink.ground);
    paintStill(me, pen);
    for (const plot of me.box.plots) paintThreshold(me, pen, plot, logitOf(me.state.threshold));
    saveAs("metrics.svg", pen.made());
  };
  me.figures = {};
  const list = element("dl", { class: "figures" }, FIGURES.flatMap((name) => {
    me.figures[name] = element("dd");
    return [element("dt", { text: labels[name] }), me.figures[name]];
  }));
  me.lazy = element("p", { class: "lazy" });
  me.areas = element("p", { class: "readout" });
  const chips = element("div", { class: "tools", role: "group", "aria-label": labels.variants }, [...me.chips.values(), save]);
  const threshold = element("label", { class: "tools threshold" }, [element("span", { class: "hint", text: labels.threshold }), me.range, me.said]);
  const numbers = element("div", { class: "numbers" }, [matrix(me), element("div", {}, [list, me.lazy])]);
  me.root.replaceChildren(chips, threshold, me.stage, numbers, me.areas);
  listen(me);
  me.watch?.disconnect();
  me.watch = new ResizeObserver(() => soon(me, () => draw(me)));
  me.watch.observe(me.stage);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root });
  const stop = withPayload(data.payload, (bytes) => {
    if (me.payload !== data.payload) Object.assign(me, { scores: parseScores(bytes), facts: new Map(), payload: data.payload });
    const relabelled = JSON.stringify([me.labels, me.names, me.panels]) !== JSON.stringify([data.labels, data.names, data.panels]);
    Object.assign(me, { labels: data.labels, names: data.names, panels: data.panels });
    adopt(me, data);
    if (!me.scores.variants.includes(me.state.variant)) me.state.variant = "ce";
    if (relabelled) build(me);
    draw(me);
    root.dataset.painted = [data.payload, me.state.variant, me.state.threshold].join(" ");
  });
  me.theme ??= new MutationObserver(() => me.scores && soon(me, () => draw(me)));
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
  return stop;
}

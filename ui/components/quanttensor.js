// One weight matrix under the hand: the range of every output channel with the grid over it, and the weights of one
// channel (or of all) on the grid's levels, whose ends and zero point can be dragged.
// Parts: quantgrid.js (the quantizer), quanttensor-beside.js (errors counted by a worker), quanttensor-hand.js (pointer
// and keys).

const BINS = 240;
const specOf = ({ bits, grid, grain, clipping, percentile }) => ({ bits, symmetric: grid === "symmetric", grain, clipping, percentile: clipping === "percentile" ? percentile : 100 });
const shows = (me, name) => !me.hide.includes(name);
const rowOf = (me) => (me.state.row >= 0 && me.state.row < me.tensor.rows ? me.state.row : me.tensor.middle);

function histogram(me, from, to, low, high) {
  const counts = new Float64Array(BINS);
  const k = BINS / (high - low);
  for (let i = from; i < to; i += 1) {
    const bin = Math.floor((me.tensor.values[i] - low) * k);
    if (bin >= 0 && bin < BINS) counts[bin] += 1;
  }
  return counts;
}

/** What the lower picture shows: one channel's weights or all, and from where to where. */
function sceneOf(me) {
  const { tensor, state } = me;
  const row = rowOf(me);
  const all = state.zoom === "all";
  const key = `${all} ${row}`;
  if (me.scene?.key !== key) {
    const [from, to] = all ? [0, tensor.values.length] : [row * tensor.columns, (row + 1) * tensor.columns];
    let [low, high] = all ? [Math.min(...tensor.low), Math.max(...tensor.high)] : [tensor.low[row], tensor.high[row]];
    const room = (high - low) * 0.12 || 1;
    [low, high] = [Math.min(low, 0) - room, Math.max(high, 0) + room];
    me.scene = { key, row, all, from, to, low, high, counts: histogram(me, from, to, low, high) };
  }
  return me.scene;
}

/** How many of the shown weights land on each level. Of all weights under many grids: on bins instead. */
function landed(me, scene) {
  const { tensor, grid } = me;
  const found = new Map();
  const k = BINS / (scene.high - scene.low);
  for (let part = 0; part < grid.many; part += 1) {
    if (grid.starts[part + 1] <= scene.from || grid.starts[part] >= scene.to) continue;
    const [scale, zero] = [grid.scale[part], grid.zero[part]];
    const [first, last] = levelsOf(grid.spec);
    const counts = new Uint32Array(last - first + 1);
    const inverse = fround(1 / scale);
    for (let i = Math.max(scene.from, grid.starts[part]); i < Math.min(scene.to, grid.starts[part + 1]); i += 1) {
      let code = fround(tensor.values[i] * inverse) + EVEN - EVEN + zero;
      code = code < first ? first : code > last ? last : code;
      counts[code - first] += 1;
    }
    counts.forEach((many, at) => {
      if (!many) return;
      const value = (at + first - zero) * scale;
      const place = grid.many === 1 || !scene.all ? value : (Math.floor((value - scene.low) * k) + 0.5) / k + scene.low;
      found.set(place, (found.get(place) ?? 0) + many);
    });
  }
  return found;
}

const edgesOf = (grid, part) => levelsOf(grid.spec).map((level) => (level - grid.zero[part]) * grid.scale[part]);

function paintRanges(me, pen, box) {
  const { tensor, grid, ink, labels } = me;
  const { rows, low, high } = tensor;
  const y = scaleOf("linear", Math.min(...low), Math.max(...high), box.bottom, box.top, 4);
  const x = scaleOf("linear", -0.5, rows - 0.5, box.left, box.right, 8);
  const wide = Math.max(1, (box.right - box.left) / rows);
  const row = rowOf(me);
  const each = grid.many / rows;
  const left = (one) => x.at(one) - wide / 2;
  const [first, last] = levelsOf(grid.spec);
  const at = (part, level) => y.at(Math.min(y.high, Math.max(y.low, (level - grid.zero[part]) * grid.scale[part])));
  const reach = (part, place, over) => [place, at(part, last), over, Math.max(1, at(part, first) - at(part, last))];
  const channels = Array.from({ length: rows }, (_, one) => one);
  const bar = (one) => [left(one), y.at(high[one]), Math.max(1, wide - 0.4), Math.max(1.5, y.at(low[one]) - y.at(high[one]))];
  pen.rects(grid.many === 1 ? [reach(0, left(0), wide * rows)] : channels.map((one) => reach(Math.floor(one * each), left(one), wide)), { color: ink.reach });
  axes(pen, box, x, y, ink, { size: box.size, xName: labels.x_channel, yName: labels.y_weight });
  pen.rects(channels.filter((one) => one !== tensor.widest).map(bar), { color: ink.ce });
  pen.rects([bar(tensor.widest)], { color: ink.hard });
  const name = fill(labels.channel, { row: tensor.widest });
  const right = x.at(tensor.widest) < (box.left + box.right) / 2;
  pen.text(x.at(tensor.widest) + (right ? 8 : -8), box.top + box.size * 0.8, name, { color: ink.hard, size: box.size, weight: 600, align: right ? "left" : "right", halo: ink.ground });
  pen.path([x.at(row), box.top - 1, x.at(row) - 5, box.top - 9, x.at(row) + 5, box.top - 9, x.at(row), box.top - 1], { color: ink.text, width: 2 });
  me.ranges = { x, box };
}

function paintLevels(me, pen, box) {
  const { grid, ink, labels, tensor } = me;
  const scene = sceneOf(me);
  const many = landed(me, scene);
  const top = Math.max(10, ...many.values(), ...scene.counts);
  const x = scaleOf("linear", scene.low, scene.high, box.left, box.right, 7);
  const y = scaleOf("log", 0.7, top * 1.3, box.bottom, box.top + box.size * 2.2, 4);
  axes(pen, box, x, y, ink, { size: box.size, xName: labels.x_weight });
  pen.text(box.left, box.top - box.size * 0.9, scene.all ? labels.y_all : fill(labels.y_row, { row: scene.row }), { color: ink.text, size: box.size, weight: 600 });
  const step = (box.right - box.left) / BINS;
  const bars = [...scene.counts].flatMap((count, bin) => (count ? [[box.left + bin * step, y.at(count), step + 0.4, box.bottom - y.at(count)]] : []));
  pen.rects(bars, { color: ink.ce, alpha: 0.55 });
  const part = partAt(tensor, grid.spec, scene.row, me.state.column);
  const [first, last] = levelsOf(grid.spec);
  const apart = (grid.scale[part] / (scene.high - scene.low)) * (box.right - box.left);
  const seen = (at) => at >= box.left && at <= box.right;
  if (apart >= 3) {
    const ticks = Array.from({ length: last - first + 1 }, (_, step) => x.at((first + step - grid.zero[part]) * grid.scale[part]));
    pen.lines(ticks.filter(seen).map((at) => [at, box.bottom, at, box.bottom - 6]), { color: ink.int8, width: 1.4 });
  }
  const thick = Math.min(5, Math.max(1.2, apart * 0.35));
  // Under many scales a channel has thousands of levels: of those on the same half of a pixel only the tallest is seen.
  const tallest = new Map();
  for (const [value, count] of many) {
    const at = x.at(value);
    const place = Math.round(at * 2);
    if (seen(at) && (tallest.get(place)?.count ?? 0) < count) tallest.set(place, { at, count });
  }
  const tops = [...tallest.values()].map(({ at, count }) => [at, y.at(count)]);
  pen.lines(tops.map(([at, height]) => [at, box.bottom, at, height]), { color: ink.int8, width: thick });
  // Heads only where they can be told apart: under many scales the levels of a channel are hundreds.
  if (tops.length < 200) pen.dots(tops, Math.min(4, thick + 1), { color: ink.int8 });
  paintSpan(me, pen, box, x, part);
  paintPicked(me, pen, box, x);
  me.levels = { x, box, part };
}

/** The grid from its first to its last level, as a bar with two ends to drag; what lies outside waits at the edge. */
function paintSpan(me, pen, box, x, part) {
  const { ink, grid } = me;
  const edges = edgesOf(grid, part);
  const y = box.top + box.size * 0.9;
  const places = edges.map((edge) => Math.min(box.right, Math.max(box.left, x.at(edge))));
  pen.path([places[0], y, places[1], y], { color: ink.int8, width: 5 });
  places.forEach((place, side) => {
    const outside = x.at(edges[side]) !== place;
    pen.dot(place, y, 8, { color: ink.int8 });
    pen.dot(place, y, 4, { color: ink.ground });
    const text = `${outside && !side ? "← " : ""}${digits(edges[side])}${outside && side ? " →" : ""}`;
    pen.text(place + (side ? -12 : 12), y + box.size * 1.15, text, { color: ink.text, size: box.size, align: side ? "right" : "left", halo: ink.ground });
  });
  const zero = x.at(0);
  pen.path([zero, y - 7, zero, y + 7], { color: ink.text, width: 2 });
  pen.text(zero, y + box.size * 1.15, fill(me.labels.zero_at, { zero: grid.zero[part] }), { color: ink.text, size: box.size, align: "center", halo: ink.ground });
  me.span = { places, y, edges };
}

function paintPicked(me, pen, box, x) {
  const { row, value, back } = me.picked;
  if (me.scene.all || row !== me.scene.row) return;
  const [from, to] = [x.at(value), Math.min(box.right, Math.max(box.left, x.at(back)))];
  const y = box.bottom - 14;
  pen.path([from, y, to, y], { color: me.ink.text, width: 2 });
  pen.dot(from, y, 4.5, { color: me.ink.text });
  pen.dot(to, y, 4.5, { color: me.ink.int8 });
  pen.dot(to, y, 2, { color: me.ink.ground });
}

function boxesOf(me) {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const width = Math.max(280, me.stage.clientWidth);
  const size = Math.max(11, rem * 0.78);
  const [left, right] = [size * 4.4, width - 10];
  const ranges = { left, right, size, top: size * 1.9, bottom: rem * 9 };
  const top = ranges.bottom + size * 5.4;
  return { width, size, height: top + rem * 11.5 + size * 3.2, ranges, levels: { left, right, size, top, bottom: top + rem * 11.5 } };
}

function paint(me, pen) {
  pen.rect(0, 0, me.box.width, me.box.height, { color: me.ink.ground });
  paintRanges(me, pen, me.box.ranges);
  paintLevels(me, pen, me.box.levels);
}

/** The matrix is drawn; while the hand `moves`, its errors are counted beside it, so that no frame waits for them. */
function draw(me, moves = false) {
  const begun = performance.now();
  // The reach of the grid is drawn opaque: blending hundreds of translucent bars would cost most of a frame.
  const [int8, reach] = isDark(me.canvas) ? ["#dfa0c2", "#4d3d4a"] : ["#a34d7f", "#e5cddb"];
  me.ink = { ...lossInk(me.canvas), int8, reach };
  me.box = boxesOf(me);
  const fitted = fitGrid(me.tensor, specOf(me.state));
  me.grid = movedGrid(fitted, me.state.scale_by, me.state.zero_shift);
  const key = [me.tensor.name, JSON.stringify(specOf(me.state)), me.state.scale_by, me.state.zero_shift].join(" ");
  if (me.damage?.key !== key && !(moves && countBeside(me, key))) me.damage = { key, grid: me.grid, ...damageOf(me.tensor, me.grid) };
  me.picked = pickedOf(me);
  paint(me, canvasPen(sheetOf(me.canvas, me.box.width, me.box.height), themeColor(me.canvas, "--st-font", "sans-serif")));
  read(me);
  mark(me);
  fitAhead(me);
  me.root.dataset.drawMs = (performance.now() - begun).toFixed(2);
}

/** Draw the same a few times more while nothing moves: the browser then has compiled the loops before the hand comes. */
function warmUp(me, times = 8) {
  clearTimeout(me.warming);
  if (times) me.warming = setTimeout(() => {
    me.damage = null;
    draw(me);
    warmUp(me, times - 1);
  }, 60);
}

/** Search the least squared error for the other bits while nothing moves: a dragged slider then finds it done. */
function fitAhead(me) {
  clearTimeout(me.ahead);
  if (me.state.clipping !== "mse") return;
  const specs = [8, 7, 6, 5, 4, 3, 2].map((bits) => ({ ...specOf(me.state), bits }));
  const next = specs.find((spec) => !me.tensor.kept.has(gridKey(spec)));
  if (next) me.ahead = setTimeout(() => { fitGrid(me.tensor, next); fitAhead(me); }, 80);
}

function pickedOf(me) {
  const row = rowOf(me);
  const column = Math.min(me.tensor.columns - 1, me.state.column);
  const value = me.tensor.values[row * me.tensor.columns + column];
  const part = partAt(me.tensor, me.grid.spec, row, column);
  return { row, column, value, ...codeOf(value, me.grid.scale[part], me.grid.zero[part], me.grid.spec), scale: me.grid.scale[part], zero: me.grid.zero[part] };
}

/** Levels that the weights of a row become. */
function usedBy(me, row) {
  const { tensor, grid } = me;
  const codes = new Set();
  for (let column = 0; column < tensor.columns; column += 1) {
    const part = partAt(tensor, grid.spec, row, column);
    codes.add(codeOf(tensor.values[row * tensor.columns + column], grid.scale[part], grid.zero[part], grid.spec).code);
  }
  return codes.size;
}

function read(me) {
  const { labels, damage, tensor, grid, picked } = me;
  const counted = damage.grid; // a frame or two behind, while the hand moves
  const [first, last] = levelsOf(grid.spec);
  const bytes = bytesOf(tensor, grid);
  const before = tensor.values[damage.index];
  const part = partAt(tensor, counted.spec, damage.row, damage.column);
  const after = codeOf(before, counted.scale[part], counted.zero[part], counted.spec).back;
  const db = Number.isNaN(damage.sqnr) ? labels.no_signal : `${digits(damage.sqnr)} dB`;
  const cells = {
    levels: `${usedBy(me, picked.row)} / ${last - first + 1}`,
    sqnr: db,
    mse: digits(damage.mse),
    bytes: `${Math.round(bytes).toLocaleString("en-US")} (${digits((bytes * 8) / tensor.values.length)})`,
    clipped: share(damage.clipped),
    worst: `${digits(before)} → ${digits(after)}`,
    picked: `${digits(picked.value, 4)} → ${picked.code} → ${digits(picked.back, 4)}`,
  };
  for (const [name, text] of Object.entries(cells)) write(me.cells[name], text);
  write(me.cells.levels_name, fill(labels.cell_levels, { row: picked.row }));
  write(me.cells.worst_name, fill(labels.cell_worst, { row: damage.row, column: damage.column }));
  write(me.cells.picked_name, fill(labels.cell_picked, { row: picked.row, column: picked.column }));
}

function set(me, changes, wait = null) {
  change(me, changes);
  soon(me, () => draw(me, true));
  if (wait !== null) tell(me, wait);
}

// ---------------------------------------------------------------- tools

const CHOICES = { grain: ["tensor", "channel", "g128", "g64", "g32"], grid: ["symmetric", "affine"], clipping: ["minmax", "percentile", "mse"], zoom: ["row", "all"] };

function choice(me, name) {
  const buttons = CHOICES[name].map((option) => toggleButton(me.labels[`${name}_${option}`], false, () => set(me, { [name]: option, ...(name === "grid" ? { zero_shift: 0 } : {}) }, 0), { "data-set": `${name} ${option}` }));
  me.buttons.push(...buttons.map((button, at) => ({ button, name, option: CHOICES[name][at] })));
  return element("div", { class: "choice", role: "group", "aria-label": me.labels[name] }, [element("span", { class: "hint", text: me.labels[name] }), ...buttons]);
}

function range(me, name, options) {
  const value = element("span", { class: "value" });
  const made = slider({ name, label: me.labels[name], value: me.state[name], otherwise: me.defaults[name], moved: (next) => set(me, { [name]: options.whole ? Math.round(next) : next }), left: (wait) => tell(me, wait), ...options });
  me.sliders.push({ name, made, value, show: options.show });
  return element("label", { class: `choice range ${name}` }, [element("span", { class: "hint", text: me.labels[name] }), value, made.input]);
}

function mark(me) {
  for (const { button, name, option } of me.buttons) button.setAttribute("aria-pressed", String(me.state[name] === option));
  for (const { name, made, value, show } of me.sliders) {
    write(value, show(me.state[name]));
    if (made.input !== me.root.getRootNode().activeElement) made.set(me.state[name]);
  }
  if (me.tails) me.tails.hidden = me.state.clipping !== "percentile";
  if (me.zeros) me.zeros.hidden = me.state.grid === "symmetric";
}

function build(me) {
  const { labels } = me;
  Object.assign(me, { buttons: [], sliders: [], cells: {} });
  me.canvas = element("canvas", { role: "img", "aria-label": labels.canvas, tabindex: "0" });
  me.stage = element("div", { class: "stage picture" }, [me.canvas]);
  const tools = [];
  if (shows(me, "bits")) tools.push(range(me, "bits", { min: 2, max: 8, step: 1, key: 1, whole: true, show: String }));
  for (const name of ["grain", "grid", "clipping"]) if (shows(me, name)) tools.push(choice(me, name));
  me.tails = shows(me, "percentile") ? range(me, "percentile", { min: 90, max: 100, step: 0.01, key: 0.1, show: (value) => `${rounded(value)} %` }) : null;
  const hand = [];
  if (shows(me, "scale_by")) hand.push(range(me, "scale_by", { min: 0.01, max: 4, step: 0.01, key: 0.1, to: Math.log2, from: (place) => 2 ** place, show: (value) => `× ${digits(value)}` }));
  me.zeros = shows(me, "zero_shift") ? range(me, "zero_shift", { min: -255, max: 255, step: 1, key: 1, whole: true, show: (value) => (value > 0 ? `+${value}` : String(value).replace("-", "−")) }) : null;
  if (shows(me, "zoom")) hand.push(choice(me, "zoom"));
  const save = element("button", { type: "button", class: "chip save", text: labels.save });
  save.onclick = () => {
    const pen = svgPen(me.box.width, me.box.height, themeColor(me.canvas, "--st-font", "sans-serif"), me.ink.ground);
    paint(me, pen);
    saveAs("weights-on-the-grid.svg", pen.made());
  };
  const cells = ["levels", "sqnr", "mse", "bytes", "clipped", "worst", "picked"].map((name) => {
    me.cells[name] = element("dd", { class: `value ${name}` });
    me.cells[`${name}_name`] = element("dt", { text: labels[`cell_${name}`] });
    return element("div", {}, [me.cells[`${name}_name`], me.cells[name]]);
  });
  const legend = ["ranges", "widest", "levels"].map((name) => element("span", { class: `key of-${name}`, text: labels[`legend_${name}`] }));
  me.root.replaceChildren(
    element("div", { class: "tools" }, [...tools, me.tails ?? ""]),
    me.stage,
    element("div", { class: "legend" }, legend),
    element("div", { class: "tools hand" }, [...hand, me.zeros ?? "", save]),
    element("dl", { class: "cells" }, cells),
  );
  listen(me);
  me.watch?.disconnect();
  me.watch = new ResizeObserver(() => soon(me, () => draw(me)));
  me.watch.observe(me.stage);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root, tensors: new Map() });
  const stop = withPayload(data.payload, (bytes) => {
    if (me.payload !== data.payload) Object.assign(me, { payload: data.payload, tensor: readTensor(bytes), scene: null, damage: null });
    const relabelled = JSON.stringify([me.labels, me.hide]) !== JSON.stringify([data.labels, data.hide]);
    Object.assign(me, { labels: data.labels, hide: data.hide });
    adopt(me, data);
    if (relabelled) build(me);
    draw(me);
    if (root.dataset.painted !== data.payload) warmUp(me);
    root.dataset.painted = data.payload;
  });
  me.theme ??= new MutationObserver(() => me.tensor && soon(me, () => draw(me)));
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
  return stop;
}

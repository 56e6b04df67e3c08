// What the pictures of the focal-loss page share: the losses, the batch, a pen that writes canvas or SVG, sliders.
// The formulas are those of explainers/focal_loss (losses.py, budget.py); a test compares the two in a browser.

// ---------------------------------------------------------------- losses, all of the margin z, the true class's logit

const logP = (z) => (z > 0 ? -Math.log1p(Math.exp(-z)) : z - Math.log1p(Math.exp(z)));
const toP = (z) => Math.exp(logP(z));
const toZ = (p) => Math.log(p) - Math.log1p(-p);

/** Loss, what it is relative to cross-entropy, and d loss / dz of one example. */
function lossAt(kind, z, { gamma = 0, weight = 1, epsilon = 0 }) {
  const [lp, lq] = [logP(z), logP(-z)];
  const [p, q] = [Math.exp(lp), Math.exp(lq)];
  if (kind === "hinge") return { loss: Math.max(0, 1 - z), factor: Math.max(0, 1 - z) / -lp, gradient: z < 1 ? -1 : 0 };
  if (kind === "smoothing") {
    const loss = -(1 - epsilon / 2) * lp - (epsilon / 2) * lq;
    return { loss, factor: loss / -lp, gradient: p - (1 - epsilon / 2) };
  }
  const factor = weight * Math.exp(gamma * lq);
  return { loss: -factor * lp, factor, gradient: factor * (gamma * p * lp - q) };
}

// ---------------------------------------------------------------- the batch of 10,000 (budget.py)

const SPREAD = 1.25;
const CLEAR = 4;
const OWNERS = ["easy_negative", "hard_negative", "positive", "mislabelled"];

function readDraws(bytes) {
  const floats = new Float32Array(bytes.slice().buffer);
  return { normals: floats.subarray(0, floats.length / 2), uniforms: floats.subarray(floats.length / 2) };
}

/** Margins, log p_t and log (1 - p_t), owner and label of every example at one setting. */
function makeBatch({ normals, uniforms }, { ratio, difficulty, noise }) {
  const size = normals.length;
  const positives = Math.max(1, Math.floor(size / (1 + ratio) + 0.5));
  const batch = { size, positives, margin: new Float64Array(size), lp: new Float64Array(size), lq: new Float64Array(size), p: new Float64Array(size), owner: new Uint8Array(size), labelled: new Uint8Array(size), counts: [0, 0, 0, 0] };
  const noisy = Math.fround(noise);
  for (let i = 0; i < size; i += 1) {
    const positive = i < positives;
    const wrong = uniforms[i] < noisy;
    let z = (positive ? CLEAR - difficulty : CLEAR) + SPREAD * normals[i];
    if (wrong) z = -z;
    batch.margin[i] = z;
    batch.lp[i] = logP(z);
    batch.lq[i] = logP(-z);
    batch.p[i] = Math.exp(batch.lp[i]);
    batch.owner[i] = wrong ? 3 : positive ? 2 : z > 0 ? 0 : 1;
    batch.labelled[i] = positive !== wrong ? 1 : 0;
    batch.counts[batch.owner[i]] += 1;
  }
  return batch;
}

/** Deciles of difficulty, the easiest first; only the decile table needs them. */
function decilesOf(batch) {
  const order = Uint32Array.from({ length: batch.size }, (_, i) => i).sort((a, b) => batch.margin[b] - batch.margin[a]);
  const decile = new Uint8Array(batch.size);
  order.forEach((example, rank) => { decile[example] = Math.floor((rank * 10) / batch.size); });
  return decile;
}

/** Shares of the total focal loss and of the total |gradient| by owner and, where deciles are given, by decile too. */
function splitBatch(batch, gamma, weights = [1, 1], decile = null) {
  const many = OWNERS.length;
  const owners = { loss: new Float64Array(many), gradient: new Float64Array(many) };
  const tables = { loss: new Float64Array(10 * many), gradient: new Float64Array(10 * many) };
  const totals = { loss: 0, gradient: 0 };
  for (let i = 0; i < batch.size; i += 1) {
    const factor = weights[batch.labelled[i]] * (gamma ? Math.exp(gamma * batch.lq[i]) : 1);
    const loss = -factor * batch.lp[i];
    const pull = factor * (1 - batch.p[i] - gamma * batch.p[i] * batch.lp[i]);
    totals.loss += loss;
    totals.gradient += pull;
    owners.loss[batch.owner[i]] += loss;
    owners.gradient[batch.owner[i]] += pull;
    if (decile) {
      const cell = decile[i] * many + batch.owner[i];
      tables.loss[cell] += loss;
      tables.gradient[cell] += pull;
    }
  }
  for (const what of ["loss", "gradient"]) for (const values of [owners[what], tables[what]]) values.forEach((value, at) => { values[at] = totals[what] > 0 ? value / totals[what] : 0; });
  return { totals, owners, tables };
}

// ---------------------------------------------------------------- state: what the hand does comes first

const HELD_MS = 6000;

/** Values of the page's controls from the server, except those that the hand has moved and the server has not seen. */
function adopt(me, data) {
  me.given = data.state;
  me.defaults = data.defaults;
  me.held ??= new Map();
  me.state ??= {};
  for (const [name, value] of Object.entries(data.state)) {
    const held = me.held.get(name);
    if (held && held.until > performance.now() && held.value !== value) continue;
    me.held.delete(name);
    me.state[name] = value;
  }
}

const rounded = (value) => (typeof value === "number" ? Number(value.toPrecision(6)) : value);

/** Change controls in the picture now; the address follows when the hand lets go (`tell`). */
function change(me, changes) {
  for (const [name, value] of Object.entries(changes)) {
    me.state[name] = rounded(value);
    me.held.set(name, { value: me.state[name], until: performance.now() + HELD_MS });
    (me.untold ??= {})[name] = me.state[name];
  }
}

function tell(me, wait = 0) {
  clearTimeout(me.telling);
  me.telling = setTimeout(() => {
    const changes = Object.entries(me.untold ?? {}).map(([name, value]) => [name, value === me.defaults[name] ? null : value]);
    me.untold = {};
    if (changes.length) setControls(Object.fromEntries(changes));
  }, wait);
}

/** Run `draw` once in the next frame, however often it is asked for. */
function soon(me, draw) {
  me.drawing ??= requestAnimationFrame(() => {
    me.drawing = null;
    draw();
  });
}

// ---------------------------------------------------------------- sliders

/** A labelled slider. `to`/`from` turn a control's value into the slider's place and back (a logarithm, say). */
function slider({ name, label, min, max, step = 0.01, key = 0.1, value, otherwise, show, to = (v) => v, from = (v) => v, moved, left }) {
  const input = element("input", { type: "range", min: to(min), max: to(max), step, "aria-label": label, "data-control": name });
  const set = (next) => {
    input.value = to(next);
    input.setAttribute("aria-valuetext", show(next));
  };
  const go = (next, end, wait) => {
    const held = Math.min(max, Math.max(min, next));
    set(held);
    moved(held);
    if (end) left(wait);
  };
  input.oninput = () => go(from(Number(input.value)), false);
  input.onchange = () => left(0);
  input.ondblclick = () => go(otherwise, true, 0);
  input.onkeydown = (event) => {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5 }[event.key];
    if (!steps) return;
    event.preventDefault();
    go(from(Number((Number(input.value) + steps * key * (event.shiftKey ? 5 : 1)).toFixed(6))), true, 300);
  };
  set(value);
  return { input, set };
}

function toggleButton(text, pressed, act, attributes = {}) {
  const button = element("button", { type: "button", class: "chip", "aria-pressed": String(pressed), text, ...attributes });
  button.onclick = act;
  return button;
}

// ---------------------------------------------------------------- a pen for canvas and SVG

const xml = (text) => String(text).replace(/[<>&"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

let measuring = null;

/** Pixels that a text takes, whichever pen writes it. */
function widthOf(words, size, weight, font) {
  measuring ??= document.createElement("canvas").getContext("2d");
  measuring.font = `${weight} ${size}px ${font}`;
  return measuring.measureText(words).width;
}

function canvasPen(context, font) {
  const stroke = ({ color, width = 1, dash = [], alpha = 1 }) => Object.assign(context, { strokeStyle: color, lineWidth: width, globalAlpha: alpha, lineJoin: "round" }) && context.setLineDash(dash);
  return {
    wide: (words, size, weight = 400) => widthOf(words, size, weight, font),
    rect(x, y, w, h, { color, alpha = 1 }) {
      Object.assign(context, { fillStyle: color, globalAlpha: alpha });
      context.fillRect(x, y, w, h);
    },
    // Many of one kind in one go: a canvas pays for every change of style and every stroke by itself.
    rects(boxes, { color, alpha = 1 }) {
      Object.assign(context, { fillStyle: color, globalAlpha: alpha });
      for (const [x, y, w, h] of boxes) context.fillRect(x, y, w, h);
    },
    lines(ends, style) {
      stroke(style);
      context.beginPath();
      for (const [x1, y1, x2, y2] of ends) {
        context.moveTo(x1, y1);
        context.lineTo(x2, y2);
      }
      context.stroke();
    },
    dots(places, radius, { color }) {
      Object.assign(context, { fillStyle: color, globalAlpha: 1 });
      context.beginPath();
      for (const [x, y] of places) {
        context.moveTo(x + radius, y);
        context.arc(x, y, radius, 0, 7);
      }
      context.fill();
    },
    path(points, style) {
      stroke(style);
      context.beginPath();
      for (let i = 0; i < points.length; i += 2) context.lineTo(points[i], points[i + 1]);
      context.stroke();
    },
    dot(x, y, radius, { color }) {
      Object.assign(context, { fillStyle: color, globalAlpha: 1 });
      context.beginPath();
      context.arc(x, y, radius, 0, 7);
      context.fill();
    },
    text(x, y, words, { color, size, align = "left", weight = 400, turn = 0, halo = "" }) {
      context.save();
      Object.assign(context, { font: `${weight} ${size}px ${font}`, textAlign: align, textBaseline: "middle", fillStyle: color, globalAlpha: 1 });
      context.translate(x, y);
      context.rotate(turn);
      if (halo) {
        stroke({ color: halo, width: 4 });
        context.strokeText(words, 0, 0);
      }
      context.fillText(words, 0, 0);
      context.restore();
    },
  };
}

/** A canvas of this size, ready to be drawn on. One that has it already is only wiped: a new size costs new memory. */
function sheetOf(canvas, width, height) {
  const density = window.devicePixelRatio || 1;
  const same = canvas.width === Math.round(width * density) && canvas.height === Math.round(height * density);
  if (!same) return paper(canvas, width, height, density);
  const context = canvas.getContext("2d");
  context.setLineDash([]);
  return context;
}

/** Write a text where it differs: a text that stays costs no layout. */
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function svgPen(width, height, font, ground) {
  const parts = [`<rect width="${width}" height="${height}" fill="${ground}"/>`];
  const n = (value) => value.toFixed(2);
  const pen = {
    rects: (boxes, style) => boxes.forEach((box) => pen.rect(...box, style)),
    lines: (ends, style) => ends.forEach((points) => pen.path(points, style)),
    dots: (places, radius, style) => places.forEach(([x, y]) => pen.dot(x, y, radius, style)),
    wide: (words, size, weight = 400) => widthOf(words, size, weight, font),
    rect: (x, y, w, h, { color, alpha = 1 }) => parts.push(`<rect x="${n(x)}" y="${n(y)}" width="${n(w)}" height="${n(h)}" fill="${color}" opacity="${alpha}"/>`),
    path(points, { color, width: thick = 1, dash = [], alpha = 1 }) {
      const pairs = [];
      for (let i = 0; i < points.length; i += 2) pairs.push(`${n(points[i])},${n(points[i + 1])}`);
      parts.push(`<polyline points="${pairs.join(" ")}" fill="none" stroke="${color}" stroke-width="${thick}" stroke-dasharray="${dash.join(" ")}" opacity="${alpha}" stroke-linejoin="round"/>`);
    },
    dot: (x, y, radius, { color }) => parts.push(`<circle cx="${n(x)}" cy="${n(y)}" r="${radius}" fill="${color}"/>`),
    text: (x, y, words, { color, size, align = "left", weight = 400, turn = 0 }) => parts.push(`<text transform="translate(${n(x)} ${n(y)}) rotate(${n((turn * 180) / Math.PI)})" dominant-baseline="central" text-anchor="${{ left: "start", center: "middle", right: "end" }[align]}" font-size="${size}" font-weight="${weight}" fill="${color}">${xml(words)}</text>`),
    made: () => `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${xml(font)}">${parts.join("")}</svg>`,
  };
  return pen;
}

/** Diagonal strokes in a box: what tells two fills apart where their colour does not. */
function hatch(pen, x, y, w, h, color, gap = 6) {
  for (let c = gap; c < w + h; c += gap) {
    const [x1, y1] = c < h ? [x, y + c] : [x + c - h, y + h];
    const [x2, y2] = c < w ? [x + c, y] : [x + w, y + c - w];
    pen.path([x1, y1, x2, y2], { color, width: 1.2 });
  }
}

function saveAs(name, text) {
  const link = element("a", { href: URL.createObjectURL(new Blob([text], { type: "image/svg+xml" })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// ---------------------------------------------------------------- axes

/** A scale from a value to a place between `a` and `b`; its ticks carry their own labels. */
function scaleOf(kind, low, high, a, b, many = 5) {
  const map = { linear: (v) => v, log: (v) => Math.log10(Math.max(v, 1e-300)) }[kind];
  const [from, to] = [map(low), map(high)];
  const at = (value) => a + ((map(value) - from) / (to - from)) * (b - a);
  const ticks = [];
  if (kind === "log") {
    const every = Math.max(1, Math.ceil((to - from) / many));
    for (let power = Math.ceil(from); power <= to + 1e-9; power += every) ticks.push({ value: 10 ** power, text: power >= -2 && power <= 3 ? String(Number((10 ** power).toPrecision(1))) : `10${superscript(power)}` });
  } else {
    const rough = (high - low) / many;
    const unit = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10].map((one) => one * unit).find((one) => one >= rough * 0.999);
    for (let i = Math.ceil(low / step); i * step <= high + step * 1e-6; i += 1) ticks.push({ value: i * step, text: String(Number((i * step).toPrecision(6))).replace("-", "−") });
  }
  return { at, ticks, low, high, back: (place) => ({ linear: (v) => v, log: (v) => 10 ** v }[kind])(from + ((place - a) / (b - a)) * (to - from)) };
}

const superscript = (power) => String(power).replace(/./g, (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]);

/** Axes of a plot in `box` {left, top, right, bottom}: ticks, grid lines and names. */
function axes(pen, box, x, y, ink, { size, xName = "", yName = "" }) {
  for (const tick of y.ticks) {
    const at = y.at(tick.value);
    pen.path([box.left, at, box.right, at], { color: ink.grid });
    pen.text(box.left - 6, at, tick.text, { color: ink.text, size, align: "right" });
  }
  for (const tick of x.ticks) {
    const at = x.at(tick.value);
    pen.path([at, box.bottom, at, box.bottom + 4], { color: ink.text });
    pen.text(at, box.bottom + 5 + size * 0.7, tick.text, { color: ink.text, size, align: "center" });
  }
  pen.path([box.left, box.top, box.left, box.bottom, box.right, box.bottom], { color: ink.text });
  if (xName) pen.text((box.left + box.right) / 2, box.bottom + 6 + size * 2, xName, { color: ink.text, size, align: "center" });
  if (yName) pen.text(box.left, box.top - size, yName, { color: ink.text, size, weight: 600, align: "left" });
}

/** Colours of the house with the meanings of the design: focal vermilion, weighted sky, cross-entropy grey. */
function lossInk(node) {
  const dark = isDark(node);
  return {
    dark,
    text: themeColor(node, "--st-text-color", "#1b1e23"),
    ground: themeColor(node, "--st-background-color", "#ffffff"),
    grid: dark ? "#2c333d" : "#e4e7eb",
    ce: dark ? "#a3a9b1" : "#7f7f7f",
    focal: dark ? ["#ff7b29", "#ffa566", "#ffc49b", "#ffe0cc"] : ["#d55e00", "#b54f00", "#943f00", "#702f00"],
    weighted: dark ? "#7cc4f0" : "#2b8cc4",
    easy: "#56b4e9",
    hard: dark ? "#ff7b29" : "#d55e00",
    other: themeColor(node, "--st-text-color", "#1b1e23"),
  };
}

const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3]];

/** How each training is drawn: losses in the house's colours, resampled sets in what Okabe and Ito leave; each with a dash. */
const VARIANT_LINES = { ce: DASHES[0], weighted: DASHES[1], focal: DASHES[0], alpha_focal: DASHES[3], over: DASHES[1], under: DASHES[2], smote: DASHES[3] };
const variantColor = (ink, variant) => ({
  ce: ink.ce, weighted: ink.weighted, focal: ink.focal[0], alpha_focal: ink.focal[ink.dark ? 1 : 2],
  over: ink.dark ? "#33c79b" : "#007a58", under: ink.dark ? "#f0b840" : "#9a6700", smote: ink.dark ? "#dfa0c2" : "#a34d7f",
})[variant];

/** A number as a reader wants it: three digits that count, no more. */
function digits(value, count = 3) {
  if (!Number.isFinite(value)) return "∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e7 || size < 1e-4) {
    const [head, power] = value.toExponential(count - 1).split("e");
    return `${head.replace("-", "−")}·10${superscript(Number(power))}`;
  }
  const text = size >= 100 ? Number(value.toFixed(0)).toLocaleString("en-US") : String(Number(value.toPrecision(count)));
  return text.replace("-", "−");
}

const share = (value) => (value > 0 && value < 0.001 ? "< 0.1 %" : `${(100 * value).toFixed(value < 0.1 && value > 0 ? 1 : 0)} %`);

const MATHML = "http://www.w3.org/1998/Math/MathML";

/** A formula from nested lists: ["msup", "x", "2"]; plain text becomes an identifier, a number or an operator. */
function formula(tree) {
  if (tree === "log") return formula(["mrow", ["mi", "log"], ["mspace"]]);
  if (typeof tree === "string") {
    const kind = /^[\d.−∞]/.test(tree) && tree !== "−" ? "mn" : /^\p{L}/u.test(tree) ? "mi" : "mo";
    const leaf = document.createElementNS(MATHML, kind);
    leaf.textContent = tree;
    return leaf;
  }
  const [kind, ...rest] = tree;
  const node = document.createElementNS(MATHML, kind);
  if (kind === "mspace") node.setAttribute("width", "0.17em");
  if (kind === "mi") node.append(...rest);
  else node.append(...rest.map(formula));
  if (kind === "math") node.setAttribute("displaystyle", "true");
  return node;
}

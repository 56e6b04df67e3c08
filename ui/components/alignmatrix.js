// The similarity matrix of a batch of pairs, all of it worked out here: cosines from the vectors, both softmaxes, the
// InfoNCE of each pair, the hardest negatives; a caption is dragged onto another picture and the loss follows.
// The formulas are those of explainers/alignment/matrix.py; a test compares the two in a browser.
// Part: alignmatrix-hand.js (pointer and keys).

const LEAST_SCALE = 1;
const MOST_SCALE = 100;
const MANY_LINES = 24; // up to so many pairs a row has room for its own caption

function readBatch(bytes) {
  const { head, parts } = unpack(bytes);
  const [images, texts] = [floatsOf(parts[0]), floatsOf(parts[1])];
  const cosines = new Float64Array(head.n * head.n);
  for (let i = 0; i < head.n; i += 1) {
    for (let j = 0; j < head.n; j += 1) {
      let sum = 0;
      for (let k = 0; k < head.width; k += 1) sum += images[i * head.width + k] * texts[j * head.width + k];
      cosines[i * head.n + j] = sum;
    }
  }
  return { ...head, cosines, sheet: new Blob([parts[2]], { type: "image/webp" }) };
}

/** Which caption stands at which place: the swaps of the address, one after the other. */
function orderOf(swaps, many) {
  const order = Array.from({ length: many }, (_, i) => i);
  for (const part of swaps.split(",")) {
    const ends = part.split("-").map((end) => Number(end) - 1);
    if (ends.length !== 2 || !ends.every((end) => Number.isInteger(end) && end >= 0 && end < many)) continue;
    [order[ends[0]], order[ends[1]]] = [order[ends[1]], order[ends[0]]];
  }
  return order;
}

/** The swaps that make this order, as few as there are. */
function swapsOf(order) {
  const now = Array.from(order, (_, i) => i);
  const swaps = [];
  order.forEach((wanted, at) => {
    if (now[at] === wanted) return;
    const from = now.indexOf(wanted);
    [now[at], now[from]] = [now[from], now[at]];
    swaps.push(`${at + 1}-${from + 1}`);
  });
  return swaps.join(",");
}

/** Everything that the picture shows of the first `n` pairs in this order at this scale. */
function workOut(data, order, scale, me) {
  const n = order.length;
  const same = me?.cosines?.length === n * n ? me : null;
  const out = same ?? { cosines: new Float64Array(n * n), rows: new Float64Array(n * n), columns: new Float64Array(n * n), byImage: new Float64Array(n), byText: new Float64Array(n), hardText: new Int32Array(n), hardImage: new Int32Array(n) };
  const { cosines, rows, columns, byImage, byText, hardText, hardImage } = out;
  for (let i = 0; i < n; i += 1) for (let j = 0; j < n; j += 1) cosines[i * n + j] = data.cosines[i * data.n + order[j]];
  const one = (target, at, losses, hard, line) => {
    let top = -Infinity;
    for (let k = 0; k < n; k += 1) top = Math.max(top, cosines[at(line, k)]);
    let sum = 0;
    let best = -Infinity;
    hard[line] = -1;
    for (let k = 0; k < n; k += 1) {
      const value = cosines[at(line, k)];
      const share = Math.exp((value - top) * scale);
      target[at(line, k)] = share;
      sum += share;
      if (k !== line && value > best) [best, hard[line]] = [value, k];
    }
    for (let k = 0; k < n; k += 1) target[at(line, k)] /= sum;
    losses[line] = Math.log(sum) - (cosines[at(line, line)] - top) * scale;
  };
  for (let line = 0; line < n; line += 1) {
    one(rows, (i, j) => i * n + j, byImage, hardText, line);
    one(columns, (j, i) => i * n + j, byText, hardImage, line);
  }
  let [image, text, first, firstText] = [0, 0, 0, 0];
  for (let i = 0; i < n; i += 1) {
    image += byImage[i] / n;
    text += byText[i] / n;
    if (hardText[i] < 0 || cosines[i * n + hardText[i]] < cosines[i * n + i]) first += 1 / n;
    if (hardImage[i] < 0 || cosines[hardImage[i] * n + i] < cosines[i * n + i]) firstText += 1 / n;
  }
  return Object.assign(out, { n, scale, image, text, loss: (image + text) / 2, recall: (first + firstText) / 2 });
}

const scaleNow = (me) => me.state.scale || me.data.scale;
const manyNow = (me) => Math.min(me.state.batch, me.data.n);
const orderNow = (me) => me.trial ?? orderOf(me.state.swaps, manyNow(me));

function cellNow(me) {
  const at = me.hover ?? me.state.cell.split("-").map((part) => Number(part) - 1);
  const n = manyNow(me);
  return at.length === 2 && at.every((one) => Number.isInteger(one) && one >= 0 && one < n) ? at : null;
}

// ---------------------------------------------------------------- drawing

/** Where everything stands: pictures left, matrix, losses and captions right; on a phone the captions stand below. */
function layOut(me) {
  const width = me.stage.clientWidth;
  const n = manyNow(me);
  const size = Math.max(11, Math.min(20, parseFloat(getComputedStyle(me.root).fontSize) * 0.8));
  const narrow = width < 620;
  const room = narrow ? width * 0.74 : Math.min(width * 0.56, 560 * (size / 12.8));
  const thumb = Math.min(48, Math.max(0, room / (n + 1)));
  const pictures = thumb >= 14 ? thumb : 14;
  const cell = Math.min(64, (room - pictures - size) / n);
  const left = pictures + size * 1.6;
  const top = size * 3.4;
  const side = cell * n;
  const bars = { left: left + side + size, width: Math.max(40, Math.min(110, width * (narrow ? 0.2 : 0.11))) };
  const list = { top: top + side + size * 2.6, line: size * 1.6, n: narrow && n <= MANY_LINES ? n : 0 };
  return { width, n, size, narrow, cell, pictures, left, top, side, bars, list, words: bars.left + bars.width + size * 3.2, height: list.top + list.n * list.line };
}

function paintCells(me, pen, found) {
  const { box } = me;
  const { n } = found;
  const values = found[{ cosine: "cosines", rows: "rows", columns: "columns" }[me.state.cells]];
  const cosine = me.state.cells === "cosine";
  me.small ??= document.createElement("canvas");
  if (me.small.width !== n || me.small.height !== n) Object.assign(me.small, { width: n, height: n });
  const context = me.small.getContext("2d");
  const image = context.createImageData(n, n);
  const pixels = new Uint32Array(image.data.buffer);
  for (let k = 0; k < n * n; k += 1) {
    const part = cosine ? (values[k] + 1) / 2 : values[k];
    pixels[k] = (cosine ? me.even : me.lifted)[Math.max(0, Math.min(255, Math.round(part * 255)))];
  }
  context.putImageData(image, 0, 0);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(me.small, box.left, box.top, box.side, box.side);
  pen.imageSmoothingEnabled = true;
  if (box.cell < 34) return;
  pen.font = `${Math.min(box.size, box.cell * 0.28)}px ${me.font}`;
  Object.assign(pen, { textAlign: "center", textBaseline: "middle" });
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j < n; j += 1) {
      const value = values[i * n + j];
      pen.fillStyle = (cosine ? (value + 1) / 2 : value ** 0.6) > 0.55 ? "#101418" : "#ffffff";
      const text = cosine ? value.toFixed(2).replace("-", "−") : value < 0.005 ? "0" : value.toFixed(2);
      pen.fillText(text, box.left + (j + 0.5) * box.cell, box.top + (i + 0.5) * box.cell);
    }
  }
}

function paintMarks(me, pen, found) {
  const { box, ink } = me;
  const { n } = found;
  const order = orderNow(me);
  const square = (i, j, color, width, dash = []) => {
    Object.assign(pen, { strokeStyle: color, lineWidth: width });
    pen.setLineDash(dash);
    pen.strokeRect(box.left + j * box.cell + width / 2, box.top + i * box.cell + width / 2, Math.max(1, box.cell - width), Math.max(1, box.cell - width));
    pen.setLineDash([]);
  };
  for (let i = 0; i < n; i += 1) {
    const thick = box.cell > 16 ? 2 : 1;
    square(i, i, order[i] === i ? "#ffffff" : ink.wrong, thick);
    if (box.cell < 14) continue;
    const hard = (row, column, shape) => {
      const [x, y] = [box.left + (column + (shape ? 0.86 : 0.14)) * box.cell, box.top + (row + 0.14) * box.cell];
      pen.beginPath();
      if (shape) pen.arc(x, y, Math.max(2, box.cell * 0.08), 0, 7);
      else pen.rect(x - box.cell * 0.07, y - box.cell * 0.07, box.cell * 0.14, box.cell * 0.14);
      Object.assign(pen, { fillStyle: ink.wrong, strokeStyle: "#ffffff", lineWidth: 1 });
      pen.fill();
      pen.stroke();
    };
    if (found.hardText[i] >= 0) hard(i, found.hardText[i], true);
    if (found.hardImage[i] >= 0) hard(found.hardImage[i], i, false);
  }
  const at = cellNow(me);
  if (at) {
    square(at[0], at[1], ink.text, 3);
    square(at[0], at[1], ink.ground, 1);
  }
}

function paintSides(me, pen, found) {
  const { box, ink, labels } = me;
  const { n } = found;
  const order = orderNow(me);
  const pencil = sayWith(pen, me.font, ink);
  const say = (text, x, y, style = {}) => pencil(text, x, y, { size: box.size, ...style });
  const most = Math.max(Math.log(Math.max(2, n)), ...found.byImage, ...found.byText);
  say(fill(labels.columns_axis, { n }), box.left, box.size * 0.9, { weight: 600 });
  say(box.narrow ? labels.bars_short : labels.bars_axis, box.bars.left, box.top - box.size * (box.narrow ? 0.8 : 2.1), { weight: 600 });
  if (!box.narrow) say(labels.legend_two, box.bars.left, box.top - box.size * 0.8, { color: ink.quiet, size: box.size * 0.92 });
  const every = Math.max(1, Math.ceil((box.size * 1.25) / box.cell));
  const cellAt = cellNow(me);
  for (let i = 0; i < n; i += 1) {
    const y = box.top + (i + 0.5) * box.cell;
    const high = Math.min(box.cell, 48);
    const pictured = Math.min(box.pictures, high);
    if (me.image) pen.drawImage(me.image, (i % me.data.columns) * me.data.side, Math.floor(i / me.data.columns) * me.data.side, me.data.side, me.data.side, box.pictures - pictured, y - pictured / 2, pictured, pictured);
    if (i % every === 0) {
      say(String(i + 1), box.left - 4, y, { align: "right", color: ink.quiet, size: box.size * 0.85 });
      say(String(order[i] + 1), box.left + (i + 0.5) * box.cell, box.top - box.size * 0.7, { align: "center", color: order[i] === i ? ink.quiet : ink.wrong, size: box.size * 0.85, weight: order[i] === i ? 400 : 700 });
    }
    const tall = Math.max(1, Math.min(9, box.cell * 0.34));
    pen.fillStyle = ink.own;
    pen.fillRect(box.bars.left, y - tall, (found.byImage[i] / most) * box.bars.width, tall * 0.9);
    pen.fillStyle = ink.quiet;
    pen.fillRect(box.bars.left, y, (found.byText[i] / most) * box.bars.width, tall * 0.9);
    if (n > MANY_LINES) continue;
    const loss = ((found.byImage[i] + found.byText[i]) / 2).toFixed(2);
    const held = me.carried === i;
    const style = { color: order[i] === i ? ink.text : ink.wrong, weight: held || cellAt?.[1] === i ? 700 : 400 };
    if (box.narrow) {
      const below = box.list.top + (i + 0.5) * box.list.line;
      say(`${i + 1}`, box.size * 1.4, below, { align: "right", size: box.size * 0.85, color: ink.quiet });
      say(me.data.captions[order[i]], box.size * 2, below, { ...style, wide: box.width - box.size * 5 });
      say(loss, box.width, below, { align: "right", size: box.size * 0.9, color: ink.quiet });
      continue;
    }
    say(loss, box.words - box.size * 0.5, y, { align: "right", size: box.size * 0.9, color: ink.quiet });
    say(me.data.captions[order[i]], box.words, y, { ...style, size: Math.min(box.size, box.cell * 0.8), wide: box.width - box.words });
  }
  const at = box.bars.left + (Math.log(Math.max(1, n)) / most) * box.bars.width;
  pen.strokeStyle = ink.quiet;
  pen.setLineDash([3, 3]);
  pen.beginPath();
  pen.moveTo(at, box.top);
  pen.lineTo(at, box.top + box.side);
  pen.stroke();
  pen.setLineDash([]);
  say(fill(labels.guess, { value: Math.log(Math.max(1, n)).toFixed(2) }), box.narrow ? box.width : Math.min(at, box.bars.left + box.bars.width), box.top + box.side + box.size, { align: box.narrow ? "right" : "center", color: ink.quiet, size: box.size * 0.88 });
  say(labels.rows_axis, 0, box.top + box.side + box.size, { weight: 600 });
}

function draw(me) {
  me.ink = pairInk(me.root);
  me.font = themeColor(me.root, "--st-font", "sans-serif");
  me.box = layOut(me);
  const began = performance.now();
  me.found = workOut(me.data, orderNow(me), scaleNow(me), me.found);
  const pen = sheetOf(me.canvas, me.box.width, me.box.height);
  Object.assign(pen, { globalAlpha: 1 });
  pen.fillStyle = me.ink.ground;
  pen.fillRect(0, 0, me.box.width, me.box.height);
  paintCells(me, pen, me.found);
  paintMarks(me, pen, me.found);
  paintSides(me, pen, me.found);
  readOut(me);
  me.root.dataset.drawMs = (performance.now() - began).toFixed(2);
}

function readOut(me) {
  const { found, labels } = me;
  const order = orderNow(me);
  const two = (value) => digits(value, 3);
  write(me.total, fill(labels.total, { loss: two(found.loss), image: two(found.image), text: two(found.text), guess: Math.log(found.n).toFixed(2), recall: share(found.recall) }));
  const learned = Math.abs(found.scale - me.data.scale) < 0.05;
  write(me.scaleSaid, fill(learned ? labels.scale_learned : labels.scale_now, { scale: found.scale.toFixed(1), tau: two(1 / found.scale) }));
  write(me.batchSaid, fill(labels.batch_now, { n: found.n }));
  const at = cellNow(me);
  if (!at) return write(me.readout, labels.read_none);
  const [i, j] = at;
  const k = i * found.n + j;
  const said = fill(labels.read, {
    i: i + 1, caption: me.data.captions[order[j]], j: order[j] + 1, cosine: found.cosines[k].toFixed(3).replace("-", "−"), logit: (found.cosines[k] * found.scale).toFixed(2).replace("-", "−"),
    row: share(found.rows[k]), column: share(found.columns[k]),
  });
  const pair = i === j ? fill(order[i] === i ? labels.read_pair : labels.read_moved, { loss: ((found.byImage[i] + found.byText[i]) / 2).toFixed(3) }) : labels.read_negative;
  return write(me.readout, `${said} ${pair}`);
}

function build(me) {
  const { labels } = me;
  me.canvas = element("canvas", { tabindex: "0", role: "application", "aria-label": labels.canvas });
  me.stage = element("div", { class: "stage" }, [me.canvas]);
  me.total = element("p", { class: "total", "aria-live": "polite" });
  me.readout = element("p", { class: "readout", "aria-live": "polite" });
  me.scaleSaid = element("span", { class: "value" });
  me.batchSaid = element("span", { class: "value" });
  const log = (value) => Math.log10(value);
  const parts = [];
  const shows = (name) => !me.hide.includes(name);
  if (shows("scale")) {
    me.scaleSlider = slider({ name: "scale", label: labels.scale, min: LEAST_SCALE, max: MOST_SCALE, step: 0.005, key: 0.05, value: scaleNow(me), otherwise: me.data.scale, to: log, from: (at) => Number((10 ** at).toFixed(2)), show: (value) => value.toFixed(1),
      moved: (next) => { change(me, { scale: Math.abs(next - me.data.scale) < 1e-6 ? 0 : next }); soon(me, () => draw(me)); }, left: (wait) => tell(me, wait) });
    parts.push(element("label", { class: "choice wide" }, [me.scaleSaid, me.scaleSlider.input]));
  }
  if (shows("batch")) {
    me.batchSlider = slider({ name: "batch", label: labels.batch, min: 1, max: me.data.n, step: 1, key: 1, value: manyNow(me), otherwise: me.defaults.batch, show: String,
      moved: (next) => { change(me, { batch: Math.round(next), swaps: "", cell: "" }); soon(me, () => draw(me)); }, left: (wait) => tell(me, wait) });
    parts.push(element("label", { class: "choice wide" }, [me.batchSaid, me.batchSlider.input]));
  }
  me.tools = element("div", { class: "tools" }, parts);
  me.choice = element("div", { role: "group", class: "choice", "aria-label": labels.cells }, [element("span", { class: "hint", text: labels.cells }), ...["cosine", "rows", "columns"].map((name) => toggleButton(labels[`cells_${name}`], false, () => { change(me, { cells: name }); mark(me); draw(me); tell(me); }, { "data-choice": name }))]);
  const back = toggleButton(labels.restore, false, () => { change(me, { swaps: "", cell: "" }); draw(me); tell(me); });
  back.removeAttribute("aria-pressed");
  me.back = back;
  const row = element("div", { class: "tools" }, [...(shows("cells") ? [me.choice] : []), ...(mayMove(me) ? [back] : [])]);
  me.legend = element("p", { class: "legend" }, ["own", "image", "text", "hard_text", "hard_image"].map((name) => element("span", { class: `key ${name}`, text: labels[`key_${name}`] })));
  me.root.replaceChildren(me.tools, row, me.total, me.stage, me.legend, me.readout);
  listen(me);
  me.watch?.disconnect();
  me.watch = new ResizeObserver(() => soon(me, () => draw(me)));
  me.watch.observe(me.stage);
}

function mark(me) {
  for (const button of me.choice.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.choice === me.state.cells));
  const focused = me.root.getRootNode().activeElement;
  if (me.scaleSlider && me.scaleSlider.input !== focused) me.scaleSlider.set(scaleNow(me));
  if (me.batchSlider && me.batchSlider.input !== focused) me.batchSlider.set(manyNow(me));
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root, hover: null, trial: null, carried: -1, taken: -1, even: cividisTable(1), lifted: cividisTable(0.6) });
  const stop = withPayload(data.payload, (bytes) => {
    const fresh = me.payload !== data.payload;
    if (fresh) {
      me.payload = data.payload;
      me.data = readBatch(bytes);
      me.image = null;
      createImageBitmap(me.data.sheet).then((image) => { me.image = image; if (me.canvas) draw(me); root.dataset.pictured = data.payload; });
    }
    const relabelled = fresh || JSON.stringify([me.labels, me.hide]) !== JSON.stringify([data.labels, data.hide]);
    Object.assign(me, { labels: data.labels, hide: data.hide });
    adopt(me, data);
    if (relabelled) build(me);
    mark(me);
    draw(me);
    root.dataset.painted = Object.values(me.state).join(" ");
  });
  me.theme ??= new MutationObserver(() => me.data && soon(me, () => draw(me)));
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
  return stop;
}

// Inside one head, for one token: q and every k dimension by dimension, their products, the sum, the scale, softmax, and
// the mixture of v. The payload holds q, k and v of all tokens (float32); the rest is computed here, so that a slider
// and a token can be dragged without the server. The same steps as explainers/attention/neuron.py; a test compares.

const COLDEST = 0.1;
const HOTTEST = 8;
const STEPS = 1000; // of the slider, even in the logarithm of the temperature
const WIDE = 640; // pixels from which there is room for k and for the steps between

const positionOf = (temperature) => Math.round((STEPS * Math.log(temperature / COLDEST)) / Math.log(HOTTEST / COLDEST));
function temperatureAt(position) {
  if (Math.abs(position - positionOf(1)) < 5) return 1; // the model's own is easy to find again
  return Number((COLDEST * (HOTTEST / COLDEST) ** (position / STEPS)).toPrecision(3));
}

function parse(bytes) {
  const { header, numbers } = unframe(bytes);
  const size = header.n * header.dim;
  const [q, k, v] = [0, 1, 2].map((part) => new Float32Array(numbers, 4 * part * size, size));
  const largest = (...arrays) => arrays.reduce((most, array) => array.reduce((a, b) => Math.max(a, Math.abs(b)), most), 1e-9);
  return { ...header, q, k, v, most: { k: largest(q, k), v: largest(v) } };
}

/** What does not depend on the temperature: products, their sums, and these divided by the root of the dimensions. */
function scoresOf({ q, k, n, dim }, query) {
  const product = new Float64Array(n * dim);
  const dot = new Float64Array(n);
  for (let i = 0; i < product.length; i += 1) {
    product[i] = q[query * dim + (i % dim)] * k[i];
    dot[Math.floor(i / dim)] += product[i];
  }
  const score = dot.map((sum) => sum / Math.sqrt(dim));
  return { query, product, dot, score, most: product.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9) };
}

/** softmax(score / temperature), and the mixture of v with these weights. */
function mixture({ v, n, dim }, score, temperature) {
  const highest = score.reduce((a, b) => Math.max(a, b));
  const weight = score.map((value) => Math.exp((value - highest) / temperature));
  const sum = weight.reduce((a, b) => a + b);
  const output = new Float64Array(dim);
  for (let key = 0; key < n; key += 1) {
    weight[key] /= sum;
    for (let d = 0; d < dim; d += 1) output[d] += weight[key] * v[key * dim + d];
  }
  return { weight, output };
}

// ---------------------------------------------------------------- drawing

/** Values as a picture of one dot each: vermilion above zero, blue below, clear at zero. */
function strip(values, columns, most, dark) {
  const rows = values.length / columns;
  const image = new ImageData(columns, rows);
  const [up, down] = dark ? [[255, 138, 61], [86, 180, 233]] : [[213, 94, 0], [0, 114, 178]];
  values.forEach((value, i) => {
    image.data.set(value > 0 ? up : down, 4 * i);
    image.data[4 * i + 3] = Math.round(255 * Math.min(1, Math.abs(value) / most));
  });
  const canvas = element("canvas", { width: columns, height: rows });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

function stripsOf(me, dark) {
  const { data, scores } = me;
  if (me.strips?.data !== data || me.strips.dark !== dark) {
    me.strips = { data, dark, k: strip(data.k, data.dim, data.most.k, dark), v: strip(data.v, data.dim, data.most.v, dark) };
  }
  if (me.strips.scores !== scores) {
    const q = data.q.subarray(scores.query * data.dim, (scores.query + 1) * data.dim);
    Object.assign(me.strips, { scores, product: strip(scores.product, data.dim, scores.most, dark), q: strip(q, data.dim, data.most.k, dark) });
  }
  return me.strips;
}

/** Where every column stands: left edge and width in pixels. */
function columnsOf(width, rem, dim) {
  const wide = width >= WIDE;
  const gap = 0.8 * rem;
  const parts = wide ? ["name", "k", "product", "dot", "score", "weight", "v"] : ["name", "product", "weight", "v"];
  const fixed = { name: Math.min(0.2 * width, 7 * rem), dot: 3.2 * rem, score: 3.2 * rem, weight: (wide ? 7.2 : 4.4) * rem };
  const strips = parts.filter((part) => !(part in fixed)).length;
  const taken = parts.reduce((sum, part) => sum + (fixed[part] ?? 0), gap * (parts.length - 1));
  const cell = Math.max(1.5, Math.min(9, (width - taken) / (strips * dim)));
  const columns = {};
  let x = 0;
  for (const part of parts) {
    columns[part] = { x, width: fixed[part] ?? cell * dim };
    x += columns[part].width + gap;
  }
  return { columns, cell, wide };
}

function layoutOf(me, look) {
  const { rem, font } = look;
  const width = Math.max(300, look.width);
  const row = 1.35 * rem;
  const top = 4.2 * rem;
  return { rem, font, width, row, top, height: top + row * me.data.n + 4, ...columnsOf(width, rem, me.data.dim) };
}

function drawHeadings(me, context, box, ink, strips) {
  const { labels, data } = me;
  const { columns } = box;
  context.fillStyle = ink.ground;
  context.fillRect(0, 0, box.width, box.top - 2);
  context.fillStyle = ink.text;
  context.font = `600 ${0.8 * box.rem}px ${box.font}`;
  const titles = {
    name: labels.looked_at, k: labels.keys, product: labels.product, dot: "q·k", score: `÷ √${data.dim}`,
    weight: box.wide ? `÷ ${me.temperature} → ${labels.weight}` : labels.weight, v: labels.values,
  };
  for (const [part, { x, width }] of Object.entries(columns)) {
    const right = part === "dot" || part === "score";
    context.textAlign = right ? "right" : "left";
    const room = part === "weight" ? width + 0.6 * box.rem : width;
    context.fillText(clipped(context, titles[part], room), right ? x + width : x, 0.7 * box.rem);
  }
  context.textAlign = "left";
  const y = 1.6 * box.rem;
  const above = columns.k ?? columns.product;
  context.font = `700 ${0.85 * box.rem}px ${box.font}`;
  context.fillText(clipped(context, `q: ${shownAs(data.tokens[me.query])}`, columns.name.width), 0, y + box.row / 2);
  context.imageSmoothingEnabled = false;
  context.drawImage(strips.q, above.x, y, above.width, box.row);
  context.drawImage(strip(me.step.output, data.dim, data.most.v, ink.dark), columns.v.x, y, columns.v.width, box.row);
  context.textAlign = "right";
  context.fillText(clipped(context, labels.output, columns.v.x - 0.8 * box.rem - (columns.k ? columns.product.x : columns.product.x + columns.product.width)), columns.v.x - 0.4 * box.rem, y + box.row / 2);
  context.strokeStyle = ink.border;
  context.lineWidth = 1;
  for (const { x, width } of [above, columns.v]) context.strokeRect(x - 0.5, y - 0.5, width + 1, box.row + 1);
}

function drawRow(me, context, box, ink, key) {
  const { data, scores, step } = me;
  const { columns } = box;
  const y = box.top + box.row * key - box.from;
  const middle = y + box.row / 2;
  const token = data.tokens[key];
  const mine = key === me.query;
  context.font = `${mine ? 700 : 400} ${0.9 * box.rem}px ${box.font}`;
  context.fillStyle = token.special ? ink.sink : ink.text;
  context.textAlign = "left";
  context.fillText(clipped(context, shownAs(token), columns.name.width), 0, middle);
  context.font = `400 ${0.8 * box.rem}px ${box.font}`;
  context.textAlign = "right";
  context.fillStyle = ink.text;
  if (columns.dot) context.fillText(minus(scores.dot[key].toFixed(2)), columns.dot.x + columns.dot.width, middle);
  if (columns.score) context.fillText(minus(scores.score[key].toFixed(2)), columns.score.x + columns.score.width, middle);
  const { x, width } = columns.weight;
  context.globalAlpha = 0.35;
  context.fillStyle = token.special ? ink.sink : ink.word;
  context.fillRect(x, y + 2, width * step.weight[key], box.row - 4);
  context.globalAlpha = 1;
  context.fillStyle = ink.text;
  context.textAlign = "left";
  context.fillText(step.weight[key].toFixed(3), x + 3, middle);
}

function drawMark(me, context, box, ink) {
  const { hover } = me;
  if (!hover) return;
  const { x, width } = box.columns[hover.part];
  const y = hover.key === null ? 1.6 * box.rem : box.top + box.row * hover.key - box.from;
  if (hover.key !== null && y < box.top - box.row) return;
  context.strokeStyle = ink.text;
  context.lineWidth = 1.5;
  const inStrip = hover.dim !== null;
  context.strokeRect(inStrip ? x + box.cell * hover.dim - 1 : x - 2, y, inStrip ? box.cell + 2 : width + 4, box.row);
}

function draw(me) {
  const begun = performance.now();
  const { data } = me;
  if (me.scores?.data !== data || me.scores.query !== me.query) me.scores = Object.assign(scoresOf(data, me.query), { data });
  me.step = mixture(data, me.scores.score, me.temperature);
  const look = lookOf(me.pane);
  const { ink } = look;
  const box = layoutOf(me, look);
  const { context, from, shown } = seenOf(me.pane, box.width, box.height, ink.ground);
  me.box = Object.assign(box, { from, shown });
  me.root.style.setProperty("--word", ink.word);
  const strips = stripsOf(me, ink.dark);
  context.imageSmoothingEnabled = false;
  context.textBaseline = "middle";
  for (const part of ["k", "product", "v"]) {
    const column = box.columns[part];
    if (column) context.drawImage(strips[part], column.x, box.top - from, column.width, box.row * data.n);
  }
  const first = Math.floor(from / box.row);
  const last = Math.min(data.n - 1, Math.ceil((from + shown - box.top) / box.row));
  for (let key = first; key <= last; key += 1) drawRow(me, context, box, ink, key);
  drawHeadings(me, context, box, ink, strips);
  drawMark(me, context, box, ink);
  readOut(me);
  me.root.dataset.drawMs = (performance.now() - begun).toFixed(1);
}

// ---------------------------------------------------------------- words and hands

const minus = (text) => text.replace("-", "−");
const number = (value) => (Math.abs(value) < 0.0005 ? "0.000" : minus(value.toFixed(3)));

function readOut(me) {
  const { data, scores, step, labels, hover } = me;
  if (!hover) {
    const best = step.weight.indexOf(step.weight.reduce((a, b) => Math.max(a, b)));
    me.readout.textContent = fill(labels.rest, { query: shownAs(data.tokens[me.query]), key: shownAs(data.tokens[best]), weight: step.weight[best].toFixed(3), temperature: me.temperature });
    return;
  }
  const { key, part, dim } = hover;
  const at = (array, row) => number(array[row * data.dim + dim]);
  const name = key === null ? "" : shownAs(data.tokens[key]);
  if (key === null) {
    me.readout.textContent = part === "v"
      ? fill(labels.say_output, { dim, value: number(step.output[dim]) })
      : fill(labels.say_q, { dim, query: shownAs(data.tokens[me.query]), value: at(data.q, me.query) });
  } else if (part === "k" || part === "product") {
    me.readout.textContent = fill(labels.say_product, { dim, key: name, q: at(data.q, me.query), k: at(data.k, key), value: at(scores.product, key), dot: number(scores.dot[key]) });
  } else if (part === "v") {
    const share = number(step.weight[key] * data.v[key * data.dim + dim]);
    me.readout.textContent = fill(labels.say_v, { dim, key: name, value: at(data.v, key), weight: step.weight[key].toFixed(4), share, output: number(step.output[dim]) });
  } else {
    me.readout.textContent = fill(labels.say_weight, {
      key: name, dot: number(scores.dot[key]), root: data.dim, score: number(scores.score[key]), temperature: me.temperature,
      scaled: number(scores.score[key] / me.temperature), weight: step.weight[key].toFixed(4),
    });
  }
}

/** The number under the pointer: its row (null: above the rows, q and the output), its column, its dimension. */
function placeAt(me, event) {
  const canvas = me.pane.canvas.getBoundingClientRect();
  const { box, data } = me;
  const [x, y] = [event.clientX - canvas.left, event.clientY - canvas.top];
  const found = Object.entries(box.columns).find(([, column]) => x >= column.x && x < column.x + column.width);
  if (!found) return null;
  const [part, column] = found;
  const dim = ["k", "product", "v"].includes(part) ? Math.min(data.dim - 1, Math.floor((x - column.x) / box.cell)) : null;
  if (y < box.top) {
    const above = y >= 1.6 * box.rem && y < 1.6 * box.rem + box.row;
    return above && dim !== null && (part === "v" || column === (box.columns.k ?? box.columns.product)) ? { key: null, part, dim } : null;
  }
  const key = Math.floor((y - box.top + box.from) / box.row);
  return key < data.n ? { key, part, dim } : null;
}

function lookFrom(me, query) {
  me.query = query;
  draw(me);
  afterPaint(() => setControls({ pin: query }));
}

function onKey(me, event) {
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  const within = (value, most) => Math.min(most - 1, Math.max(0, value));
  if (step) {
    const at = me.hover?.key !== null && me.hover ? me.hover : { key: -step[0], part: "product", dim: 0 };
    const dim = at.dim === null ? null : within(at.dim + step[1], me.data.dim);
    me.hover = { ...at, key: within(at.key + step[0], me.data.n), dim };
    const top = me.box.top + me.box.row * me.hover.key;
    scrollTo(me.pane, top, top + me.box.row, me.box.top);
  } else if (event.key === "Enter" && me.hover && me.hover.key !== null) return lookFrom(me, me.hover.key);
  else if (event.key === "Escape") me.hover = null;
  else return undefined;
  event.preventDefault();
  return draw(me);
}

function listen(me) {
  const { canvas } = me.pane;
  const over = (place) => {
    if (JSON.stringify(place) === JSON.stringify(me.hover)) return;
    me.hover = place;
    draw(me);
  };
  canvas.onpointermove = (event) => over(placeAt(me, event));
  canvas.onpointerleave = () => over(null);
  canvas.onblur = () => over(null);
  canvas.onclick = (event) => {
    const place = placeAt(me, event);
    if (place && place.key !== null) lookFrom(me, place.key);
  };
  canvas.onkeydown = (event) => onKey(me, event);
  watchSize(me, me.pane, () => draw(me));
}

function warm(me, temperature) {
  me.temperature = temperature;
  me.slider.value = positionOf(temperature);
  me.slider.setAttribute("aria-valuetext", String(temperature));
  me.degree.textContent = String(temperature);
}

function buildSlider(me) {
  const { labels } = me;
  me.slider = element("input", { type: "range", min: 0, max: STEPS, step: 5, "aria-label": labels.temperature });
  me.degree = element("output", {});
  const tell = () => setControls({ temperature: me.temperature === 1 ? null : me.temperature });
  me.slider.oninput = () => {
    const position = Number(me.slider.value);
    me.dragging = true;
    me.temperature = temperatureAt(position);
    me.slider.setAttribute("aria-valuetext", String(me.temperature));
    me.degree.textContent = String(me.temperature);
    draw(me);
  };
  me.slider.onchange = () => { // let go; keys held down count as one drag
    clearTimeout(me.telling);
    me.telling = setTimeout(() => {
      me.dragging = false;
      tell();
    }, 250);
  };
  me.slider.ondblclick = () => {
    warm(me, 1);
    draw(me);
    tell();
  };
  const scale = element("span", { class: "ends", "aria-hidden": "true" }, [element("span", { text: String(COLDEST) }), element("span", { text: String(HOTTEST) })]);
  return element("label", { class: "temperature" }, [element("span", { text: labels.temperature }), element("span", { class: "track" }, [me.slider, scale]), me.degree]);
}

function build(me) {
  const { labels } = me;
  me.pane = scrollingPane(element("canvas", { tabindex: "0", role: "img", "aria-label": labels.canvas, class: "head" }));
  me.readout = element("p", { class: "readout", "aria-live": "polite" });
  const slider = buildSlider(me);
  me.legend = element("p", { class: "legend" }, [
    element("span", { class: "key", text: labels.scale }), element("span", { text: labels.hint }),
  ]);
  me.root.replaceChildren(...(me.hideTemperature ? [] : [slider]), me.readout, me.pane.stage, me.legend);
  listen(me);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root, hover: null });
  const stop = withPayload(data.payload, (bytes) => {
    if (me.payload !== data.payload) me.data = parse(bytes);
    const shape = JSON.stringify([data.labels, data.hide_temperature]);
    const rebuilt = me.shape !== shape;
    Object.assign(me, { payload: data.payload, query: data.query, labels: data.labels, hideTemperature: data.hide_temperature, shape });
    if (rebuilt) build(me);
    if (!me.dragging && me.temperature !== data.temperature) warm(me, data.temperature);
    draw(me);
    root.dataset.painted = `${data.payload} ${data.query} ${data.temperature}`;
  });
  me.theme ??= new MutationObserver(() => {
    if (!me.pane) return;
    me.pane.look = null;
    draw(me);
  });
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
  return stop;
}

// Attention of a whole model: small heads to choose from (attention-overview.js), one large head to read, as lines
// (attention-lines.js) or as a matrix (attention-matrix.js). The payload holds one byte per weight (layer, head, query,
// key); nothing here computes, it only looks up. Of a text with more than FULL tokens it holds small heads only; the
// large one comes by itself, two bytes per weight, and until it is there the old one stays.

const FULL = 128; // explainers/attention/payload.py, FULL_TOKENS
const KEEP_HEADS = 12; // large heads of a long text that the browser remembers, half a megabyte each

function parse(bytes) {
  const { header, numbers } = unframe(bytes);
  const weights = new Uint8Array(numbers);
  const size = header.rows ** 2;
  return { ...header, full: FULL, at: (layer, head) => weights.subarray((layer * header.heads + head) * size, (layer * header.heads + head + 1) * size) };
}

/** The weights of a head in full, or undefined while they are on their way. */
function headAt(me, layer, head) {
  const { trace } = me;
  const name = `${layer} ${head}`;
  if (!me.heads.has(name) && trace.pool === 1) me.heads.set(name, { layer, head, n: trace.n, scale: 255, values: trace.at(layer - 1, head - 1) });
  return me.heads.get(name);
}

function keepHead(me, bytes) {
  const { header, numbers } = unframe(bytes);
  const name = `${header.layer + 1} ${header.head + 1}`;
  me.heads.delete(name);
  me.heads.set(name, { layer: header.layer + 1, head: header.head + 1, n: header.n, scale: 65535, values: new Uint16Array(numbers) });
  while (me.heads.size > KEEP_HEADS) me.heads.delete(me.heads.keys().next().value);
}

function weightText(me, query, key) {
  const { values, scale, n } = me.shown;
  return (values[query * n + key] / scale).toFixed(scale > 255 ? 4 : 2);
}

/** Read a head. `wait`: milliseconds before the server is told; arrow keys held down paint each, and tell the last. */
function choose(me, layer, head, wait = 0) {
  Object.assign(me, { layer, head });
  markChosen(me);
  drawHead(me);
  clearTimeout(me.telling);
  me.telling = setTimeout(() => afterPaint(() => {
    me.telling = 0;
    setControls({ layer: me.layer, head: me.head });
  }), wait);
}

const focusOf = (me) => me.hover?.query ?? (me.pin >= 0 && me.pin < me.trace.n ? me.pin : null);
const layoutOf = (me, { rem, font }, width) => ({ ...(me.view === "matrix" ? matrixLayout : linesLayout)(me, rem, width), font });

const paint = (me, context, box, ink) => (me.view === "matrix" ? paintMatrix : paintLines)(me, context, box, ink, focusOf(me));

function drawHead(me, dragging = false) {
  const found = headAt(me, me.layer, me.head);
  const waiting = found ? "" : fill(me.labels.loading, { layer: me.layer, head: me.head });
  me.shown = found ?? me.shown;
  me.waiting.textContent = waiting;
  if (!me.shown) return;
  const look = lookOf(me.pane);
  const { ink } = look;
  const box = layoutOf(me, look, Math.max(260, look.width));
  const { context, from, shown } = seenOf(me.pane, box.width, box.height, ink.ground);
  me.box = Object.assign(box, { from, shown, dragging });
  if (me.ink !== ink) {
    me.ink = ink;
    me.root.style.setProperty("--word", ink.word);
    me.root.style.setProperty("--sink", ink.sink);
  }
  me.note.textContent = paint(me, context, box, ink);
  const { layer, head } = me.shown;
  const at = (measure) => me.trace[measure][layer - 1][head - 1];
  me.name.textContent = [me.title, fill(me.labels.head_short, { layer, head })].filter(Boolean).join(" · ");
  me.measures.textContent = fill(me.labels.measures, {
    entropy: at("entropy").toFixed(1), most: Math.log2(me.trace.n).toFixed(1), distance: at("distance").toFixed(1),
  });
  readOut(me, focusOf(me));
}

/** The numbers behind the picture, in words: what a reader sees by hovering, a screen reader hears. */
function readOut(me, focus) {
  const { trace, labels } = me;
  if (focus === null) {
    me.readout.textContent = labels.read_none;
    return;
  }
  const { values, n } = me.shown;
  const weights = values.subarray(focus * n, (focus + 1) * n);
  const best = [...weights.keys()].sort((i, j) => weights[j] - weights[i]).slice(0, 5);
  const place = (key) => (n > trace.full ? ` (${key})` : "");
  const keys = best.map((key) => `${shownAs(trace.tokens[key])}${place(key)} ${weightText(me, focus, key)}`);
  const row = fill(labels.read_token, { token: shownAs(trace.tokens[focus]), position: focus, keys: keys.join(" · ") });
  const key = me.view === "matrix" ? me.hover?.key ?? null : null;
  const pair = key === null ? [] : [fill(labels.read_pair, {
    query: shownAs(trace.tokens[focus]), from: focus, key: shownAs(trace.tokens[key]), to: key, weight: weightText(me, focus, key),
  })];
  me.readout.textContent = [...pair, row].join("\n");
}

/** The token, or in a matrix the cell, under the pointer. */
function placeAt(me, event) {
  const canvas = me.pane.canvas.getBoundingClientRect();
  const { box } = me;
  const [x, y] = [event.clientX - canvas.left, event.clientY - canvas.top + box.from];
  const inside = (index) => (index >= 0 && index < me.trace.n ? Math.floor(index) : null);
  const query = inside(me.view === "matrix" ? (y - box.margin) / box.cell : (y - box.top) / box.row);
  if (query === null || (me.view !== "matrix" && y - box.from < box.top)) return null;
  return { query, key: me.view === "matrix" ? inside((x - box.margin) / box.cell) : null };
}

function hoverOver(me, place) {
  if (place?.query === me.hover?.query && place?.key === me.hover?.key) return;
  me.hover = place;
  drawHead(me);
}

function pinTo(me, token) {
  me.pin = token;
  me.hover = null;
  drawHead(me);
  afterPaint(() => setControls({ pin: token < 0 ? null : token }));
}

/** Bring the row of a token into view. */
function reveal(me, token, centred = false) {
  const { box } = me;
  const [top, tall, head] = me.view === "matrix" ? [box.margin, box.cell, 0] : [box.top, box.row, box.top];
  scrollTo(me.pane, top + tall * token, top + tall * (token + 1), head, centred);
}

function onKey(me, event) {
  const { n } = me.trace;
  const within = (index) => Math.min(n - 1, Math.max(0, index));
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  const query = me.hover?.query ?? me.pin;
  if (step && (step[0] || me.view === "matrix")) {
    const key = me.view === "matrix" ? within((me.hover?.key ?? -1) + step[1]) : null;
    me.hover = { query: within(query + step[0]), key: step[1] || me.hover ? key : null };
    reveal(me, me.hover.query);
  } else if (event.key === "Enter" && me.hover) return pinTo(me, me.hover.query);
  else if (event.key === "Escape") return pinTo(me, -1);
  else return undefined;
  event.preventDefault();
  return drawHead(me);
}

function listen(me) {
  const { canvas } = me.pane;
  canvas.onpointermove = (event) => hoverOver(me, placeAt(me, event));
  canvas.onpointerleave = () => hoverOver(me, null);
  canvas.onclick = (event) => {
    const place = placeAt(me, event);
    if (place) pinTo(me, place.query === me.pin ? -1 : place.query);
  };
  canvas.ondblclick = () => pinTo(me, -1);
  canvas.onkeydown = (event) => onKey(me, event);
  canvas.onblur = () => hoverOver(me, null);
  watchSize(me, me.pane, (dragging) => drawHead(me, dragging));
}

/** The whole picture, also what is scrolled out of view. A browser draws at most 16,384 pixels on a side. */
function savePicture(me) {
  const look = lookOf(me.pane);
  const { ink } = look;
  const box = layoutOf(me, look, me.box.width);
  Object.assign(box, { from: 0, shown: box.height, dragging: false });
  const canvas = element("canvas");
  const context = paper(canvas, box.width, box.height, Math.min(window.devicePixelRatio || 1, 16000 / box.height));
  context.fillStyle = ink.ground;
  context.fillRect(0, 0, box.width, box.height);
  paint(me, context, box, ink);
  canvas.toBlob((blob) => saveAs(`attention-layer${me.shown.layer}-head${me.shown.head}.png`, blob));
}

function build(me) {
  const { labels } = me;
  me.pane = scrollingPane(element("canvas", { tabindex: "0", role: "img", "aria-label": labels.canvas, class: "head" }));
  me.name = element("h3", {});
  me.waiting = element("span", { class: "waiting", role: "status" });
  me.note = element("p", { class: "note" });
  me.readout = element("p", { class: "readout", "aria-live": "polite" });
  me.measures = element("p", { class: "measures" });
  const save = element("button", { type: "button", class: "save", text: labels.save });
  save.onclick = () => savePicture(me);
  const legend = element("p", { class: "legend" }, [
    element("span", { class: "key word", text: labels.legend_word }),
    element("span", { class: "key sink", text: labels.legend_sink }),
    element("span", { class: "key scale", text: labels.legend_scale }),
  ]);
  const bar = element("div", { class: "bar" }, [me.name, me.waiting, save]);
  const large = element("section", { class: "large" }, [bar, me.pane.stage, legend, me.note]);
  if (me.alone) {
    me.grid = null;
    large.append(me.readout, me.measures);
    me.root.replaceChildren(large);
  } else {
    const overview = buildOverview(me);
    overview.append(me.readout, me.measures, me.saveHeads);
    me.root.replaceChildren(overview, large);
  }
  listen(me);
}

/** Take over what the server says; a head chosen here and not yet told is newer than an answer on its way. */
function take(me, data) {
  const newer = (me.telling || house.held?.head !== undefined) && me.payload === data.payload;
  const pinned = me.pin !== data.pin;
  Object.assign(me, { labels: data.labels, payload: data.payload, view: data.view, pin: data.pin, alone: data.alone, title: data.title });
  Object.assign(me, { order: data.order ?? "layers", orders: data.orders ?? [] });
  if (!newer) Object.assign(me, { layer: data.layer, head: data.head });
  return pinned && data.pin >= 0 && !me.hover;
}

function show(me, data, bytes, detail) {
  const { root } = me;
  const begun = performance.now();
  const fresh = me.payload !== data.payload;
  const shape = (trace) => `${trace?.layers}x${trace?.heads} ${JSON.stringify([data.labels, data.orders])}`;
  if (fresh) Object.assign(me, { trace: parse(bytes), heads: new Map(), shown: null });
  if (detail) keepHead(me, detail);
  const bring = take(me, data);
  root.classList.toggle("alone", Boolean(data.alone));
  root.dataset.view = data.view;
  root.dataset.long = me.trace.n > me.trace.full;
  const rebuilt = me.shape !== shape(me.trace);
  if (rebuilt) build(me);
  me.shape = shape(me.trace);
  if (fresh) me.atlas = data.alone ? null : drawAtlas(me.trace);
  markChosen(me);
  drawHead(me);
  if (me.grid && (fresh || rebuilt || root.dataset.order !== me.order)) {
    drawOverview(me, arrange(me));
  }
  if (bring && me.box && me.pin < me.trace.n) {
    reveal(me, me.pin, true);
    drawHead(me);
  }
  if (me.shown.layer === data.layer && me.shown.head === data.head) {
    root.dataset.painted = `${data.payload} ${data.layer} ${data.head} ${data.view} ${data.pin}`;
    house.painted?.(root); // the early look (ui/early.js) leaves
  }
  root.dataset.paintMs = (performance.now() - begun).toFixed(1);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root, hover: null });
  let stopDetail = () => {};
  const stop = withPayload(data.payload, (bytes) => {
    if (!data.detail) return show(me, data, bytes);
    // The store keeps few payloads: a head that was taken over makes room for the text of the document.
    if (me.detail && me.detail !== data.detail) house.payloads.delete(me.detail);
    me.detail = data.detail;
    stopDetail = withPayload(data.detail, (detail) => show(me, data, bytes, detail));
    return undefined;
  });
  me.theme ??= new MutationObserver(() => {
    if (!me.pane) return;
    me.pane.look = null;
    drawHead(me);
  });
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
  return () => { stop(); stopDetail(); };
}

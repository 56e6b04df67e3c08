// Attention of a whole model on one canvas each: 72 small heads to choose from, one large head to read.
// The payload holds one byte per weight (layer, head, query, key); nothing here computes, it only looks up.

const SMALL = 0.02; // lines below this weight are not drawn: they would only grey the picture
const STRENGTHS = 16; // steps of line strength when all lines are shown
const SETTLED_MS = 150; // a drag is over when the width has been still for so long

function parse(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const weights = bytes.subarray(Math.ceil((4 + length) / 4) * 4);
  header.tokens.forEach((token, index) => { token.index = index; });
  return { ...header, at: (layer, head) => weights.subarray((layer * header.heads + head) * header.n ** 2, (layer * header.heads + head + 1) * header.n ** 2) };
}

// Many different characters become the same [UNK]; naming the one the reader typed keeps them apart.
const shownAs = (token) => (token.piece === "[UNK]" && token.text ? `${token.text} [UNK]` : token.piece);
const percent = (share) => `${Math.round(share * 100)} %`;

// ---------------------------------------------------------------- all heads

function drawOverview(me) {
  if (!me.grid) return;
  const { trace, grid, labels } = me;
  const table = cividisTable();
  const image = new ImageData(trace.n, trace.n);
  const pixels = new Uint32Array(image.data.buffer);
  for (const [index, cell] of grid.cells.entries()) {
    const head = trace.at(Math.floor(index / trace.heads), index % trace.heads);
    for (let i = 0; i < head.length; i += 1) pixels[i] = table[head[i]];
    const canvas = cell.firstElementChild;
    canvas.width = trace.n;
    canvas.height = trace.n;
    canvas.getContext("2d").putImageData(image, 0, 0);
    const [layer, number] = [Math.floor(index / trace.heads), index % trace.heads];
    cell.setAttribute("aria-label", fill(labels.head_name, { layer: layer + 1, head: number + 1, share: percent(trace.sink[layer][number]) }));
  }
  grid.shares.forEach((node, layer) => {
    const mean = trace.sink[layer].reduce((sum, value) => sum + value, 0) / trace.heads;
    node.textContent = percent(mean);
    node.style.setProperty("--share", mean);
  });
}

function markChosen(me) {
  if (!me.grid) return;
  const chosen = (me.layer - 1) * me.trace.heads + me.head - 1;
  me.grid.cells.forEach((cell, index) => {
    cell.setAttribute("aria-selected", String(index === chosen));
    cell.tabIndex = index === chosen ? 0 : -1;
  });
}

function choose(me, layer, head, tell = true) {
  me.layer = layer;
  me.head = head;
  markChosen(me);
  drawHead(me);
  if (!tell) return;
  clearTimeout(me.telling); // arrow keys held down: paint each head, tell the server the last
  me.telling = setTimeout(() => setControls({ layer, head }), 120);
}

function buildOverview(me) {
  const { trace, labels } = me;
  const cells = [];
  const shares = [];
  const rows = [element("div", { class: "heads-row names", role: "row" }, [
    element("span", { role: "columnheader", text: labels.layer }),
    ...Array.from({ length: trace.heads }, (_, head) => element("span", { role: "columnheader", text: String(head + 1) })),
    element("span", { role: "columnheader", class: "share-name", text: labels.sink }),
  ])];
  for (let layer = 0; layer < trace.layers; layer += 1) {
    const row = Array.from({ length: trace.heads }, (_, head) => {
      const cell = element("button", { type: "button", role: "gridcell", class: "cell" }, [element("canvas", { "aria-hidden": "true" })]);
      cell.onclick = () => choose(me, layer + 1, head + 1);
      cell.onpointerenter = () => { me.hint.textContent = cell.getAttribute("aria-label"); };
      cells.push(cell);
      return cell;
    });
    const share = element("span", { class: "share", role: "gridcell" });
    shares.push(share);
    rows.push(element("div", { class: "heads-row", role: "row" }, [element("span", { role: "rowheader", text: String(layer + 1) }), ...row, share]));
  }
  me.grid = { cells, shares };
  const grid = element("div", { class: "heads", role: "grid", "aria-label": labels.all_heads, style: `--heads:${trace.heads}` }, rows);
  grid.onkeydown = (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step) return;
    event.preventDefault();
    const layer = Math.min(trace.layers, Math.max(1, me.layer + step[0]));
    const head = Math.min(trace.heads, Math.max(1, me.head + step[1]));
    choose(me, layer, head);
    cells[(layer - 1) * trace.heads + head - 1].focus();
  };
  me.hint = element("p", { class: "hint", text: labels.hint });
  grid.onpointerleave = () => { me.hint.textContent = labels.hint; };
  return element("section", { class: "overview" }, [element("h3", { text: labels.all_heads }), grid, me.hint]);
}

// ---------------------------------------------------------------- one head

function colors(me) {
  const node = me.canvas;
  const dark = isDark(node);
  return {
    text: themeColor(node, "--st-text-color", "#1b1e23"),
    ground: themeColor(node, "--st-background-color", "#ffffff"),
    soft: themeColor(node, "--st-secondary-background-color", "#f4f5f7"),
    word: dark ? "#56b4e9" : "#0072b2",
    sink: dark ? "#9aa3ad" : "#7f7f7f",
  };
}

function layout(me) {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const width = Math.max(260, me.stage.clientWidth);
  const n = me.trace.n;
  if (me.view === "matrix") {
    const margin = Math.min(width * 0.3, (n > 48 ? 1 : 6.2) * rem);
    const cell = Math.min(2.4 * rem, (width - margin - 4) / n);
    return { rem, width, margin, cell, height: margin + cell * n + 4 };
  }
  const row = n <= 24 ? 1.45 * rem : n <= 48 ? 1.2 * rem : rem;
  const column = Math.min(width * 0.32, 8.5 * rem);
  return { rem, width, row, column, top: 1.6 * rem, height: 1.6 * rem + row * n + 4 };
}

function lineOf(me, box, query, key) {
  const middle = (index) => box.top + box.row * (index + 0.5);
  return { x1: box.column + 6, y1: middle(query), x2: box.width - box.column - 6, y2: middle(key) };
}

/** Lines of one query token, each as wide and as strong as its weight. */
function drawFocus(me, context, box, ink, query) {
  const { trace } = me;
  const weights = trace.at(me.layer - 1, me.head - 1);
  for (let key = 0; key < trace.n; key += 1) {
    const weight = weights[query * trace.n + key] / 255;
    if (weight < SMALL) continue;
    const line = lineOf(me, box, query, key);
    context.globalAlpha = Math.max(0.25, weight);
    context.strokeStyle = trace.tokens[key].special ? ink.sink : ink.word;
    context.setLineDash(trace.tokens[key].special ? [4, 3] : []);
    context.lineWidth = 1 + weight * 4;
    context.beginPath();
    context.moveTo(line.x1, line.y1);
    context.lineTo(line.x2, line.y2);
    context.stroke();
  }
  context.globalAlpha = 1;
  context.setLineDash([]);
}

/** Lines of all tokens: grouped by strength, so that thousands of lines cost a few strokes. */
function drawAll(me, context, box, ink) {
  const { trace } = me;
  const weights = trace.at(me.layer - 1, me.head - 1);
  const least = trace.n > 48 ? 2 * SMALL : SMALL;
  const groups = new Map();
  for (let query = 0; query < trace.n; query += 1) {
    for (let key = 0; key < trace.n; key += 1) {
      const weight = weights[query * trace.n + key] / 255;
      if (weight < least) continue;
      const name = Math.ceil(weight * STRENGTHS) * (trace.tokens[key].special ? -1 : 1);
      if (!groups.has(name)) groups.set(name, new Path2D());
      const line = lineOf(me, box, query, key);
      groups.get(name).moveTo(line.x1, line.y1);
      groups.get(name).lineTo(line.x2, line.y2);
    }
  }
  context.lineWidth = 1.5;
  for (const [name, path] of groups) {
    context.globalAlpha = (Math.abs(name) / STRENGTHS) * 0.85;
    context.strokeStyle = name < 0 ? ink.sink : ink.word;
    context.setLineDash(name < 0 && trace.n <= 48 ? [4, 3] : []);
    context.stroke(path);
  }
  context.globalAlpha = 1;
  context.setLineDash([]);
}

/** The picture of all lines is kept: letting go of a token shows it again, dragging the pane stretches it. */
function drawLines(me, context, box, ink, focus) {
  if (focus !== null) {
    drawFocus(me, context, box, ink, focus);
    return;
  }
  const wanted = [me.payload, me.layer, me.head, box.height, ink.word].join(" ");
  const kept = me.kept?.name === wanted ? me.kept : null;
  if (!kept || (kept.width !== box.width && !me.dragging)) {
    const canvas = element("canvas");
    drawAll(me, paper(canvas, box.width, box.height), box, ink);
    me.kept = { name: wanted, width: box.width, canvas };
  }
  context.drawImage(me.kept.canvas, 0, 0, box.width, box.height);
}

function clipped(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  let cut = text;
  while (cut.length > 1 && context.measureText(`${cut}…`).width > room) cut = cut.slice(0, -1);
  return `${cut}…`;
}

function drawColumns(me, context, box, ink, focus) {
  const { trace, labels } = me;
  const weights = trace.at(me.layer - 1, me.head - 1);
  const font = getComputedStyle(me.canvas).fontFamily;
  const size = Math.min(box.rem, box.row * 0.8);
  context.textBaseline = "middle";
  context.font = `600 ${Math.max(12, box.rem * 0.8)}px ${font}`;
  context.fillStyle = ink.text;
  context.textAlign = "right";
  context.fillText(labels.query, box.column, box.top / 2);
  context.textAlign = "left";
  context.fillText(labels.key, box.width - box.column, box.top / 2);
  for (const token of trace.tokens) {
    const y = box.top + box.row * (token.index + 0.5);
    const mine = focus === token.index;
    if (mine) {
      context.fillStyle = ink.soft;
      context.fillRect(0, y - box.row / 2, box.column, box.row);
    }
    context.font = `${mine ? 700 : 400} ${size}px ${font}`;
    context.fillStyle = token.special ? ink.sink : ink.text;
    context.textAlign = "right";
    context.fillText(clipped(context, shownAs(token), box.column - 4), box.column, y);
    const x = box.width - box.column;
    if (focus !== null) {
      const weight = weights[focus * trace.n + token.index] / 255;
      context.globalAlpha = 0.3;
      context.fillStyle = token.special ? ink.sink : ink.word;
      context.fillRect(x, y - box.row / 2 + 1, box.column * weight, box.row - 2);
      context.globalAlpha = 1;
    }
    context.fillStyle = token.special ? ink.sink : ink.text;
    context.textAlign = "left";
    context.fillText(clipped(context, shownAs(token), box.column - 4), x, y);
  }
}

function matrixImage(me) {
  const { trace } = me;
  const weights = trace.at(me.layer - 1, me.head - 1);
  const table = cividisTable();
  const image = new ImageData(trace.n, trace.n);
  new Uint32Array(image.data.buffer).forEach((_, i, pixels) => { pixels[i] = table[weights[i]]; });
  const small = element("canvas", { width: trace.n, height: trace.n });
  small.getContext("2d").putImageData(image, 0, 0);
  return small;
}

function drawMatrix(me, context, box, ink, focus) {
  const { trace, labels } = me;
  const side = box.cell * trace.n;
  const font = getComputedStyle(me.canvas).fontFamily;
  context.imageSmoothingEnabled = false;
  context.drawImage(matrixImage(me), box.margin, box.margin, side, side);
  context.textBaseline = "middle";
  const size = Math.min(box.rem * 0.9, box.cell * 0.8);
  const named = size >= 8 ? [...trace.tokens.keys()] : focus === null ? [] : [focus];
  context.font = `400 ${Math.max(11, size)}px ${font}`;
  for (const index of named) {
    const token = trace.tokens[index];
    const at = box.margin + box.cell * (index + 0.5);
    context.fillStyle = token.special ? ink.sink : ink.text;
    context.textAlign = "right";
    if (size >= 8) context.fillText(clipped(context, shownAs(token), box.margin - 6), box.margin - 4, at);
    context.save();
    context.translate(at, box.margin - 4);
    context.rotate(-Math.PI / 2);
    context.textAlign = "left";
    if (size >= 8) context.fillText(clipped(context, shownAs(token), box.margin - 22), 0, 0);
    context.restore();
  }
  context.font = `600 ${Math.max(12, box.rem * 0.75)}px ${font}`;
  context.fillStyle = ink.text;
  context.textAlign = "left";
  context.fillText(`${labels.query} ↓  ${labels.key} →`, 0, 8);
  if (focus === null) return;
  context.strokeStyle = ink.text;
  context.lineWidth = 2;
  context.strokeRect(box.margin - 1, box.margin + box.cell * focus - 1, side + 2, box.cell + 2);
}

function drawHead(me) {
  const box = (me.box = layout(me));
  const ink = colors(me);
  const focus = me.hover ?? (me.pin >= 0 && me.pin < me.trace.n ? me.pin : null);
  me.root.style.setProperty("--word", ink.word);
  me.root.style.setProperty("--sink", ink.sink);
  const context = paper(me.canvas, box.width, box.height);
  context.fillStyle = ink.ground;
  context.fillRect(0, 0, box.width, box.height);
  if (me.view === "matrix") {
    drawMatrix(me, context, box, ink, focus);
  } else {
    drawLines(me, context, box, ink, focus);
    drawColumns(me, context, box, ink, focus);
  }
  const at = (measure) => me.trace[measure][me.layer - 1][me.head - 1];
  me.name.textContent = [me.title, fill(me.labels.head_short, { layer: me.layer, head: me.head })].filter(Boolean).join(" · ");
  me.measures.textContent = fill(me.labels.measures, {
    entropy: at("entropy").toFixed(1), most: Math.log2(me.trace.n).toFixed(1), distance: at("distance").toFixed(1),
  });
  readOut(me, focus);
}

/** The numbers behind the picture, in words: what a reader sees by hovering, a screen reader hears. */
function readOut(me, focus) {
  const { trace, labels } = me;
  if (focus === null) {
    me.readout.textContent = labels.read_none;
    return;
  }
  const weights = trace.at(me.layer - 1, me.head - 1).subarray(focus * trace.n, (focus + 1) * trace.n);
  const best = [...weights.keys()].sort((i, j) => weights[j] - weights[i]).slice(0, 5);
  const keys = best.map((key) => `${shownAs(trace.tokens[key])} ${(weights[key] / 255).toFixed(2)}`);
  me.readout.textContent = fill(labels.read_token, { token: shownAs(trace.tokens[focus]), position: focus, keys: keys.join(" · ") });
}

function tokenAt(me, event) {
  const box = me.canvas.getBoundingClientRect();
  const y = event.clientY - box.top;
  const index = me.view === "matrix" ? (y - me.box.margin) / me.box.cell : (y - me.box.top) / me.box.row;
  return index >= 0 && index < me.trace.n ? Math.floor(index) : null;
}

function pinTo(me, token) {
  me.pin = token;
  me.hover = null;
  drawHead(me);
  setControls({ pin: token < 0 ? null : token });
}

function listen(me) {
  me.canvas.onpointermove = (event) => {
    const token = tokenAt(me, event);
    if (token === me.hover) return;
    me.hover = token;
    drawHead(me);
  };
  me.canvas.onpointerleave = () => { me.hover = null; drawHead(me); };
  me.canvas.onclick = (event) => {
    const token = tokenAt(me, event);
    if (token !== null) pinTo(me, token === me.pin ? -1 : token);
  };
  me.canvas.ondblclick = () => pinTo(me, -1);
  me.canvas.onkeydown = (event) => {
    const from = me.hover ?? me.pin;
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step) me.hover = Math.min(me.trace.n - 1, Math.max(0, from + step));
    else if (event.key === "Enter" && me.hover !== null) return pinTo(me, me.hover);
    else if (event.key === "Escape") return pinTo(me, -1);
    else return undefined;
    event.preventDefault();
    return drawHead(me);
  };
  me.canvas.onblur = () => { me.hover = null; drawHead(me); };
}

function savePicture(me) {
  me.canvas.toBlob((blob) => {
    const link = element("a", { href: URL.createObjectURL(blob), download: `attention-layer${me.layer}-head${me.head}.png` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
}

function build(me) {
  const { labels } = me;
  me.canvas = element("canvas", { tabindex: "0", role: "img", "aria-label": labels.canvas, class: "head" });
  me.stage = element("div", { class: "stage" }, [me.canvas]);
  me.name = element("h3", {});
  me.readout = element("p", { class: "readout", "aria-live": "polite" });
  const save = element("button", { type: "button", class: "save", text: labels.save });
  save.onclick = () => savePicture(me);
  const legend = element("p", { class: "legend" }, [
    element("span", { class: "key word", text: labels.legend_word }),
    element("span", { class: "key sink", text: labels.legend_sink }),
    element("span", { class: "key scale", text: labels.legend_scale }),
  ]);
  me.measures = element("p", { class: "measures" });
  const large = element("section", { class: "large" }, [element("div", { class: "bar" }, [me.name, save]), me.stage, legend]);
  if (me.alone) {
    me.grid = null;
    large.append(me.readout, me.measures);
    me.root.replaceChildren(large);
  } else {
    const overview = buildOverview(me);
    overview.append(me.readout, me.measures);
    me.root.replaceChildren(overview, large);
  }
  listen(me);
  me.watch?.disconnect();
  let width = 0;
  me.watch = new ResizeObserver(([entry]) => {
    if (Math.abs(entry.contentRect.width - width) > 1) {
      me.dragging = width > 0;
      width = entry.contentRect.width;
      drawHead(me);
      clearTimeout(me.settling);
      me.settling = setTimeout(() => {
        me.dragging = false;
        drawHead(me);
      }, SETTLED_MS);
    }
  });
  me.watch.observe(me.stage);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root, hover: null });
  const begun = performance.now();
  const stop = withPayload(data.payload, (bytes) => {
    const fresh = me.payload !== data.payload;
    const relabelled = JSON.stringify(me.labels) !== JSON.stringify(data.labels);
    if (fresh) me.trace = parse(bytes);
    Object.assign(me, { labels: data.labels, payload: data.payload, layer: data.layer, head: data.head, view: data.view, pin: data.pin, alone: data.alone, title: data.title });
    root.classList.toggle("alone", Boolean(data.alone));
    root.dataset.view = data.view;
    const shape = `${me.trace.layers}x${me.trace.heads}`;
    if (relabelled || root.dataset.shape !== shape) build(me);
    if (fresh || relabelled) drawOverview(me);
    root.dataset.shape = shape;
    markChosen(me);
    drawHead(me);
    root.dataset.painted = `${data.payload} ${data.layer} ${data.head} ${data.view} ${data.pin}`;
    root.dataset.paintMs = (performance.now() - begun).toFixed(1);
  });
  me.theme ??= new MutationObserver(() => me.trace && drawHead(me));
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
  return stop;
}

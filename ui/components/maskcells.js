// A mask as a grid of cells: row, who looks; column, at whom. A click or the space bar lets a query look at a key or
// forbids it; the server runs the model under the mask that comes of it.

const CLICKABLE = 64; // more tokens than this make cells too small to hit
const SMALLEST_NAME = 8; // pixels below which a token's name is no longer drawn
const PATIENCE_MS = 4000; // so long the reader's own turns count for more than what the server still says

const place = (me, query, key) => query * me.data.tokens.length + key;

/** The mask before the reader's own changes: one character per cell, row by row. */
function rowsOf(text) {
  return Uint8Array.from(text, (sign) => (sign === "1" ? 1 : 0));
}

function parsed(me) {
  const n = me.data.tokens.length;
  const cells = me.data.cells.map(([query, key]) => place(me, query, key));
  return new Set(cells.filter((cell) => cell < n * n));
}

const allowed = (me, cell) => me.mask[cell] !== (me.changed.has(cell) ? 1 : 0);

function spelled(me) {
  const n = me.data.tokens.length;
  return [...me.changed].sort((a, b) => a - b).map((cell) => `${Math.floor(cell / n)}.${cell % n}`).join("_");
}

const flip = (me, cell) => { if (!me.changed.delete(cell)) me.changed.add(cell); };

/** Turn one cell over, or its whole column: forbidden to all while anybody may look there, else allowed to all. */
function turn(me, cell, column = false) {
  const n = me.data.tokens.length;
  const cells = column ? Array.from({ length: n }, (_, query) => place(me, query, cell % n)) : [cell];
  const may = cells.filter((one) => allowed(me, one));
  for (const one of may.length ? may : cells) flip(me, one);
  draw(me);
  say(me, cell);
  tell(me);
}

function tell(me) {
  me.own = performance.now() + PATIENCE_MS;
  clearTimeout(me.telling); // several cells in a row: the server hears of the last state
  me.telling = setTimeout(() => setControls({ cells: spelled(me) || null }), 150);
}

/** What the server knows replaces what is shown, unless it answers to a state before the reader's last turn. */
function hear(me) {
  const known = parsed(me);
  const asked = me.changed ? spelled(me) : "";
  const ours = me.changed;
  me.changed = known;
  if (spelled(me) === asked) me.own = 0;
  else if (performance.now() < me.own) me.changed = ours;
}

function take(me, preset) {
  clearTimeout(me.telling);
  me.own = 0;
  setControls({ mask: preset === me.data.standard ? null : preset, cells: null });
}

// ---------------------------------------------------------------- drawing

function layout(me) {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const n = me.data.tokens.length;
  const width = Math.max(240, me.stage.clientWidth);
  const wide = Math.min(width * 0.3, 6.2 * rem);
  const named = ((width - wide - 4) / n) * 0.8 >= SMALLEST_NAME;
  const margin = named ? wide : 1.2 * rem;
  const cell = Math.min(2.4 * rem, (width - margin - 4) / n);
  return { rem, n, width, margin, cell, named, height: margin + cell * n + 4 };
}

function inks(me) {
  const dark = isDark(me.canvas);
  return {
    text: themeColor(me.canvas, "--st-text-color", "#1b1e23"),
    ground: themeColor(me.canvas, "--st-background-color", "#ffffff"),
    may: dark ? "#56b4e9" : "#0072b2",
    not: dark ? "#3a4048" : "#e3e6ea",
    changed: "#d55e00",
    special: dark ? "#9aa3ad" : "#6f6f6f",
  };
}

function clip(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  let cut = text;
  while (cut.length > 1 && context.measureText(`${cut}…`).width > room) cut = cut.slice(0, -1);
  return `${cut}…`;
}

function drawCells(me, context, box, ink) {
  const gap = box.cell > 6 ? 1 : 0;
  for (let query = 0; query < box.n; query += 1) {
    for (let key = 0; key < box.n; key += 1) {
      const cell = place(me, query, key);
      const [x, y] = [box.margin + key * box.cell, box.margin + query * box.cell];
      context.fillStyle = allowed(me, cell) ? ink.may : ink.not;
      context.fillRect(x, y, box.cell - gap, box.cell - gap);
      if (!allowed(me, cell) && box.cell > 12) {
        context.strokeStyle = ink.special;
        context.lineWidth = 1;
        context.beginPath();
        context.moveTo(x + 4, y + 4);
        context.lineTo(x + box.cell - gap - 4, y + box.cell - gap - 4);
        context.stroke();
      }
      if (me.changed.has(cell)) {
        context.strokeStyle = ink.changed;
        context.lineWidth = 2;
        context.strokeRect(x + 1, y + 1, box.cell - gap - 2, box.cell - gap - 2);
      }
    }
  }
}

function drawNames(me, context, box, ink) {
  const size = Math.min(box.rem * 0.9, box.cell * 0.8);
  context.textBaseline = "middle";
  context.font = `400 ${Math.max(11, size)}px ${getComputedStyle(me.canvas).fontFamily}`;
  if (box.named) {
    me.data.tokens.forEach((token, index) => {
      const at = box.margin + box.cell * (index + 0.5);
      context.fillStyle = token.special ? ink.special : ink.text;
      context.textAlign = "right";
      context.fillText(clip(context, token.piece, box.margin - 6), box.margin - 4, at);
      context.save();
      context.translate(at, box.margin - 4);
      context.rotate(-Math.PI / 2);
      context.textAlign = "left";
      context.fillText(clip(context, token.piece, box.margin - 22), 0, 0);
      context.restore();
    });
  }
  context.font = `600 ${Math.max(12, box.rem * 0.75)}px ${getComputedStyle(me.canvas).fontFamily}`;
  context.fillStyle = ink.text;
  context.textAlign = "left";
  context.fillText(`${me.data.labels.query} ↓  ${me.data.labels.key} →`, 0, 8);
}

function drawCut(me, context, box, ink) {
  if (!me.data.cut) return;
  const at = box.margin + box.cell * me.data.cut - 0.5;
  context.strokeStyle = ink.text;
  context.lineWidth = 2;
  context.setLineDash([5, 4]);
  context.beginPath();
  context.moveTo(box.margin, at);
  context.lineTo(box.margin + box.cell * box.n, at);
  context.moveTo(at, box.margin);
  context.lineTo(at, box.margin + box.cell * box.n);
  context.stroke();
  context.setLineDash([]);
}

function draw(me) {
  const box = (me.box = layout(me));
  const ink = inks(me);
  const context = paper(me.canvas, box.width, box.height);
  context.fillStyle = ink.ground;
  context.fillRect(0, 0, box.width, box.height);
  drawCells(me, context, box, ink);
  drawNames(me, context, box, ink);
  drawCut(me, context, box, ink);
  if (me.at !== null && me.at !== undefined) {
    const [query, key] = [Math.floor(me.at / box.n), me.at % box.n];
    context.strokeStyle = ink.text;
    context.lineWidth = 3;
    context.strokeRect(box.margin + key * box.cell, box.margin + query * box.cell, box.cell, box.cell);
  }
  me.root.style.setProperty("--may", ink.may);
  me.root.style.setProperty("--not", ink.not);
}

// ---------------------------------------------------------------- the hand

function say(me, cell) {
  const { labels, tokens } = me.data;
  if (cell === null) {
    me.readout.textContent = tokens.length > CLICKABLE ? fill(labels.too_many, { most: CLICKABLE }) : labels.hint;
    return;
  }
  const [query, key] = [Math.floor(cell / tokens.length), cell % tokens.length];
  const values = { query: tokens[query].piece, key: tokens[key].piece };
  me.readout.textContent = fill(allowed(me, cell) ? labels.may : labels.may_not, values);
}

function cellAt(me, event) {
  const frame = me.canvas.getBoundingClientRect();
  const key = Math.floor((event.clientX - frame.left - me.box.margin) / me.box.cell);
  const query = Math.floor((event.clientY - frame.top - me.box.margin) / me.box.cell);
  if (key < 0 || key >= me.box.n || query >= me.box.n || me.box.n > CLICKABLE) return null;
  return { cell: place(me, Math.max(0, query), key), column: query < 0 };
}

function listen(me) {
  me.canvas.onpointermove = (event) => {
    const cell = cellAt(me, event)?.cell ?? null;
    if (cell === me.at) return;
    me.at = cell;
    draw(me);
    say(me, cell);
  };
  me.canvas.onpointerleave = () => { me.at = null; draw(me); say(me, null); };
  me.canvas.onclick = (event) => {
    const hit = cellAt(me, event);
    if (hit) turn(me, hit.cell, hit.column);
  };
  me.canvas.onblur = () => { me.at = null; draw(me); say(me, null); };
  me.canvas.onkeydown = (event) => {
    const n = me.data.tokens.length;
    if (n > CLICKABLE) return;
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (step) {
      const from = me.at ?? 0;
      const query = Math.min(n - 1, Math.max(0, Math.floor(from / n) + (me.at === null ? 0 : step[0])));
      const key = Math.min(n - 1, Math.max(0, (from % n) + (me.at === null ? 0 : step[1])));
      me.at = place(me, query, key);
      draw(me);
      say(me, me.at);
    } else if ((event.key === " " || event.key === "Enter") && me.at !== null) {
      turn(me, me.at, event.shiftKey);
    } else {
      return;
    }
    event.preventDefault();
  };
}

function build(me) {
  const { labels } = me.data;
  me.at = null;
  me.canvas = element("canvas", { tabindex: "0", role: "img", "aria-label": labels.canvas });
  me.stage = element("div", { class: "stage" }, [me.canvas]);
  me.readout = element("p", { class: "readout", "aria-live": "polite" });
  me.presets = me.data.presets.map(([name, text]) => {
    const node = element("button", { type: "button", class: "preset", text, "data-name": name });
    node.onclick = () => take(me, name);
    return node;
  });
  me.undo = element("button", { type: "button", class: "preset", text: labels.undo });
  me.undo.onclick = () => { me.changed.clear(); draw(me); tell(me); };
  const presets = element("div", { class: "presets", role: "group", "aria-label": labels.presets }, [...me.presets, me.undo]);
  const legend = element("p", { class: "legend" }, [
    element("span", { class: "key may", text: labels.legend_may }),
    element("span", { class: "key not", text: labels.legend_not }),
    element("span", { class: "key changed", text: labels.legend_changed }),
  ]);
  me.root.replaceChildren(presets, me.stage, me.readout, legend);
  listen(me);
  me.watch?.disconnect();
  let width = 0;
  me.watch = new ResizeObserver(([entry]) => {
    if (Math.abs(entry.contentRect.width - width) <= 1) return;
    width = entry.contentRect.width;
    draw(me);
  });
  me.watch.observe(me.stage);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root, own: 0 });
  const before = me.labels;
  me.data = data;
  me.mask = rowsOf(data.rows);
  hear(me);
  me.labels = JSON.stringify([data.labels, data.presets]);
  if (before !== me.labels) build(me);
  if (me.at !== null && me.at >= data.tokens.length ** 2) me.at = null;
  for (const node of me.presets) node.setAttribute("aria-pressed", String(node.dataset.name === data.preset));
  me.undo.disabled = me.changed.size === 0;
  draw(me);
  say(me, me.at);
  root.dataset.painted = `${data.preset} ${spelled(me)}`;
  me.theme ??= new MutationObserver(() => draw(me));
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
}

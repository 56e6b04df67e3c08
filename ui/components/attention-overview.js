// All heads of the model as small squares: in the model's order, or by a score that the payload brings along. One
// canvas behind all of them: a canvas each would cost the browser more than what is drawn on it.

const DOTS = 64; // of a small square's side; of more, each dot shows the largest of its weights

const percent = (share) => `${Math.round(share * 100)} %`;
const MEASURED = { entropy: (trace) => trace.entropy, distance: (trace) => trace.distance };

/** Values of a score by head, in the model's order; null where the text has nothing to score. */
function scoresOf(trace, name) {
  const rows = MEASURED[name]?.(trace) ?? trace.scores?.[name];
  return rows ? rows.flat() : null;
}

const digitsOf = (name) => (name in MEASURED ? 1 : 2);
const isThere = (trace, name) => name === "layers" || Boolean(scoresOf(trace, name)?.some((value) => value !== null));

/** Indices of the heads as they are laid out. The largest score comes first, ties in the model's order. */
function orderOf(me) {
  const heads = Array.from({ length: me.trace.layers * me.trace.heads }, (_, index) => index);
  const scores = me.order === "layers" ? null : scoresOf(me.trace, me.order);
  if (!scores) return heads;
  return heads.sort((i, j) => (scores[j] ?? -Infinity) - (scores[i] ?? -Infinity) || i - j);
}

/** All heads beside one another, one pixel per dot. */
function drawAtlas(trace) {
  const pool = Math.ceil(trace.rows / DOTS);
  const dots = Math.ceil(trace.rows / pool);
  const table = cividisTable(curveOf(trace.n));
  const image = new ImageData(dots * trace.heads, dots * trace.layers);
  const pixels = new Uint32Array(image.data.buffer);
  for (let layer = 0; layer < trace.layers; layer += 1) {
    for (let head = 0; head < trace.heads; head += 1) {
      const weights = trace.at(layer, head);
      for (let row = 0; row < dots; row += 1) {
        const start = (layer * dots + row) * image.width + head * dots;
        for (let column = 0; column < dots; column += 1) pixels[start + column] = table[largestOf(weights, trace.rows, row * pool, column * pool, pool)];
      }
    }
  }
  const canvas = element("canvas", { width: image.width, height: image.height });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return { canvas, dots, pool: pool * trace.pool };
}

function largestOf(weights, rows, row, column, pool) {
  if (pool === 1) return weights[row * rows + column];
  let largest = 0;
  for (let q = row; q < Math.min(rows, row + pool); q += 1) {
    for (let k = column; k < Math.min(rows, column + pool); k += 1) largest = Math.max(largest, weights[q * rows + k]);
  }
  return largest;
}

/** Where the squares stand. Asking makes the browser lay the page out, so it is asked only when they have moved. */
function placesOf(grid) {
  const all = grid.node.getBoundingClientRect();
  const boxes = grid.cells.map((cell) => {
    const { left, top, width } = cell.firstElementChild.getBoundingClientRect();
    return [left - all.left, top - all.top, width];
  });
  return { width: all.width, height: all.height, boxes };
}

function drawOverview(me, moved = true) {
  if (!me.grid) return;
  const { grid, atlas, trace } = me;
  if (moved || !grid.places?.width) grid.places = placesOf(grid);
  const { width, height, boxes } = grid.places;
  if (!width) return;
  const context = paper(grid.canvas, width, height);
  boxes.forEach(([left, top, side], index) => {
    const [x, y] = [(index % trace.heads) * atlas.dots, Math.floor(index / trace.heads) * atlas.dots];
    context.imageSmoothingEnabled = side * (window.devicePixelRatio || 1) < atlas.dots;
    context.drawImage(atlas.canvas, x, y, atlas.dots, atlas.dots, left, top, side, side);
  });
}

/** What can be said of a head in one line. */
function headLine(me, index) {
  const { trace, labels } = me;
  const [layer, head] = [Math.floor(index / trace.heads), index % trace.heads];
  const line = fill(labels.head_name, {
    layer: layer + 1, head: head + 1, share: percent(trace.sink[layer][head]),
    entropy: trace.entropy[layer][head].toFixed(1), distance: trace.distance[layer][head].toFixed(1),
  });
  const name = me.order === "layers" || me.order in MEASURED ? null : me.orders.find(([option]) => option === me.order);
  const score = name && scoresOf(trace, me.order)?.[index];
  return name && score !== null && score !== undefined ? `${line} · ${fill(labels.scored, { name: name[1], value: score.toFixed(2) })}` : line;
}

function unitOf(me) {
  const { labels } = me;
  return { layers: labels.sink, entropy: labels.bits, distance: labels.tokens }[me.order] ?? labels.share;
}

/** Put the squares in their order, with what stands beside each row. Returns whether any of them moved. */
function arrange(me) {
  const { trace, labels, grid } = me;
  const sorted = me.order !== "layers" && isThere(trace, me.order);
  const scores = sorted ? scoresOf(trace, me.order) : null;
  const order = orderOf(me);
  const moved = grid.node.dataset.sorted !== String(sorted) || String(order) !== String(grid.order);
  grid.order = order;
  grid.node.dataset.sorted = sorted;
  grid.corner.textContent = sorted ? labels.rank : labels.layer;
  grid.unit.textContent = sorted ? unitOf(me) : labels.sink;
  grid.rows.forEach(({ row, name, share }, place) => {
    const heads = grid.order.slice(place * trace.heads, (place + 1) * trace.heads);
    name.textContent = sorted ? String(place * trace.heads + 1) : String(place + 1);
    const values = sorted ? heads.map((head) => scores[head]).filter((value) => value !== null) : [];
    const mean = trace.sink[place].reduce((sum, value) => sum + value, 0) / trace.heads;
    share.textContent = !sorted ? percent(mean)
      : values.length ? `${values[0].toFixed(digitsOf(me.order))} – ${values.at(-1).toFixed(digitsOf(me.order))}` : "–";
    share.style.setProperty("--share", sorted ? 0 : mean);
    if (moved) row.replaceChildren(name, ...heads.map((head) => grid.cells[head]), share);
  });
  grid.cells.forEach((cell, index) => cell.setAttribute("aria-label", headLine(me, index)));
  me.rest = !isThere(trace, me.order) ? labels.not_here : me.atlas.pool > 1 ? `${labels.hint} ${fill(labels.small_pooled, { pool: me.atlas.pool })}` : labels.hint;
  me.hint.textContent = me.rest;
  me.root.dataset.order = sorted ? me.order : "layers";
  return moved;
}

function markChosen(me) {
  if (!me.grid) return;
  const chosen = (me.layer - 1) * me.trace.heads + me.head - 1;
  me.grid.cells.forEach((cell, index) => {
    cell.setAttribute("aria-selected", String(index === chosen));
    cell.tabIndex = index === chosen ? 0 : -1;
  });
}

/** Every head's numbers, as they came with the payload. */
function headsCsv(trace) {
  const names = Object.keys(trace.scores).filter((name) => !(name in MEASURED));
  const lines = [["layer", "head", "sink", "entropy_bits", "mean_distance_tokens", ...names]];
  for (let layer = 0; layer < trace.layers; layer += 1) {
    for (let head = 0; head < trace.heads; head += 1) {
      const measured = [trace.sink, trace.entropy, trace.distance, ...names.map((name) => trace.scores[name])];
      lines.push([layer + 1, head + 1, ...measured.map((values) => values[layer][head] ?? "")]);
    }
  }
  return lines.map((line) => line.join(",")).join("\r\n") + "\r\n";
}

function orderChoice(me) {
  const { labels, trace } = me;
  const choice = element("select", {}, me.orders.map(([name, text]) => element("option", { value: name, text, disabled: !isThere(trace, name) })));
  choice.value = me.order;
  choice.onchange = () => {
    me.order = choice.value;
    drawOverview(me, arrange(me));
    afterPaint(() => setControls({ order: me.order === "layers" ? null : me.order }));
  };
  return element("label", { class: "order" }, [element("span", { text: labels.order }), choice]);
}

function buildRow() {
  const name = element("span", { role: "rowheader" });
  const share = element("span", { class: "share", role: "gridcell" });
  return { name, share, row: element("div", { class: "heads-row", role: "row" }) };
}

function buildOverview(me) {
  const { trace, labels } = me;
  const cells = Array.from({ length: trace.layers * trace.heads }, (_, index) => {
    const [layer, head] = [Math.floor(index / trace.heads) + 1, (index % trace.heads) + 1];
    const cell = element("button", { type: "button", role: "gridcell", class: "cell" }, [
      element("span", { class: "tile" }), element("span", { class: "tag", "aria-hidden": "true", text: `${layer}·${head}` }),
    ]);
    cell.onclick = () => choose(me, layer, head);
    cell.onpointerenter = () => { me.hint.textContent = cell.getAttribute("aria-label"); };
    return cell;
  });
  const corner = element("span", { role: "columnheader" });
  const unit = element("span", { role: "columnheader", class: "share-name" });
  const numbers = Array.from({ length: trace.heads }, (_, head) => element("span", { role: "columnheader", class: "number", text: String(head + 1) }));
  const rows = Array.from({ length: trace.layers }, buildRow);
  const names = element("div", { class: "heads-row names", role: "row" }, [corner, ...numbers, unit]);
  const node = element("div", { class: "heads", role: "grid", "aria-label": labels.all_heads, style: `--heads:${trace.heads}` }, [names, ...rows.map(({ row }) => row)]);
  const canvas = element("canvas", { "aria-hidden": "true", class: "all" });
  me.grid = { cells, rows, corner, unit, node, canvas, order: [] };
  node.onkeydown = (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step) return;
    event.preventDefault();
    const place = me.grid.order.indexOf((me.layer - 1) * trace.heads + me.head - 1);
    const row = Math.min(trace.layers - 1, Math.max(0, Math.floor(place / trace.heads) + step[0]));
    const column = Math.min(trace.heads - 1, Math.max(0, (place % trace.heads) + step[1]));
    const next = me.grid.order[row * trace.heads + column];
    choose(me, Math.floor(next / trace.heads) + 1, (next % trace.heads) + 1, 120);
    cells[next].focus();
  };
  me.hint = element("p", { class: "hint" });
  node.onpointerleave = () => { me.hint.textContent = me.rest; };
  const save = element("button", { type: "button", class: "save", text: labels.save_heads });
  save.onclick = () => saveAs("attention-heads.csv", new Blob([headsCsv(me.trace)], { type: "text/csv" }));
  const bar = element("div", { class: "bar" }, [element("h3", { text: labels.all_heads }), ...(me.orders.length ? [orderChoice(me)] : [])]);
  const section = element("section", { class: "overview" }, [bar, element("div", { class: "grid" }, [canvas, node]), me.hint]);
  me.saveHeads = save;
  me.watchGrid?.disconnect();
  me.watchGrid = new ResizeObserver(() => {
    const { width, height } = node.getBoundingClientRect();
    if (me.grid?.places?.width !== width || me.grid.places.height !== height) drawOverview(me);
  });
  me.watchGrid.observe(node);
  return section;
}

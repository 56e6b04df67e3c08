// One head as a matrix: a row is one token looking at all others. Where a cell is too small to be read, a magnifier
// follows the pointer; where it is smaller than a dot of the screen, a dot shows the largest of its weights.

const READABLE = 8; // pixels of a cell that needs no magnifier
const LENS_CELLS = 11; // cells across the magnifier, odd
const LENS_CELL = 13; // pixels of a cell in it

// Of more tokens each gets less: small weights are lifted further, 0 and 1 stay where they are.
const curveOf = (n) => (n > FULL ? 0.4 : 0.6);

function matrixLayout(me, rem, width) {
  const { n } = me.trace;
  const margin = Math.min(width * 0.3, (n > MANY ? 1.4 : 6.2) * rem);
  const room = n > MANY ? Math.min(width - margin - 4, window.innerHeight * TALLEST - margin - 8) : width - margin - 4;
  const cell = Math.min(2.4 * rem, room / n);
  return { rem, width, margin, cell, height: margin + cell * n + 4 };
}

/** Colours of a head, one pixel per weight, or per dot of the screen, `side` of them, where there are fewer. */
function matrixImage(head, side) {
  const { values, scale, n } = head;
  const dots = Math.min(n, side);
  const table = cividisTable(curveOf(n));
  const image = new ImageData(dots, dots);
  const pixels = new Uint32Array(image.data.buffer);
  const starts = Array.from({ length: dots + 1 }, (_, dot) => Math.floor((dot * n) / dots));
  const largest = new values.constructor(dots);
  for (let row = 0; row < dots; row += 1) {
    largest.fill(0);
    for (let query = starts[row]; query < starts[row + 1]; query += 1) {
      for (let dot = 0; dot < dots; dot += 1) {
        for (let key = starts[dot]; key < starts[dot + 1]; key += 1) largest[dot] = Math.max(largest[dot], values[query * n + key]);
      }
    }
    for (let dot = 0; dot < dots; dot += 1) pixels[row * dots + dot] = table[Math.round((largest[dot] * 255) / scale)];
  }
  const small = element("canvas", { width: dots, height: dots });
  small.getContext("2d").putImageData(image, 0, 0);
  return small;
}

function drawNames(me, context, box, ink, size) {
  context.font = `400 ${Math.max(11, size)}px ${box.font}`;
  for (const token of me.trace.tokens) {
    const at = box.margin + box.cell * (token.index + 0.5);
    context.fillStyle = token.special ? ink.sink : ink.text;
    context.textAlign = "right";
    context.fillText(clipped(context, shownAs(token), box.margin - 6), box.margin - 4, at - box.from);
    context.save();
    context.translate(at, box.margin - 4 - box.from);
    context.rotate(-Math.PI / 2);
    context.textAlign = "left";
    context.fillText(clipped(context, shownAs(token), box.margin - 22), 0, 0);
    context.restore();
  }
}

/** The cells around the one under the pointer, large, with the names of its row and column and its weight. */
function drawLens(me, context, box, ink, { query, key }) {
  const { values, scale, n } = me.shown;
  const half = (LENS_CELLS - 1) / 2;
  const side = LENS_CELLS * LENS_CELL;
  const [px, py] = [box.margin + box.cell * key, box.margin + box.cell * query - box.from];
  const x = px > box.width / 2 ? Math.max(4, px - side - 28) : Math.min(box.width - side - 12, px + 28);
  const y = Math.max(4, Math.min(box.shown - side - 62, py - side / 2 - 20));
  context.fillStyle = ink.ground;
  context.strokeStyle = ink.text;
  context.lineWidth = 1.5;
  context.fillRect(x - 6, y - 6, side + 12, side + 62);
  context.strokeRect(x - 6, y - 6, side + 12, side + 62);
  const table = cividisTable(curveOf(n));
  for (let row = -half; row <= half; row += 1) {
    for (let column = -half; column <= half; column += 1) {
      const [q, k] = [query + row, key + column];
      if (q < 0 || k < 0 || q >= n || k >= n) continue;
      const color = table[Math.round((values[q * n + k] * 255) / scale)];
      context.fillStyle = `rgb(${color & 255} ${(color >> 8) & 255} ${(color >> 16) & 255})`;
      context.fillRect(x + (column + half) * LENS_CELL, y + (row + half) * LENS_CELL, LENS_CELL - 1, LENS_CELL - 1);
    }
  }
  context.strokeStyle = "#d55e00";
  context.lineWidth = 2;
  context.strokeRect(x + half * LENS_CELL - 1.5, y + half * LENS_CELL - 1.5, LENS_CELL + 2, LENS_CELL + 2);
  context.textAlign = "left";
  context.fillStyle = ink.text;
  context.font = `400 12px ${box.font}`;
  const name = (index) => `${index} ${shownAs(me.trace.tokens[index])}`;
  context.fillText(clipped(context, `${name(query)} ↓`, side), x, y + side + 9);
  context.fillText(clipped(context, `${name(key)} →`, side), x, y + side + 25);
  context.font = `600 13px ${box.font}`;
  context.fillText(weightText(me, query, key), x, y + side + 43);
}

function paintMatrix(me, context, box, ink, focus) {
  const { labels } = me;
  const { n } = me.shown;
  const side = box.cell * n;
  const dots = Math.max(1, Math.round(side * (window.devicePixelRatio || 1)));
  if (me.image?.of !== me.shown || me.image.dots !== Math.min(n, dots)) {
    me.image = { of: me.shown, dots: Math.min(n, dots), canvas: matrixImage(me.shown, dots) };
  }
  context.imageSmoothingEnabled = false;
  context.drawImage(me.image.canvas, box.margin, box.margin - box.from, side, side);
  context.textBaseline = "middle";
  const size = Math.min(box.rem * 0.9, box.cell * 0.8);
  if (size >= READABLE) drawNames(me, context, box, ink, size);
  context.font = `600 ${Math.max(12, box.rem * 0.75)}px ${box.font}`;
  context.fillStyle = ink.text;
  context.textAlign = "left";
  context.fillText(`${labels.query} ↓  ${labels.key} →`, 0, 8 - box.from);
  const note = box.cell < READABLE ? [labels.magnified] : [];
  if (dots < n) note.push(fill(labels.pooled, { pool: Math.ceil(n / dots) }));
  if (focus === null) return note.join(" ");
  context.strokeStyle = ink.text;
  context.lineWidth = box.cell < READABLE ? 1 : 2;
  context.strokeRect(box.margin - 1, box.margin + box.cell * focus - 1 - box.from, side + 2, box.cell + 2);
  const at = me.hover ?? {};
  if (at.key === null || at.key === undefined) return note.join(" ");
  context.strokeRect(box.margin + box.cell * at.key - 1, box.margin - 1 - box.from, box.cell + 2, side + 2);
  if (box.cell < READABLE) drawLens(me, context, box, ink, at);
  return note.join(" ");
}

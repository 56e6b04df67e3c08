// One head as lines between two columns of tokens: who looks on the left, at whom on the right.

const SMALL = 0.02; // lines below this weight are not drawn: they would only grey the picture
const STRENGTHS = 16; // steps of line strength when all lines are shown
const MANY = 48; // tokens from which rows are low, names small and faint lines left out
const MOST_LINES = 2000; // of a long text: more would be one grey field, and slow
const KEPT_LINES = 500; // more are drawn once and kept as a picture; fewer cost less than such a picture
const MOST_KEYS = 32; // of one token of a long text

function linesLayout(me, rem, width) {
  const { n } = me.trace;
  const row = n <= 24 ? 1.45 * rem : n <= MANY ? 1.2 * rem : rem;
  return { rem, width, row, column: Math.min(width * 0.32, 8.5 * rem), top: 1.6 * rem, height: 1.6 * rem + row * n + 4 };
}

const middleOf = (box, index) => box.top + box.row * (index + 0.5) - box.from;

function stroked(context, box, query, key) {
  context.moveTo(box.column + 6, middleOf(box, query));
  context.lineTo(box.width - box.column - 6, middleOf(box, key));
}

/** The strongest lines of a head, at most `most`, none below `least`: [query, key, weight] one after the other, the
 *  weight of the weakest, and how many lines there are. */
function strongest(head, least, most) {
  const { values, scale, n } = head;
  const steps = new Uint32Array(4096);
  for (let i = 0; i < values.length; i += 1) steps[Math.floor((values[i] * 4095) / scale)] += 1;
  let step = 4095;
  for (let count = steps[step]; step > 0 && count + steps[step - 1] <= most && (step - 1) / 4095 >= least; step -= 1) count += steps[step - 1];
  const lines = [];
  let weakest = 1;
  for (let i = 0; i < values.length; i += 1) {
    const weight = values[i] / scale;
    if (Math.floor((values[i] * 4095) / scale) < step || weight < least) continue;
    lines.push(Math.floor(i / n), i % n, weight);
    weakest = Math.min(weakest, weight);
  }
  return { lines, weakest: lines.length ? weakest : least, count: lines.length / 3 };
}

/** Of one token: the keys to draw a line to. */
function keysOf(me, query) {
  const { values, scale, n } = me.shown;
  const row = values.subarray(query * n, (query + 1) * n);
  const long = n > me.trace.full;
  const keys = [...row.keys()].filter((key) => row[key] / scale >= (long ? 0.002 : SMALL));
  if (long) keys.sort((i, j) => row[j] - row[i]).splice(MOST_KEYS);
  return keys;
}

/** Lines of one query token, each as wide and as strong as its weight. */
function drawFocus(me, context, box, ink, query, keys) {
  const { values, scale, n } = me.shown;
  for (const key of keys) {
    const weight = values[query * n + key] / scale;
    const { special } = me.trace.tokens[key];
    context.globalAlpha = Math.max(0.25, weight);
    context.strokeStyle = special ? ink.sink : ink.word;
    context.setLineDash(special ? [4, 3] : []);
    context.lineWidth = 1 + weight * 4;
    context.beginPath();
    stroked(context, box, query, key);
    context.stroke();
  }
}

/** Lines of all tokens that cross what is seen: grouped by strength, so that thousands of lines cost a few strokes. */
function drawAll(me, context, box, ink) {
  const groups = new Map();
  const { lines } = linesOf(me);
  const [first, last] = [box.from - box.row, box.from + box.shown].map((y) => y / box.row - 0.5);
  for (let i = 0; i < lines.length; i += 3) {
    const [query, key] = [lines[i], lines[i + 1]];
    if (Math.max(query, key) < first || Math.min(query, key) > last) continue;
    const name = Math.ceil(lines[i + 2] * STRENGTHS) * (me.trace.tokens[key].special ? -1 : 1);
    if (!groups.has(name)) groups.set(name, new Path2D());
    stroked(groups.get(name), box, query, key);
  }
  context.lineWidth = 1.5;
  const crowded = me.trace.n > me.trace.full ? 0.35 : 0.85; // hundreds of lines to [CLS] must not hide the others
  for (const [name, path] of [...groups].sort(([i], [j]) => i - j)) {
    context.globalAlpha = (Math.abs(name) / STRENGTHS) * (name < 0 ? crowded : 0.85);
    context.strokeStyle = name < 0 ? ink.sink : ink.word;
    context.setLineDash(name < 0 && me.trace.n <= MANY ? [4, 3] : []);
    context.stroke(path);
  }
}

function linesOf(me) {
  const { n, full } = me.trace;
  me.shown.lines ??= strongest(me.shown, n > MANY && n <= full ? 2 * SMALL : SMALL, n > full ? MOST_LINES : Infinity);
  return me.shown.lines;
}

/** The picture of all lines is kept: letting go of a token shows it again, dragging the pane stretches it. */
function drawLines(me, context, box, ink, focus, keys) {
  context.save();
  context.beginPath();
  context.rect(0, box.top, box.width, box.shown - box.top);
  context.clip();
  if (focus !== null) {
    drawFocus(me, context, box, ink, focus, keys);
  } else if (linesOf(me).count <= KEPT_LINES) {
    drawAll(me, context, box, ink);
  } else {
    const kept = me.kept?.of === me.shown && me.kept.ink === ink.word ? me.kept : null;
    const same = kept && kept.from === box.from && kept.shown === box.shown && (kept.width === box.width || box.dragging);
    if (!same) {
      const canvas = element("canvas");
      drawAll(me, paper(canvas, box.width, box.shown), box, ink);
      me.kept = { of: me.shown, ink: ink.word, from: box.from, shown: box.shown, width: box.width, canvas };
    }
    context.drawImage(me.kept.canvas, 0, 0, box.width, box.shown);
  }
  context.restore();
}

function drawName(context, box, ink, token, x, y, bold) {
  context.font = `${bold ? 700 : 400} ${Math.min(box.rem, box.row * 0.8)}px ${box.font}`;
  context.fillStyle = token.special ? ink.sink : ink.text;
  context.fillText(clipped(context, shownAs(token), box.column - 4), x, y);
}

function drawColumns(me, context, box, ink, focus) {
  const { trace, labels } = me;
  const { values, scale, n } = me.shown;
  const right = box.width - box.column;
  context.textBaseline = "middle";
  const first = Math.max(0, Math.floor(box.from / box.row));
  const last = Math.min(n - 1, Math.ceil((box.from + box.shown - box.top) / box.row));
  for (let index = first; index <= last; index += 1) {
    const token = trace.tokens[index];
    const y = middleOf(box, index);
    if (focus === index) {
      context.fillStyle = ink.soft;
      context.fillRect(0, y - box.row / 2, box.column, box.row);
    }
    context.textAlign = "right";
    drawName(context, box, ink, token, box.column, y, focus === index);
    if (focus !== null) {
      context.globalAlpha = 0.3;
      context.fillStyle = token.special ? ink.sink : ink.word;
      context.fillRect(right, y - box.row / 2 + 1, (box.column * values[focus * n + index]) / scale, box.row - 2);
      context.globalAlpha = 1;
    }
    context.textAlign = "left";
    drawName(context, box, ink, token, right, y, false);
  }
  context.fillStyle = ink.ground;
  context.fillRect(0, 0, box.width, box.top - 2);
  context.font = `600 ${Math.max(12, box.rem * 0.8)}px ${box.font}`;
  context.fillStyle = ink.text;
  context.textAlign = "right";
  context.fillText(labels.query, box.column, box.top / 2);
  context.textAlign = "left";
  context.fillText(labels.key, right, box.top / 2);
}

/** Lines, names and what of it all is not drawn, in words. */
function paintLines(me, context, box, ink, focus) {
  const keys = focus === null ? [] : keysOf(me, focus);
  drawLines(me, context, box, ink, focus, keys);
  drawColumns(me, context, box, ink, focus);
  const { n } = me.trace;
  if (focus !== null) return fill(me.labels.drawn_token, { drawn: keys.length, all: n });
  const { count, weakest } = linesOf(me);
  return fill(me.labels.drawn, { drawn: count.toLocaleString("en"), all: (n * n).toLocaleString("en"), least: weakest.toFixed(2) });
}

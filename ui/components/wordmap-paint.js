// Painting the linked maps. Points go straight into the pixels of an image, so that 80,000 of them cost a few
// milliseconds without a graphics card; labels are painted once each and copied from then on.

const LABEL_ROOM = 4; // pixels kept free around a label
const LABELS_KEPT = 900;
const RIM = 10; // pixels between the outermost words and the edge
const DIMMED = 0.66; // how far points go back while some words are lit
const DEPTHS = 24;

const toRgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const pixel = ([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
const mixed = (a, b, part) => a.map((value, channel) => Math.round(value + (b[channel] - value) * part));

function hexOf(color, otherwise) {
  return /^#[0-9a-f]{6}$/i.test(color) ? color : otherwise;
}

/** The pixels of a round point of this radius, as three lists: dx, dy, and whether it is only half covered. */
function roundPoint(radius) {
  const run = [];
  const span = Math.ceil(radius);
  for (let y = -span; y <= span; y += 1) {
    for (let x = -span; x <= span; x += 1) {
      const far = Math.hypot(x, y);
      if (far <= radius - 0.35) run.push([x, y, false]);
      else if (far <= radius + 0.35) run.push([x, y, true]);
    }
  }
  return [0, 1, 2].map((at) => Int32Array.from(run, (one) => Number(one[at])));
}

/** Where every word stands on a panel now, in CSS pixels; `depth` (0 behind, 1 in front) in three dimensions. */
function projectPanel(me, panel) {
  const { view, box } = me;
  const { at, x, y, depth } = panel;
  let [left, top] = [box.width / 2 + view.x, box.height / 2 + view.y];
  if (me.flat) {
    const [x0, x1, y0, y1] = me.extent;
    const zoom = Math.min((box.width - 2 * RIM) / (x1 - x0 || 1), (box.height - 2 * RIM) / (y1 - y0 || 1)) * view.scale;
    left -= ((x0 + x1) / 2) * zoom;
    top += ((y0 + y1) / 2) * zoom;
    for (let i = 0, j = 0; i < x.length; i += 1, j += 3) {
      x[i] = left + at[j] * zoom;
      y[i] = top - at[j + 1] * zoom;
    }
    return;
  }
  const zoom = (Math.min(box.width, box.height) / 2 / me.reach) * view.scale;
  const [ca, sa, cb, sb] = [Math.cos(view.yaw), Math.sin(view.yaw), Math.cos(view.pitch), Math.sin(view.pitch)];
  for (let i = 0, j = 0; i < x.length; i += 1, j += 3) {
    const across = ca * at[j] + sa * at[j + 2];
    const into = -sa * at[j] + ca * at[j + 2];
    const up = cb * at[j + 1] - sb * into;
    const near = sb * at[j + 1] + cb * into;
    const size = zoom * (1 + 0.18 * (near / me.reach));
    x[i] = left + across * size;
    y[i] = top - up * size;
    depth[i] = Math.min(0.999, Math.max(0, near / me.reach / 2 + 0.5));
  }
}

/** Words in the order in which they are painted: the most frequent last, or from behind to the front. */
function paintOrder(me, panel) {
  const { count } = me.maps;
  const order = (panel.order ??= new Uint32Array(count));
  if (me.flat) {
    if (panel.ordered !== "flat") for (let i = 0; i < count; i += 1) order[i] = count - 1 - i;
    panel.ordered = "flat";
    return order;
  }
  const starts = new Uint32Array(DEPTHS + 1);
  for (let i = 0; i < count; i += 1) starts[Math.floor(panel.depth[i] * DEPTHS) + 1] += 1;
  for (let i = 0; i < DEPTHS; i += 1) starts[i + 1] += starts[i];
  for (let i = count - 1; i >= 0; i -= 1) order[starts[Math.floor(panel.depth[i] * DEPTHS)]++] = i;
  panel.ordered = "deep";
  return order;
}

/** The colours as pixels: row 0 as they are, row 1 set back; in three dimensions a row more for every depth. */
function palette(me, table) {
  const ground = toRgb(hexOf(me.ink.ground, me.ink.dark ? "#14171a" : "#ffffff"));
  const rows = me.flat ? 1 : 6;
  const made = [0, DIMMED].map((back) => Array.from({ length: rows }, (_, row) => {
    const far = me.flat ? 0 : 0.62 * (1 - row / (rows - 1));
    return Uint32Array.from(table, (hex) => pixel(mixed(toRgb(hex), ground, 1 - (1 - back) * (1 - far))));
  }));
  return { made, rows, ground: pixel(ground) };
}

function paintPoints(me, panel, lit) {
  const { box } = me;
  const [wide, high] = [panel.canvas.width, panel.canvas.height];
  if (panel.image?.width !== wide || panel.image.height !== high) {
    panel.image = new ImageData(wide, high);
    panel.pixels = new Uint32Array(panel.image.data.buffer);
  }
  const { pixels } = panel;
  const colours = (panel.colours ??= coloursOf(me, panel));
  const tints = (panel.tints ??= palette(me, colours.table));
  pixels.fill(tints.ground);
  const few = me.maps.count <= 4000;
  const radius = box.density * Math.min(5, (few ? 2.1 : 0.95) * Math.max(1, me.view.scale) ** 0.33);
  if (panel.dot?.radius !== radius) panel.dot = { radius, run: roundPoint(radius) };
  const [dx, dy, half] = panel.dot.run;
  const span = Math.ceil(radius) + 1;
  const order = paintOrder(me, panel);
  for (let n = 0; n < order.length; n += 1) {
    const i = order[n];
    const px = Math.round(panel.x[i] * box.density);
    const py = Math.round(panel.y[i] * box.density);
    if (px < span || py < span || px >= wide - span || py >= high - span) continue;
    const row = me.flat ? 0 : Math.floor(panel.depth[i] * tints.rows);
    const color = tints.made[lit && !lit[i] ? 1 : 0][row][colours.index[i]];
    const at = py * wide + px;
    for (let k = 0; k < dx.length; k += 1) {
      const place = at + dy[k] * wide + dx[k];
      // Half of this colour and half of what is there, channel by channel at once.
      pixels[place] = half[k] ? (((pixels[place] & 0xfefefe) >>> 1) + ((color & 0xfefefe) >>> 1)) | 0xff000000 : color;
    }
  }
  panel.context.putImageData(panel.image, 0, 0);
}

// ---------------------------------------------------------------- labels

/** A word painted once, with a rim in the ground's colour; `strong` for those that are lit. */
function labelOf(me, word, strong, color) {
  const key = `${strong ? "*" : ""}${color}${word}`;
  let found = me.labelsKept.get(key);
  if (found) return found;
  const { box } = me;
  const size = me.fontSize * (strong ? 1.05 : 0.92);
  const font = `${strong ? "600 " : ""}${size}px ${me.font}`;
  me.measure.font = font;
  const text = me.maps.words[word];
  const width = Math.ceil(Math.min(me.measure.measureText(text).width, box.width * 0.6)) + 6;
  const height = Math.ceil(size * 1.3);
  const canvas = document.createElement("canvas");
  const context = paper(canvas, width, height, box.density);
  Object.assign(context, { font, textBaseline: "middle", lineJoin: "round", lineWidth: 3.5, strokeStyle: me.ink.ground, fillStyle: color });
  const fitted = clipped(context, text, width - 4);
  context.strokeText(fitted, 3, height / 2);
  context.fillText(fitted, 3, height / 2);
  found = { canvas, width, height };
  me.labelsKept.set(key, found);
  if (me.labelsKept.size > LABELS_KEPT) me.labelsKept.delete(me.labelsKept.keys().next().value);
  return found;
}

/** Put a label beside its word where it covers no other; returns whether it found room. */
function placeLabel(me, panel, taken, word, strong, color) {
  const { box } = me;
  const [x, y] = [panel.x[word], panel.y[word]];
  const label = labelOf(me, word, strong, color);
  const off = strong ? 6 : 4;
  const [half, middle] = [label.width / 2, label.height / 2];
  const spots = [[x + off, y - middle], [x - off - label.width, y - middle]];
  if (strong) {
    for (const away of [off, off + label.height + 4]) {
      spots.push([x - half, y - label.height - away], [x - half, y + away]);
      for (const side of [x + off, x - off - label.width]) spots.push([side, y - label.height - away], [side, y + away]);
    }
  }
  for (const [left, top] of spots) {
    if (left < 1 || top < 1 || left + label.width > box.width - 1 || top + label.height > box.height - 1) continue;
    const [right, bottom] = [left + label.width + LABEL_ROOM, top + label.height + LABEL_ROOM];
    if (taken.some((one) => left < one[2] && right > one[0] && top < one[3] && bottom > one[1])) continue;
    taken.push([left - LABEL_ROOM, top - LABEL_ROOM, left + label.width, top + label.height]);
    panel.context.drawImage(label.canvas, Math.round(left), Math.round(top), label.width, label.height);
    return true;
  }
  return false;
}

function paintLabels(me, panel, words, strong, color, most, taken, tries = 700) {
  const { box } = me;
  let [put, tried] = [0, 0];
  for (const word of words) {
    const [x, y] = [panel.x[word], panel.y[word]];
    if (x < 0 || y < 0 || x > box.width || y > box.height) continue;
    if (placeLabel(me, panel, taken, word, strong, color)) put += 1;
    tried += 1;
    if (put >= most || tried >= tries) break;
  }
}

// ---------------------------------------------------------------- what is lit

function spot(context, x, y, radius, fillColor, rim) {
  context.beginPath();
  context.arc(x, y, radius, 0, Math.PI * 2);
  context.fillStyle = fillColor;
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = rim;
  context.stroke();
}

/** A word, its true nearest neighbours, and a line to each: where the line is long, the map has torn them apart. */
function paintLit(me, panel, word, taken) {
  const { context } = panel;
  const { ink } = me;
  const near = trueNear(me.maps, panel.space, word);
  context.lineWidth = 1.2;
  context.strokeStyle = panel.ink;
  context.globalAlpha = 0.55;
  context.beginPath();
  for (const [other] of near) {
    context.moveTo(panel.x[word], panel.y[word]);
    context.lineTo(panel.x[other], panel.y[other]);
  }
  context.stroke();
  context.globalAlpha = 1;
  for (const [other] of near) spot(context, panel.x[other], panel.y[other], 3.6, panel.ink, ink.ground);
  spot(context, panel.x[word], panel.y[word], 5.5, ink.text, ink.ground);
  paintLabels(me, panel, [word], true, ink.text, 1, taken); // its own name first, come what may
  for (const [other] of near) taken.push([panel.x[other] - 3, panel.y[other] - 3, panel.x[other] + 3, panel.y[other] + 3]);
  paintLabels(me, panel, near.map(([other]) => other), true, ink.text, near.length, taken);
}

function paintLasso(me, panel) {
  if (me.lasso?.panel !== panel) return;
  const { context } = panel;
  context.beginPath();
  me.lasso.path.forEach(([x, y], at) => (at ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
  context.setLineDash([4, 3]);
  context.lineWidth = 1.5;
  context.strokeStyle = me.ink.text;
  context.stroke();
  context.setLineDash([]);
}

/** Words that keep their colour while the others go back, as a mask; null where all do. */
function litIn(me, panel, word) {
  if (word < 0 && !me.selected.size) return me.only < 0 ? null : onlyClass(me, panel);
  const lit = new Uint8Array(me.maps.count);
  for (const one of me.selected) lit[one] = 1;
  if (word >= 0) lit[word] = 1;
  return lit;
}

function paintPanel(me, panel) {
  const { context, canvas } = panel;
  const word = me.hover >= 0 ? me.hover : me.pinned;
  projectPanel(me, panel);
  context.setTransform(1, 0, 0, 1, 0, 0);
  paintPoints(me, panel, litIn(me, panel, word));
  context.setTransform(me.box.density, 0, 0, me.box.density, 0, 0);
  const taken = [];
  const room = Math.round((me.box.width * me.box.height) / 4200);
  if (me.selected.size) paintLabels(me, panel, me.selected, false, me.ink.text, room, taken);
  if (word >= 0) {
    paintLit(me, panel, word, taken);
    paintLabels(me, panel, me.telling, false, me.ink.sink, room / 3, taken);
  } else if (!me.selected.size) paintLabels(me, panel, me.only < 0 ? me.telling : me.onlyWords, false, me.ink.text, room, taken);
  paintLasso(me, panel);
  canvas.dataset.labels = taken.length;
}

/** The words of the one class that the legend has singled out. */
function onlyClass(me, panel) {
  const { index } = (panel.colours ??= coloursOf(me, panel));
  const lit = new Uint8Array(me.maps.count);
  for (let i = 0; i < lit.length; i += 1) lit[i] = Number(index[i] === me.only);
  me.onlyWords = me.everyWord.filter((word) => lit[word]);
  return lit;
}

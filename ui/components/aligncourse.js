// What the pictures of the alignment page share that look at a training: its record, the vectors of the held-out pairs
// at any step of it, their cosines, the colours of the two runs. Records: explainers/alignment/training.py, `pack`.

const ALIGN_RUNS = ["aligned", "broken"];
const RUN_DASH = { aligned: [], broken: [7, 4] };

function alignInk(node) {
  const ink = lossInk(node);
  return {
    ...ink,
    quiet: ink.dark ? "#a9b0ba" : "#59616b",
    aligned: ink.dark ? "#5aa9e6" : "#0072b2",
    broken: ink.dark ? "#ff7b29" : "#d55e00",
    soft: themeColor(node, "--st-secondary-background-color", "#f4f5f7"),
  };
}

/** A record: header, the plane of each run Float32[2, 3, 64], embeddings Int8[kept, 2, 2, pairs, width]. */
function readCourse(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const start = Math.ceil((4 + length) / 4) * 4;
  const planes = new Float32Array(bytes.slice(start, start + 2 * 3 * head.width * 4).buffer);
  const from = start + planes.byteLength;
  const one = 4 * head.pairs * head.width;
  const kept = new Map();
  for (let k = 0; k < head.kept; k += 1) kept.set(head.steps[head.steps.length - head.kept + k], new Int8Array(bytes.slice(from + k * one, from + (k + 1) * one).buffer));
  return { ...head, planes, vectors: kept };
}

/** Put what has arrived to what is known of this training; what comes late takes nothing back. */
function gatherCourse(known, record) {
  if (known?.name !== record.name) return record;
  if (known.done || known.steps.length > record.steps.length) return known;
  return { ...record, vectors: new Map([...known.vectors, ...record.vectors]) };
}

const courseStops = (course) => course.steps.filter((step) => course.vectors.has(step));
const nearestStop = (course, step) => courseStops(course).reduce((best, one) => (Math.abs(one - step) < Math.abs(best - step) ? one : best));

/** Unit vectors of pictures and captions of a run at a step: [pairs * width] each. */
function unitVectors(course, step, run) {
  const size = course.pairs * course.width;
  const bytes = course.vectors.get(step);
  const read = (side) => {
    const rows = Float32Array.from(bytes.subarray((2 * run + side) * size, (2 * run + side + 1) * size));
    return unitRows(rows, course.width);
  };
  return { images: read(0), texts: read(1) };
}

/** Rows of length 1, in place. */
function unitRows(rows, width) {
  for (let at = 0; at < rows.length; at += width) {
    let sum = 0;
    for (let k = 0; k < width; k += 1) sum += rows[at + k] ** 2;
    const length = Math.sqrt(sum) || 1;
    for (let k = 0; k < width; k += 1) rows[at + k] /= length;
  }
  return rows;
}

/** Cosines of the rows of a and b, [n * n], a in rows. */
function cosinesOf(a, b, n, width) {
  const out = new Float32Array(n * n);
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j < n; j += 1) {
      let sum = 0;
      for (let k = 0; k < width; k += 1) sum += a[i * width + k] * b[j * width + k];
      out[i * n + j] = sum;
    }
  }
  return out;
}

const LOWEST = -0.25; // cosines from here to 1 share the colours of a matrix; what is lower looks like it
const tintOf = (table, cosine) => table[Math.max(0, Math.min(255, Math.round((255 * (cosine - LOWEST)) / (1 - LOWEST))))];
const cssOf = (packed) => `rgb(${packed & 255},${(packed >> 8) & 255},${(packed >> 16) & 255})`;

/** A matrix [n * n] in a box of `side`, its rows and columns in `order`; one picture on a canvas, rectangles in an SVG. */
function paintCells(pen, context, cells, order, left, top, side, table) {
  const n = order.length;
  if (!context) {
    const cell = side / n;
    order.forEach((row, i) => order.forEach((column, j) => pen.rect(left + j * cell, top + i * cell, cell + 0.2, cell + 0.2, { color: cssOf(tintOf(table, cells[row * n + column])) })));
    return;
  }
  const small = element("canvas", { width: n, height: n });
  const image = new ImageData(n, n);
  const pixels = new Uint32Array(image.data.buffer);
  order.forEach((row, i) => order.forEach((column, j) => { pixels[i * n + j] = tintOf(table, cells[row * n + column]); }));
  small.getContext("2d").putImageData(image, 0, 0);
  context.save();
  context.globalAlpha = 1;
  context.imageSmoothingEnabled = false;
  context.drawImage(small, left, top, side, side);
  context.restore();
}

/** Steps of a course under the hand: a slider, play, one step back and on. `show(step)` draws; `me.course`, `me.step`. */
function stepBar(me, show) {
  const labels = me.labels;
  const range = element("input", { type: "range", min: 0, step: 1, "aria-label": labels.steps, class: "course" });
  const said = element("span", { class: "value" });
  const press = (text, act) => {
    const node = element("button", { type: "button", class: "chip", text });
    node.onclick = act;
    return node;
  };
  const stop = () => {
    clearInterval(me.timer);
    me.timer = null;
  };
  const move = (by) => {
    const stops = courseStops(me.course);
    show(stops[Math.min(stops.length - 1, Math.max(0, stops.indexOf(me.step) + by))]);
  };
  const play = press(labels.play, () => {
    if (me.timer) {
      stop();
      return show(me.step);
    }
    const stops = courseStops(me.course);
    if (me.step === stops[stops.length - 1]) show(stops[0]);
    me.timer = setInterval(() => {
      const now = courseStops(me.course);
      if (!me.root.isConnected || me.step === now[now.length - 1]) {
        stop();
        return show(me.step);
      }
      return move(1);
    }, 220);
    return show(me.step);
  });
  range.oninput = () => { stop(); show(courseStops(me.course)[Number(range.value)]); };
  const bar = element("div", { class: "tools course" }, [play, press(labels.back, () => { stop(); move(-1); }), press(labels.next, () => { stop(); move(1); }), range, said]);
  const update = () => {
    const stops = courseStops(me.course);
    range.max = stops.length - 1;
    range.value = stops.indexOf(me.step);
    const text = fill(labels.step, { step: me.step, total: me.course.total });
    range.setAttribute("aria-valuetext", text);
    write(said, text);
    write(play, me.timer ? labels.pause : labels.play);
  };
  return { bar, update, stop };
}

// Five contrastive losses on the same batch, all worked out here: what each costs, which cells it pulls together and
// pushes apart and how hard, and what InfoNCE costs in smaller batches. Formulas: explainers/alignment/contrastive.py;
// a test compares the two in a browser.

const LOSS_KINDS = ["infonce", "sigmoid", "triplet", "hardest", "supervised"];
const softplusOf = (x) => Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x)));

function vectorsOf(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const size = head.n * head.width;
  const numbers = new Float32Array(bytes.slice(4 + length, 4 + length + 8 * size).buffer);
  return { ...head, cosines: Float64Array.from(cosinesOf(numbers.subarray(0, size), numbers.subarray(size), head.n, head.width)) };
}

/** The first `n` pairs of a matrix of `all`. */
function cornerOf(cosines, all, n) {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i += 1) for (let j = 0; j < n; j += 1) out[i * n + j] = cosines[i * all + j];
  return out;
}

/** log softmax along rows or columns of scaled cosines. */
function logShares(cosines, n, scale, byColumn) {
  const out = new Float64Array(n * n);
  const at = (i, j) => (byColumn ? j * n + i : i * n + j);
  for (let i = 0; i < n; i += 1) {
    let top = -Infinity;
    for (let j = 0; j < n; j += 1) top = Math.max(top, scale * cosines[at(i, j)]);
    let sum = 0;
    for (let j = 0; j < n; j += 1) sum += Math.exp(scale * cosines[at(i, j)] - top);
    for (let j = 0; j < n; j += 1) out[at(i, j)] = scale * cosines[at(i, j)] - top - Math.log(sum);
  }
  return out;
}

function supervisedOf(cosines, n, scale, classes) {
  const [rows, columns] = [logShares(cosines, n, scale, false), logShares(cosines, n, scale, true)];
  const gradient = new Float64Array(n * n);
  let loss = 0;
  for (let i = 0; i < n; i += 1) {
    let many = 0;
    for (let j = 0; j < n; j += 1) many += classes[i] === classes[j];
    for (let j = 0; j < n; j += 1) {
      const target = classes[i] === classes[j] ? 1 / many : 0;
      loss -= (0.5 * target * (rows[i * n + j] + columns[j * n + i])) / n;
      gradient[i * n + j] = ((0.5 * scale) / n) * (Math.exp(rows[i * n + j]) + Math.exp(columns[i * n + j]) - 2 * target);
    }
  }
  return { loss, gradient };
}

function sigmoidOf(cosines, n, scale, bias) {
  const gradient = new Float64Array(n * n);
  let loss = 0;
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j < n; j += 1) {
      const sign = i === j ? 1 : -1;
      const logit = sign * (scale * cosines[i * n + j] + bias);
      loss += softplusOf(-logit) / n;
      gradient[i * n + j] = ((-sign * scale) / n) * Math.exp(-softplusOf(logit));
    }
  }
  return { loss, gradient };
}

function tripletOf(cosines, n, margin, hardest) {
  const gradient = new Float64Array(n * n);
  let loss = 0;
  for (const byColumn of [false, true]) {
    const at = (i, j) => (byColumn ? j * n + i : i * n + j);
    for (let i = 0; i < n && n > 1; i += 1) {
      let worst = i ? 0 : 1;
      for (let j = 0; j < n; j += 1) if (j !== i && cosines[at(i, j)] > cosines[at(i, worst)]) worst = j;
      for (let j = 0; j < n; j += 1) {
        if (j === i || (hardest && j !== worst)) continue;
        const weight = hardest ? 1 : 1 / (n - 1);
        const violation = margin - cosines[i * n + i] + cosines[at(i, j)];
        if (violation <= 0) continue;
        loss += (0.5 * weight * violation) / n;
        gradient[at(i, j)] += (0.5 * weight) / n;
        gradient[i * n + i] -= (0.5 * weight) / n;
      }
    }
  }
  return { loss, gradient };
}

function lossOf(kind, cosines, n, { scale, bias, margin }, classes) {
  if (kind === "sigmoid") return sigmoidOf(cosines, n, scale, bias);
  if (kind === "triplet" || kind === "hardest") return tripletOf(cosines, n, margin, kind === "hardest");
  return supervisedOf(cosines, n, scale, kind === "supervised" ? classes : Array.from({ length: n }, (_, i) => i));
}

/** InfoNCE of the same pairs in batches of `size`. */
function inBatches(cosines, all, total, size, scale) {
  let loss = 0;
  for (let from = 0; from < total; from += size) {
    const many = Math.min(size, total - from);
    const part = new Float64Array(many * many);
    for (let i = 0; i < many; i += 1) for (let j = 0; j < many; j += 1) part[i * many + j] = cosines[(from + i) * all + from + j];
    loss += (supervisedOf(part, many, scale, Array.from({ length: many }, (_, i) => i)).loss * many) / total;
  }
  return loss;
}

/** The part of all pushing that the hardest tenth of the negatives does. */
function topShare(gradient, n) {
  const pushes = [];
  for (let i = 0; i < n; i += 1) for (let j = 0; j < n; j += 1) if (i !== j) pushes.push(Math.max(0, gradient[i * n + j]));
  pushes.sort((a, b) => b - a);
  const total = pushes.reduce((sum, one) => sum + one, 0);
  return total ? pushes.slice(0, Math.ceil(pushes.length / 10)).reduce((sum, one) => sum + one, 0) / total : 0;
}

// ---------------------------------------------------------------- drawing

const SIZES = [1, 2, 4, 8, 16, 32, 64];

function layout(me) {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const width = Math.max(270, me.stage.clientWidth);
  const size = Math.max(11, rem * 0.78);
  const columns = width >= 46 * rem ? 3 : 2;
  const gap = size * 1.4;
  const side = (width - gap * (columns - 1)) / columns;
  const head = size * 4.3;
  const rows = Math.ceil(6 / columns);
  return { rem, size, width, columns, gap, side, head, height: rows * (head + side + gap) };
}

const placeOf = (box, at) => ({ left: (at % box.columns) * (box.side + box.gap), top: Math.floor(at / box.columns) * (box.head + box.side + box.gap) });

function paintKind(me, pen, at) {
  const { box, ink, labels, found, n } = me;
  const kind = LOSS_KINDS[at];
  const { left, top } = placeOf(box, at);
  const { loss, gradient } = found[kind];
  pen.text(left, top + box.size * 0.8, labels[`kind_${kind}`], { color: ink.text, size: box.size * 1.05, weight: 700 });
  pen.text(left, top + box.size * 2.1, fill(labels[kind === "triplet" || kind === "hardest" ? "loss_cosine" : "loss_nats"], { value: digits(loss) }), { color: ink.text, size: box.size });
  const pushing = topShare(gradient, n);
  pen.text(left, top + box.size * 3.4, pushing ? fill(labels.top, { value: share(pushing) }) : labels.no_push, { color: ink.quiet, size: box.size * 0.95 });
  const y0 = top + box.head;
  pen.rect(left, y0, box.side, box.side, { color: ink.soft });
  const most = gradient.reduce((top, one) => Math.max(top, Math.abs(one)), 1e-12);
  const cell = box.side / n;
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j < n; j += 1) {
      const pull = gradient[i * n + j];
      const alpha = Math.sqrt(Math.abs(pull) / most);
      if (alpha < 0.03) continue;
      pen.rect(left + j * cell, y0 + i * cell, Math.max(1, cell - (n < 40 ? 0.6 : 0)), Math.max(1, cell - (n < 40 ? 0.6 : 0)), { color: pull < 0 ? ink.aligned : ink.broken, alpha });
    }
  }
}

function paintBatches(me, pen) {
  const { box, ink, labels, data, scale } = me;
  const { left, top } = placeOf(box, 5);
  pen.text(left, top + box.size * 0.8, labels.batches, { color: ink.text, size: box.size * 1.05, weight: 700 });
  pen.text(left, top + box.size * 2.1, labels.batches_line, { color: ink.quiet, size: box.size * 0.95 });
  const plot = { left: left + box.size * 2.6, right: left + box.side - box.size * 0.8, top: top + box.head + box.size, bottom: top + box.head + box.side - box.size * 3 };
  const x = scaleOf("linear", 0, 6, plot.left, plot.right, 6);
  x.ticks = SIZES.map((value, k) => ({ value: k, text: String(value) }));
  const losses = SIZES.map((size) => inBatches(data.cosines, data.n, data.n, size, scale));
  const y = scaleOf("linear", 0, Math.max(Math.log(64), ...losses), plot.bottom, plot.top, 4);
  axes(pen, plot, x, y, ink, { size: box.size * 0.92, xName: labels.x_batch, yName: labels.y_infonce });
  pen.path(SIZES.flatMap((size, k) => [x.at(k), y.at(Math.log(size))]), { color: ink.quiet, width: 1.5, dash: [2, 3] });
  pen.path(losses.flatMap((loss, k) => [x.at(k), y.at(loss)]), { color: ink.aligned, width: 3 });
  losses.forEach((loss, k) => pen.dot(x.at(k), y.at(loss), 3.5, { color: ink.aligned }));
  pen.text(x.at(4), y.at(Math.log(16)) - box.size * 0.9, labels.guess, { color: ink.quiet, size: box.size * 0.92, align: "right" });
}

function workOut(me) {
  const { data, state } = me;
  me.n = Math.min(state.batch, data.n);
  me.scale = state.scale || data.scale;
  const cosines = cornerOf(data.cosines, data.n, me.n);
  const settings = { scale: me.scale, bias: state.bias, margin: state.margin };
  me.found = Object.fromEntries(LOSS_KINDS.map((kind) => [kind, lossOf(kind, cosines, me.n, settings, me.classes[state.label])]));
}

function paint(me, pen) {
  pen.rect(0, 0, me.box.width, me.box.height, { color: me.ink.ground });
  LOSS_KINDS.forEach((_, at) => paintKind(me, pen, at));
  paintBatches(me, pen);
}

function draw(me) {
  const begun = performance.now();
  me.ink = alignInk(me.canvas);
  me.box = layout(me);
  workOut(me);
  paint(me, canvasPen(sheetOf(me.canvas, me.box.width, me.box.height), themeColor(me.canvas, "--st-font", "sans-serif")));
  for (const [name, one] of Object.entries(me.sliders)) {
    const value = name === "scale" ? me.scale : me.state[name];
    one.set(value);
    write(one.said, one.show(value));
  }
  me.chips.forEach((chip) => chip.node.setAttribute("aria-pressed", String(me.state.label === chip.value)));
  const parts = LOSS_KINDS.map((kind) => fill(me.labels.read_one, { name: me.labels[`kind_${kind}`], value: digits(me.found[kind].loss) }));
  write(me.readout, fill(me.labels.read, { n: me.n, negatives: me.n - 1, all: parts.join(/[!-~]$/.test(me.labels.comma) ? `${me.labels.comma} ` : me.labels.comma) }));
  me.root.dataset.drawMs = (performance.now() - begun).toFixed(2);
}

function build(me) {
  const { labels } = me;
  me.canvas = element("canvas", { role: "img", "aria-label": labels.canvas });
  me.stage = element("div", { class: "stage" }, [me.canvas]);
  const rules = {
    batch: { min: 1, max: 64, step: 1, key: 1, show: (value) => fill(labels.pairs, { n: value }) },
    scale: { min: 1, max: 100, step: 0.5, key: 1, show: (value) => Number(value).toFixed(1) },
    margin: { min: 0, max: 1, step: 0.01, key: 0.05, show: (value) => Number(value).toFixed(2) },
    bias: { min: -20, max: 5, step: 0.1, key: 0.5, show: (value) => Number(value).toFixed(1).replace("-", "−") },
  };
  me.sliders = {};
  const rows = Object.entries(rules).filter(([name]) => !me.hide.includes(name)).map(([name, rule]) => {
    const made = slider({
      name, label: labels[`control_${name}`], ...rule, value: me.state[name] || me.data.scale, otherwise: me.defaults[name] || me.data.scale,
      moved: (value) => { change(me, { [name]: value }); soon(me, () => draw(me)); },
      left: (wait) => tell(me, wait),
    });
    const said = element("span", { class: "value" });
    me.sliders[name] = { set: made.set, said, show: rule.show };
    return element("label", { class: "setting" }, [element("span", { text: labels[`control_${name}`] }), made.input, said]);
  });
  me.chips = ["colour", "shape"].map((value) => ({ value, node: toggleButton(labels[`label_${value}`], false, () => { change(me, { label: value }); draw(me); tell(me); }) }));
  const save = element("button", { type: "button", class: "chip save", text: labels.save });
  save.onclick = () => {
    const pen = svgPen(me.box.width, me.box.height, themeColor(me.canvas, "--st-font", "sans-serif"), me.ink.ground);
    paint(me, pen);
    saveAs("contrastive-losses.svg", pen.made());
  };
  const legend = element("p", { class: "legend" }, ["pull", "push"].map((name) => element("span", { class: `key ${name}`, text: labels[`legend_${name}`] })));
  me.readout = element("p", { class: "readout", "aria-live": "polite" });
  const choice = element("div", { class: "tools" }, [element("span", { class: "choice", role: "group", "aria-label": labels.label }, [element("span", { class: "hint", text: labels.label }), ...me.chips.map((chip) => chip.node)]), save]);
  me.root.replaceChildren(element("div", { class: "settings" }, rows), choice, legend, me.stage, me.readout);
  me.watch?.disconnect();
  me.watch = new ResizeObserver(() => soon(me, () => draw(me)));
  me.watch.observe(me.stage);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root, lossOf, inBatches, topShare });
  adopt(me, data);
  const leave = withPayload(data.payload, (bytes) => {
    me.data = vectorsOf(bytes);
    const content = JSON.stringify([data.labels, data.hide, data.payload]);
    Object.assign(me, { labels: data.labels, hide: data.hide, classes: data.classes });
    if (me.content !== content) build(me);
    me.content = content;
    draw(me);
    root.dataset.painted = `${data.payload} ${Object.values(me.state).join(" ")}`;
  });
  me.theme?.disconnect();
  me.theme = new MutationObserver(() => me.data && soon(me, () => draw(me)));
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
  return leave;
}

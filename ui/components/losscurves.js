// Losses against the probability of the true class, as large a picture as the page has: loss, modulating factor and
// pull on the logit (losscurves-panels.js), one row per curve with its slider, its reading at one point and what it does
// to a batch.

const [LEAST_P, MOST_P] = [0.0001, 0.9999];
const MOST_CURVES = 4;
const COMPARED = ["ce", "weighted", "hinge", "smoothing"];

const gammasOf = (me) => me.state.gammas.split(",").map(Number);
const alsoOf = (me) => me.state.also.split(",").filter(Boolean);
const shows = (me, name) => !me.hide.includes(name);

/** The curves on the picture in the order of the rows: what each is, its colour and stroke. */
function curvesOf(me) {
  const { state, ink, labels } = me;
  const also = alsoOf(me);
  const positive = state.side === "positive";
  const alpha = state.balance ? [1 - state.alpha, state.alpha] : [1, 1];
  const curves = [];
  if (also.includes("ce")) curves.push({ id: "ce", kind: "ce", gamma: 0, weight: 1, weights: [1, 1], name: labels.ce, color: ink.ce, dash: [], width: 3 });
  gammasOf(me).forEach((gamma, at) => curves.push({ id: `focal${at}`, kind: "focal", at, gamma, weight: alpha[Number(positive)], weights: alpha, name: `γ = ${gamma}`, color: ink.focal[at], dash: DASHES[at], width: at ? 2.2 : 3.2 }));
  if (also.includes("weighted")) curves.push({ id: "weighted", kind: "weighted", gamma: 0, weight: positive ? state.weight : 1, weights: [1, state.weight], name: labels.weighted, color: ink.weighted, dash: [12, 3], width: 2.4 });
  if (also.includes("hinge")) curves.push({ id: "hinge", kind: "hinge", name: labels.hinge, color: ink.other, dash: [1, 4], width: 2.2 });
  if (also.includes("smoothing")) curves.push({ id: "smoothing", kind: "smoothing", epsilon: state.smoothing, name: labels.smoothing, color: ink.other, dash: [6, 3, 1, 3], width: 1.8 });
  return curves;
}

/** Values of a curve over the grid, kept until one of its numbers changes. */
function valuesOf(me, curve) {
  const key = [me.state.across, curve.kind, curve.gamma, curve.weight, curve.epsilon].join(" ");
  const kept = me.kept.get(curve.id);
  if (kept?.key === key) return kept;
  const made = { key, loss: new Float64Array(POINTS), factor: new Float64Array(POINTS), gradient: new Float64Array(POINTS) };
  for (let i = 0; i < POINTS; i += 1) {
    const here = lossAt(curve.kind, me.grid.z[i], curve);
    made.loss[i] = here.loss;
    made.factor[i] = here.factor;
    made.gradient[i] = -here.gradient;
  }
  me.kept.set(curve.id, made);
  return made;
}

function gridOf(across) {
  const place = Float64Array.from({ length: POINTS }, (_, i) => (i + 0.5) / POINTS);
  if (across === "p") return { across, x: place, z: place.map(toZ) };
  const z = place.map((part) => -8 + 16 * part);
  return { across, x: z, z };
}

/** Share of the batch's loss per owner under a curve, kept likewise. */
function ownersOf(me, curve) {
  const key = [me.batchKey, curve.kind, curve.gamma, curve.weights, curve.epsilon].join(" ");
  const kept = me.owned.get(curve.id);
  if (kept?.key === key) return kept.shares;
  let shares;
  if (curve.weights) shares = splitBatch(me.batch, curve.gamma, curve.weights).owners.loss;
  else {
    shares = new Float64Array(OWNERS.length);
    for (let i = 0; i < me.batch.size; i += 1) shares[me.batch.owner[i]] += lossAt(curve.kind, me.batch.margin[i], curve).loss;
    const total = shares.reduce((sum, value) => sum + value, 0);
    shares = shares.map((value) => value / total);
  }
  me.owned.set(curve.id, { key, shares });
  return shares;
}

// ---------------------------------------------------------------- drawing

function draw(me) {
  const begun = performance.now();
  me.ink = lossInk(me.canvas);
  me.root.style.setProperty("--hard", me.ink.hard);
  me.box = boxes(me);
  if (me.grid?.across !== me.state.across) me.grid = gridOf(me.state.across);
  const batchKey = [me.state.ratio, me.state.difficulty, me.state.noise].join(" ");
  if (me.batchKey !== batchKey) Object.assign(me, { batchKey, batch: makeBatch(me.draws, me.state) });
  const curves = curvesOf(me);
  const shape = [curves.map((curve) => curve.id), me.state.balance, me.ink.dark, me.box.rem].join(" ");
  if (me.shape !== shape) buildRows(me, curves);
  me.shape = shape;
  paint(me, canvasPen(sheetOf(me.canvas, me.box.width, me.box.height), themeColor(me.canvas, "--st-font", "sans-serif")), curves);
  fillRows(me, curves);
  markTools(me);
  me.root.dataset.drawMs = (performance.now() - begun).toFixed(2);
}

// ---------------------------------------------------------------- rows

function rowSlider(me, curve) {
  const { labels, state } = me;
  const common = { moved: (value) => { curve.move(value); soon(me, () => draw(me)); }, left: (wait) => tell(me, wait) };
  if (curve.kind === "focal" && shows(me, "gammas")) {
    curve.move = (value) => change(me, { gammas: gammasOf(me).map((one, at) => (at === curve.at ? rounded(value) : one)).join(",") });
    return slider({ ...common, name: "gammas", label: `${labels.gamma} ${curve.at + 1}`, min: 0, max: 5, value: curve.gamma, otherwise: 2, show: (value) => `γ ${rounded(value)}` });
  }
  if (curve.kind === "weighted" && shows(me, "weight")) {
    curve.move = (value) => change(me, { weight: value });
    return slider({ ...common, name: "weight", label: labels.weight, min: 0, max: 20, step: 0.1, key: 0.5, value: state.weight, otherwise: me.defaults.weight, show: String });
  }
  if (curve.kind === "smoothing" && shows(me, "smoothing")) {
    curve.move = (value) => change(me, { smoothing: value });
    return slider({ ...common, name: "smoothing", label: labels.epsilon, min: 0, max: 0.5, key: 0.05, value: state.smoothing, otherwise: me.defaults.smoothing, show: String });
  }
  return null;
}

function keyOf(curve) {
  const canvas = element("canvas", { "aria-hidden": "true", class: "key" });
  const context = paper(canvas, 30, 10);
  canvasPen(context, "").path([1, 5, 29, 5], curve);
  return canvas;
}

function removal(me, curve) {
  if (curve.kind !== "focal" || gammasOf(me).length < 2 || !shows(me, "gammas")) return "";
  const button = element("button", { type: "button", class: "remove", "aria-label": fill(me.labels.remove, { name: curve.name }), text: "×" });
  button.onclick = () => {
    change(me, { gammas: gammasOf(me).filter((_, at) => at !== curve.at).join(",") });
    draw(me);
    tell(me);
  };
  return button;
}

function buildRows(me, curves) {
  const { labels } = me;
  const cell = (name, children = []) => element("div", { role: "cell", class: name }, children);
  me.rows = new Map();
  const rows = curves.map((curve) => {
    const moving = rowSlider(me, curve);
    const bar = element("div", { class: "bar", "aria-hidden": "true" }, OWNERS.map((owner) => element("span", { class: owner })));
    const parts = { name: element("span", { class: "name" }), loss: cell("loss"), less: cell("less"), pull: cell("pull"), bar, owned: element("span", { class: "owned" }), moving };
    me.rows.set(curve.id, parts);
    return element("div", { role: "row", class: `row ${curve.kind}` }, [
      cell("curve", [keyOf(curve), parts.name]),
      cell("move", moving ? [moving.input, removal(me, curve)] : []),
      parts.loss, parts.less, parts.pull,
      cell("batch", [bar, parts.owned]),
    ]);
  });
  me.heads = Object.fromEntries(["curve", "move", "loss", "less", "pull", "batch"].map((name) => [name, element("div", { role: "columnheader", class: name })]));
  me.table.replaceChildren(element("div", { role: "row", class: "row heads" }, Object.values(me.heads)), ...rows);
}

function fillRows(me, curves) {
  const { labels, state } = me;
  const at = me.hover ?? state.at;
  const z = toZ(at);
  write(me.heads.curve, fill(labels.head_point, { p: digits(at, 4) }));
  for (const name of ["loss", "less", "pull"]) write(me.heads[name], labels[`head_${name}`]);
  write(me.heads.batch, fill(labels.head_batch, { ratio: state.ratio }));
  for (const curve of curves) {
    const row = me.rows.get(curve.id);
    const here = lossAt(curve.kind, z, curve);
    const times = 1 / here.factor;
    write(row.name, curve.kind === "weighted" ? `${curve.name} × ${state.weight}` : curve.kind === "smoothing" ? `${curve.name} ε = ${state.smoothing}` : curve.name);
    write(row.loss, digits(here.loss));
    write(row.less, curve.kind === "ce" ? "" : here.factor === 0 ? labels.nothing : times >= 0.9995 ? fill(labels.less, { n: digits(times) }) : fill(labels.more, { n: digits(here.factor) }));
    write(row.pull, digits(-here.gradient));
    const shares = ownersOf(me, curve);
    if (row.shares !== shares) OWNERS.forEach((owner, index) => { row.bar.children[index].style.width = `${100 * shares[index]}%`; });
    row.shares = shares;
    write(row.owned, fill(labels.owned, { share: share(shares[0]) }));
    if (row.moving && row.moving.input !== me.root.getRootNode().activeElement) row.moving.set(curve.kind === "focal" ? curve.gamma : curve.kind === "weighted" ? state.weight : state.smoothing);
  }
}

/** What a reader sees by pointing, a screen reader hears: said when a point is pinned, not with every step of a drag. */
function readOut(me) {
  const z = toZ(me.state.at);
  const curves = curvesOf(me);
  const said = curves.map((curve) => {
    const here = lossAt(curve.kind, z, curve);
    return fill(me.labels.read_curve, { name: curve.name, loss: digits(here.loss), pull: digits(-here.gradient) });
  });
  const first = curves.find((curve) => curve.kind === "focal");
  const factor = lossAt("focal", z, first).factor;
  const times = factor > 1 ? fill(me.labels.more, { n: digits(factor) }) : factor === 0 ? me.labels.nothing : fill(me.labels.less, { n: digits(1 / factor) });
  me.readout.textContent = [fill(me.labels.read_point, { p: digits(me.state.at, 4), z: digits(z), name: first.name, times }), ...said].join(" ");
}

// ---------------------------------------------------------------- tools and hands

function setNow(me, changes) {
  change(me, changes);
  draw(me);
  readOut(me);
  tell(me);
}

function buildTools(me) {
  const { labels, state } = me;
  const group = (label, names, control, values = names) => element("div", { role: "group", class: "choice", "aria-label": label }, names.map((name, at) => toggleButton(labels[`${control}_${name}`], false, () => setNow(me, { [control]: values[at] }), { "data-choice": `${control} ${name}` })));
  const top = [];
  if (shows(me, "what")) top.push(group(labels.what, PANELS, "what"));
  if (shows(me, "scale")) top.push(group(labels.scale, ["linear", "log"], "scale"));
  if (shows(me, "across")) top.push(group(labels.across, ["p", "logit"], "across"));
  const save = element("button", { type: "button", class: "chip save", text: labels.save });
  save.onclick = () => {
    const font = themeColor(me.canvas, "--st-font", "sans-serif");
    const pen = svgPen(me.box.width, me.box.height, font, me.ink.ground);
    paint(me, pen, curvesOf(me));
    saveAs("losses.svg", pen.made());
  };
  me.top.replaceChildren(...top, save);
  const low = [];
  me.add = element("button", { type: "button", class: "chip", text: labels.add });
  me.add.onclick = () => {
    const now = gammasOf(me);
    const fresh = [2, 1, 5, 0.5, 3, 0].find((gamma) => !now.includes(gamma));
    setNow(me, { gammas: [...now, fresh].join(",") });
  };
  if (shows(me, "gammas")) low.push(me.add);
  if (shows(me, "also")) low.push(element("div", { role: "group", class: "choice", "aria-label": labels.also }, [element("span", { class: "hint", text: labels.also }), ...COMPARED.map((name) => toggleButton(labels[name], false, () => {
    const now = alsoOf(me);
    setNow(me, { also: COMPARED.filter((one) => (one === name) !== now.includes(one)).join(",") });
  }, { "data-choice": `also ${name}` }))]));
  me.alpha = null;
  if (shows(me, "balance")) low.push(toggleButton(labels.balance, false, () => setNow(me, { balance: !me.state.balance }), { "data-choice": "balance on" }));
  if (shows(me, "alpha")) {
    const value = element("span", { class: "value" });
    me.alpha = { ...slider({ name: "alpha", label: labels.alpha, min: 0, max: 1, key: 0.05, value: state.alpha, otherwise: me.defaults.alpha, show: String, moved: (next) => { change(me, { alpha: next }); soon(me, () => draw(me)); }, left: (wait) => tell(me, wait) }), value };
    me.alphaBox = element("label", { class: "choice alpha" }, [value, me.alpha.input]);
    low.push(me.alphaBox);
  }
  if (shows(me, "side")) low.push((me.sides = group(labels.side, ["positive", "negative"], "side")));
  me.low.replaceChildren(...low);
  me.formula.replaceChildren(...formulas(labels));
}

function formulas(labels) {
  const power = ["msup", ["mrow", "(", "1", "−", ["msub", "p", "t"], ")"], "γ"];
  const alpha = ["msub", "α", "t"];
  const loss = ["mrow", "FL", "=", "−", alpha, power, "log", ["msub", "p", "t"]];
  const pull = ["mrow", "−", ["mfrac", ["mrow", "∂", "FL"], ["mrow", "∂", "z"]], "=", alpha, power, "(", "1", "−", ["msub", "p", "t"], "−", "γ", ["msub", "p", "t"], "log", ["msub", "p", "t"], ")"];
  const point = ["mrow", ["msub", "p", "t"], "=", "1", "/", "(", "1", "+", ["msup", "e", ["mrow", "−", "z"]], ")"];
  return [loss, pull, point].map((tree, at) => element("span", { class: "formula" }, [element("span", { class: "hint", text: [labels.says_loss, labels.says_pull, labels.says_z][at] }), formula(["math", tree])]));
}

function markTools(me) {
  const { state } = me;
  const on = { what: [state.what], scale: [state.scale], across: [state.across], side: [state.side], also: alsoOf(me), balance: state.balance ? ["on"] : [] };
  for (const button of me.root.querySelectorAll("[data-choice]")) {
    const [control, name] = button.dataset.choice.split(" ");
    button.setAttribute("aria-pressed", String(on[control].includes(name)));
  }
  me.add.disabled = gammasOf(me).length >= MOST_CURVES;
  if (me.alpha) {
    me.alphaBox.hidden = !state.balance;
    me.alpha.value.textContent = `α = ${state.alpha}`;
    if (me.alpha.input !== me.root.getRootNode().activeElement) me.alpha.set(state.alpha);
  }
  if (me.sides) me.sides.hidden = !state.balance && !alsoOf(me).includes("weighted");
}

function pointAt(me, event) {
  const box = me.canvas.getBoundingClientRect();
  const [x, y] = [event.clientX - box.left, event.clientY - box.top];
  const what = PANELS.find((name) => { const p = me.box.panels[name]; return x >= p.left - 40 && x <= p.right + 10 && y >= p.top - 24 && y <= p.bottom + 24; });
  const value = me.x.back(x);
  return { what, p: Math.min(MOST_P, Math.max(LEAST_P, me.state.across === "p" ? value : toP(value))) };
}

function listen(me) {
  const { canvas } = me;
  const pin = (p) => change(me, { at: Number(p.toPrecision(4)) });
  canvas.onpointerdown = (event) => {
    const { what, p } = pointAt(me, event);
    if (what && what !== me.state.what && shows(me, "what")) return setNow(me, { what });
    if (what !== me.state.what || !shows(me, "at")) return undefined;
    me.dragging = true;
    canvas.setPointerCapture(event.pointerId);
    pin(p);
    return soon(me, () => draw(me));
  };
  canvas.onpointermove = (event) => {
    const { what, p } = pointAt(me, event);
    if (me.dragging) pin(p);
    else me.hover = what === me.state.what ? p : null;
    soon(me, () => draw(me));
  };
  canvas.onpointerup = () => {
    if (!me.dragging) return;
    me.dragging = false;
    me.hover = null;
    readOut(me);
    tell(me);
  };
  canvas.onpointerleave = () => { me.hover = null; soon(me, () => draw(me)); };
  canvas.ondblclick = () => setNow(me, { at: me.defaults.at });
  canvas.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (event.key === "Escape") return setNow(me, { at: me.defaults.at });
    if (!step || !shows(me, "at")) return undefined;
    event.preventDefault();
    const far = event.shiftKey ? 10 : 1;
    const next = me.state.across === "p" ? me.state.at + step * 0.01 * far : toP(toZ(me.state.at) + step * 0.1 * far);
    pin(Math.min(MOST_P, Math.max(LEAST_P, next)));
    draw(me);
    readOut(me);
    return tell(me, 300);
  };
}

function build(me) {
  const { labels } = me;
  me.canvas = element("canvas", { tabindex: "0", role: "img", "aria-label": labels.canvas });
  me.stage = element("div", { class: "stage" }, [me.canvas]);
  me.top = element("div", { class: "tools" });
  me.low = element("div", { class: "tools" });
  me.formula = element("p", { class: "formulas" });
  me.table = element("div", { role: "table", class: "rows", "aria-label": labels.rows });
  me.readout = element("p", { class: "readout", "aria-live": "polite" });
  me.legend = element("p", { class: "legend" }, OWNERS.map((owner) => element("span", { class: `key ${owner}`, text: labels[owner] })));
  const picture = element("div", { class: "picture" }, [me.stage, me.table, me.legend]);
  me.root.replaceChildren(me.top, picture, me.low, me.readout, me.formula);
  Object.assign(me, { kept: new Map(), owned: new Map(), shape: "" });
  buildTools(me);
  listen(me);
  me.watch?.disconnect();
  me.watch = new ResizeObserver(() => soon(me, () => draw(me)));
  me.watch.observe(me.stage);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root, hover: null });
  const stop = withPayload(data.payload, (bytes) => {
    me.draws ??= readDraws(bytes);
    const relabelled = JSON.stringify([me.labels, me.hide]) !== JSON.stringify([data.labels, data.hide]);
    Object.assign(me, { labels: data.labels, hide: data.hide });
    adopt(me, data);
    if (relabelled) build(me);
    draw(me);
    readOut(me);
    root.dataset.painted = Object.values(me.state).join(" ");
  });
  me.theme ??= new MutationObserver(() => me.draws && soon(me, () => draw(me)));
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
  return stop;
}

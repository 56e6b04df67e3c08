// GloVe: the sentence's co-occurrence table, the weight f(x) with its x_max to drag, and one step on one cell.

const LOG = { to: (v) => Math.log10(Math.max(0.1, v)), from: (place) => rounded(10 ** place) };
const RULES = { window: { min: 1, max: 10 }, cell: { min: 0.1, max: 1000, step: 0.01, key: 0.1, ...LOG, show: (v) => `X = ${digits(v)}` }, xmax: { min: 1, max: 1000, step: 0.01, key: 0.1, to: Math.log10, from: (place) => Math.round(10 ** place), show: (v) => String(Math.round(v)) }, power: { min: 0.1, max: 1, step: 0.05, key: 0.05, show: (v) => `α = ${rounded(v)}` }, rate: { min: 0.005, max: 1, step: 0.005, key: 0.05, show: (v) => `η = ${rounded(v)}` } };

/** The count of the pressed cell, or the one that is tried in its place. */
const countOf = (me) => me.state.cell || me.data.table[me.pair[0]][me.pair[1]] || 1;
const weightOf = (me, x) => Math.min(1, x / me.state.xmax) ** me.state.power;

/** windows.glove_step. */
function stepOf(me) {
  const { word, context, biases } = me.vectors;
  const x = countOf(me);
  const f = weightOf(me, x);
  const error = dot(word, context) + biases[0] + biases[1] - Math.log(x);
  const slope = 2 * f * error;
  const [moved, other] = [less(word, context, me.state.rate * slope), less(context, word, me.state.rate * slope)];
  const next = biases.map((bias) => bias - me.state.rate * slope);
  return { f, error, slope, loss: f * error ** 2, after: f * (dot(moved, other) + next[0] + next[1] - Math.log(x)) ** 2, word: moved, context: other, biases: next };
}

function fresh(me) {
  const { names } = me.data;
  const [i, j] = me.pair;
  me.vectors = { word: startOf(`in ${names[i]}`), context: startOf(`out ${names[j]}`), biases: [0, 0] };
  me.steps = 0;
}

/** The cell with the largest count. */
function fullest(me) {
  const flat = me.data.table.flat();
  const at = flat.indexOf(Math.max(...flat));
  return [Math.floor(at / me.data.names.length), at % me.data.names.length];
}

/** Choose a cell: its own count is X, and its vectors start afresh. */
function choose(me, i, j) {
  me.pair = [i, j];
  fresh(me);
  change(me, { cell: 0 });
  redraw(me);
  tell(me);
}

function cells(me) {
  const { names, table } = me.data;
  const most = Math.max(...table.flat(), 1e-9);
  const head = element("tr", {}, [element("td"), ...names.map((name) => element("th", { scope: "col", text: name }))]);
  const rows = table.map((row, i) => element("tr", {}, [element("th", { scope: "row", text: names[i] }), ...row.map((x, j) => {
    const button = element("button", { type: "button", text: x ? digits(x, 2) : "·", "aria-label": fill(me.labels.cell_of, { a: names[i], b: names[j], x: digits(x, 2) }) });
    button.style.setProperty("--share", (x / most).toFixed(3));
    button.onclick = () => choose(me, i, j);
    return element("td", {}, [button]);
  })]));
  return element("div", { class: "cells scroll", tabindex: "0", role: "region", "aria-label": me.labels.table }, [element("table", {}, [element("thead", {}, [head]), element("tbody", {}, rows)])]);
}

function drawCurve(me) {
  const ink = lossInk(me.curve);
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const [width, height, size] = [Math.max(220, me.curve.parentElement.clientWidth), Math.min(rem * 21, Math.max(220, me.curve.parentElement.clientWidth)), Math.max(11, rem * 0.8)];
  const pen = canvasPen(sheetOf(me.curve, width, height), themeColor(me.curve, "--st-font", "sans-serif"));
  const box = { left: size * 3, right: width - size * 2, top: size * 2.4, bottom: height - size * 3.6 };
  const x = (me.across = scaleOf("log", 0.1, 1000, box.left, box.right));
  const y = scaleOf("linear", 0, 1, box.bottom, box.top, 4);
  pen.rect(0, 0, width, height, { color: ink.ground });
  axes(pen, box, x, y, ink, { size, xName: me.labels.x, yName: me.labels.y });
  const points = [];
  for (let at = 0; at <= 120; at += 1) {
    const value = 10 ** (-1 + (4 * at) / 120);
    points.push(x.at(value), y.at(weightOf(me, value)));
  }
  const green = ink.dark ? "#33c79b" : "#009e73";
  pen.path(points, { color: green, width: 3 });
  const edge = x.at(me.state.xmax);
  pen.path([edge, box.top, edge, box.bottom], { color: ink.hard, width: 2, dash: [5, 4] });
  pen.dot(edge, box.top, 7, { color: ink.hard });
  const right = edge > (box.left + box.right) / 2;
  pen.text(edge + (right ? -10 : 10), box.top + size * 1.2, `x_max = ${Math.round(me.state.xmax)}`, { color: ink.text, size, weight: 700, align: right ? "right" : "left", halo: ink.ground });
  const f = weightOf(me, countOf(me));
  pen.dot(x.at(Math.max(0.1, countOf(me))), y.at(f), 6, { color: green });
  pen.text(Math.min(box.right - 60, x.at(Math.max(0.1, countOf(me))) + 10), Math.min(box.bottom - size, y.at(f) + size * 1.3), `f = ${digits(f)}`, { color: ink.text, size, weight: 700, halo: ink.ground });
}

function build(me) {
  const { labels } = me;
  me.plane = vectorPlane(me, { label: labels.plane, arrows: () => arrows(me), moved: (id, at) => { me.vectors[id] = at; soon(me, () => redraw(me)); } });
  me.curve = element("canvas", { role: "img", "aria-label": labels.curve });
  // The edge of f follows the pointer; the slider beside it does the same with keys.
  const drag = (event) => {
    const frame = me.curve.getBoundingClientRect();
    change(me, { xmax: Math.min(1000, Math.max(1, Math.round(me.across.back(event.clientX - frame.left)))) });
    soon(me, () => redraw(me));
  };
  me.curve.onpointerdown = (event) => { if (!me.hide.includes("xmax")) { me.curve.setPointerCapture(event.pointerId); me.dragging = true; drag(event); } };
  me.curve.onpointermove = (event) => me.dragging && drag(event);
  me.curve.onpointerup = me.curve.onpointercancel = () => { if (me.dragging) { me.dragging = false; tell(me); } };
  const button = (name, act) => { const made = element("button", { type: "button", class: "chip", text: labels[name] }); made.onclick = act; return made; };
  const tools = element("div", { class: "tools" }, [
    button("step", () => { const step = stepOf(me); me.vectors = { word: step.word, context: step.context, biases: step.biases }; me.steps += 1; redraw(me); }),
    button("again", () => { fresh(me); redraw(me); }),
  ]);
  me.outcome = element("p", { class: "outcome", role: "status" });
  const maths = formula(["math", ["mrow", "J", "=", "f", "(", "X", ")", ["msup", ["mrow", "(", "w", "·", "w̃", "+", "b", "+", "b̃", "−", "log", "X", ")"], "2"], ["mspace"], ",", ["mspace"], "w", "←", "w", "−", "2", "η", "f", "(", "X", ")", "(", "w", "·", "w̃", "+", "b", "+", "b̃", "−", "log", "X", ")", "w̃"]]);
  me.root.replaceChildren(
    cells(me), settingsOf(me, RULES), tools,
    element("div", { class: "halves" }, [element("div", { class: "stage" }, [me.curve]), me.plane.stage]),
    element("div", { class: "formula", tabindex: "0", role: "region", "aria-label": labels.formula }, [maths]), me.outcome,
  );
}

function arrows(me) {
  const step = stepOf(me);
  const { names } = me.data;
  const [i, j] = me.pair;
  return [
    { id: "context", name: `w̃ ${names[j]}`, at: me.vectors.context, to: step.context, color: "#009E73", dark: "#33c79b", dash: [8, 4] },
    { id: "word", name: `w ${names[i]}`, at: me.vectors.word, to: step.word, color: "#009E73", dark: "#33c79b" },
  ];
}

function redraw(me) {
  const { labels, data } = me;
  const step = stepOf(me);
  const [i, j] = me.pair;
  me.root.querySelectorAll(".cells button").forEach((button, at) => button.setAttribute("aria-pressed", String(Math.floor(at / data.names.length) === i && at % data.names.length === j)));
  write(me.outcome, fill(labels.outcome, { a: data.names[i], b: data.names[j], dot: plain(dot(me.vectors.word, me.vectors.context)), bias: plain(me.vectors.biases[0] + me.vectors.biases[1]), log: plain(Math.log(countOf(me))), f: digits(step.f), loss: digits(step.loss), after: digits(step.after), steps: me.steps }));
  showSettings(me);
  if (!me.state.cell) me.sliders.cell?.set(countOf(me));
  drawCurve(me);
  me.plane.draw();
  me.root.dataset.step = JSON.stringify({ ...me.vectors, x: countOf(me), xmax: me.state.xmax, power: me.state.power, rate: me.state.rate, loss: step.loss, after: step.after, f: step.f });
}

export default function (given) {
  learn(given, { build, redraw, fresh: (me) => { me.pair = fullest(me); fresh(me); } });
}

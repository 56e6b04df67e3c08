// A few examples worked by hand: an editable table, every loss of every row, and one row line by line.
// The rules for a cell and the arithmetic are those of explainers/focal_loss/byhand.py; a test compares the two.

const MOST_ROWS = 8;
const [FEWEST_CLASSES, MOST_CLASSES] = [3, 6];
const LIMITS = { p: [1e-12, 1 - 1e-12], logit: [-50, 50], logits: [-50, 50], weight: [0, 1000] };
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const MOST_CHARACTERS = 24;

const givenOf = (me) => (me.state.kind === "binary" ? me.state.given : "logits");
const textName = (me) => (me.state.kind === "binary" ? "pairs" : "logits");
const weightsName = (me) => (me.state.kind === "binary" ? "weights" : "class_weights");
const plain = (text) => text.normalize("NFKC").replaceAll("−", "-").trim();

/** What is wrong with a cell as a sentence, or "" where nothing is. */
function faultOf(text, what, labels) {
  const typed = plain(text);
  if (typed.length > MOST_CHARACTERS || !NUMBER.test(typed)) return labels[typed ? "err_number" : "err_empty"];
  const [low, high] = LIMITS[what];
  if (Number(typed) >= low && Number(typed) <= high) return "";
  return fill(labels[`err_${what}`], { low, high });
}

function readTable(me) {
  const rows = me.state[textName(me)].split(";").slice(0, MOST_ROWS).map((line) => {
    const [body, label = "0"] = line.split(">");
    return { cells: body.split(","), label: Number(label) };
  });
  const width = me.state.kind === "binary" ? 1 : Math.min(MOST_CLASSES, Math.max(FEWEST_CLASSES, rows[0].cells.length));
  for (const row of rows) row.cells = Array.from({ length: width }, (_, at) => row.cells[at] ?? "");
  const classes = me.state.kind === "binary" ? 2 : width;
  const weights = me.state[weightsName(me)].split(",");
  for (const row of rows) if (!(Number.isInteger(row.label) && row.label >= 0 && row.label < classes)) row.label = 0;
  me.table = { rows, weights: Array.from({ length: classes }, (_, at) => weights[at] ?? "1") };
}

// ---------------------------------------------------------------- arithmetic

function workExample(numbers, label, given, weights, gamma) {
  let made;
  if (given === "p") {
    const [p] = numbers;
    made = { probabilities: [1 - p, p], other: label ? 1 - p : p, loss: label ? -Math.log(p) : -Math.log1p(-p) };
  } else {
    const logits = given === "logit" ? [0, ...numbers] : numbers;
    const largest = Math.max(...logits);
    const shifted = logits.map((z) => z - largest);
    const exponentials = shifted.map(Math.exp);
    const total = exponentials.reduce((sum, one) => sum + one, 0);
    const without = (index) => exponentials.reduce((sum, one, k) => (k === index ? sum : sum + one), 0);
    const top = logits.indexOf(largest);
    made = { logits, largest, shifted, exponentials, total, probabilities: exponentials.map((one) => one / total), other: without(label) / total, loss: Math.log1p(without(top)) - shifted[label] };
  }
  const weight = weights[label];
  const factor = made.other ** gamma;
  return { ...made, label, given, gamma, pT: made.probabilities[label], weight, factor, weighted: weight * made.loss, focal: weight * factor * made.loss };
}

/** Every row that can be worked, null for one that cannot, and what they add up to. */
function workTable(me) {
  const { rows, weights } = me.table;
  const numbers = weights.map((text) => Number(plain(text)));
  const badWeights = weights.some((text) => faultOf(text, "weight", me.labels));
  const given = givenOf(me);
  const works = rows.map((row) => (badWeights || row.cells.some((text) => faultOf(text, given, me.labels)) ? null : workExample(row.cells.map((text) => Number(plain(text))), row.label, given, numbers, me.state.gamma)));
  const good = works.filter(Boolean);
  const sum = (name) => good.reduce((total, one) => total + one[name], 0);
  return { works, good, loss: sum("loss"), weighted: sum("weighted"), focal: sum("focal"), weight: sum("weight"), complete: good.length === rows.length };
}

// ---------------------------------------------------------------- the table

function cellInput(me, holder, at, what, name) {
  const input = element("input", { type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false", "aria-label": name });
  input.value = holder[at];
  input.oninput = () => {
    holder[at] = input.value;
    refresh(me);
  };
  input.onchange = () => commit(me);
  return { input, what, read: () => holder[at] };
}

function commit(me) {
  if (!workTable(me).complete) return;
  const { rows, weights } = me.table;
  const text = rows.map((row) => `${row.cells.map(plain).join(",")}>${row.label}`).join(";");
  me.known = `${text}|${weights.map(plain).join(",")}`;
  change(me, { [textName(me)]: text, [weightsName(me)]: weights.map(plain).join(",") });
  tell(me);
}

function button(text, name, act, more = {}) {
  const node = element("button", { type: "button", class: "chip", text, "aria-label": name, ...more });
  node.onclick = act;
  return node;
}

function rebuilt(me, act) {
  return () => {
    act();
    buildTable(me);
    refresh(me);
    commit(me);
  };
}

function buildTable(me) {
  const { labels, table } = me;
  const given = givenOf(me);
  const classes = table.weights.length;
  me.cells = [];
  const put = (cell) => {
    me.cells.push(cell);
    return cell.input;
  };
  const heads = given === "p" ? [labels.head_p] : given === "logit" ? [labels.head_z] : table.rows[0].cells.map((_, k) => `z${"₀₁₂₃₄₅"[k]}`);
  const names = [labels.head_row, ...heads, labels.head_label, labels.head_pt, labels.head_ce, labels.head_weight, labels.head_weighted, labels.head_factor, labels.head_focal, ""];
  const outputs = ["pT", "loss", "weight", "weighted", "factor", "focal"];
  me.outs = table.rows.map(() => Object.fromEntries(outputs.map((name) => [name, element("td", { class: "out" })])));
  me.faults = table.rows.map((_, at) => element("div", { class: "fault", id: `fault-${at}`, role: "alert" }));
  me.picks = [];
  const body = table.rows.flatMap((row, at) => {
    const pick = button(String(at + 1), fill(labels.work_row, { n: at + 1 }), () => {
      change(me, { row: at + 1 });
      refresh(me);
      tell(me);
    }, { "aria-pressed": "false" });
    me.picks.push(pick);
    const label = element("select", { "aria-label": fill(labels.label_of, { n: at + 1 }) }, Array.from({ length: classes }, (_, k) => element("option", { value: k, text: k })));
    label.value = row.label;
    label.onchange = () => { row.label = Number(label.value); refresh(me); commit(me); };
    const drop = button("×", fill(labels.drop, { n: at + 1 }), rebuilt(me, () => { table.rows.splice(at, 1); }), { class: "chip drop", disabled: table.rows.length < 2 });
    return [
      element("tr", {}, [element("th", { scope: "row" }, [pick]), ...row.cells.map((_, k) => element("td", {}, [put({ ...cellInput(me, row.cells, k, given, `${heads[k]}, ${fill(labels.row, { n: at + 1 })}`), row: at })])), element("td", {}, [label]), ...outputs.map((name) => me.outs[at][name]), element("td", {}, [drop])]),
      element("tr", { class: "faults" }, [element("td", { colspan: names.length }, [me.faults[at]])]),
    ];
  });
  me.sums = Object.fromEntries(["sum", "mean"].map((name) => [name, Object.fromEntries(outputs.map((one) => [one, element("td", { class: "out" })]))]));
  me.foot = ["sum", "mean"].map((name) => element("th", { scope: "row", colspan: heads.length + 2 }));
  const foot = ["sum", "mean"].map((name, at) => element("tr", {}, [me.foot[at], ...outputs.map((one) => me.sums[name][one]), element("td")]));
  const head = element("tr", {}, names.map((name) => (name ? element("th", { scope: "col", text: name }) : element("td"))));
  me.weightFault = element("p", { class: "fault", id: "fault-weights", role: "alert" });
  const weights = element("div", { class: "choice weights" }, [element("span", { class: "hint", text: labels.weights }), ...table.weights.map((_, k) => element("label", { class: "choice" }, [element("span", { text: fill(labels.weight_of, { k }) }), put({ ...cellInput(me, table.weights, k, "weight", fill(labels.weight_of, { k })), row: -1 })]))]);
  const add = button(labels.add, null, rebuilt(me, () => { table.rows.push({ cells: [...table.rows.at(-1).cells], label: table.rows.at(-1).label }); }), { disabled: table.rows.length >= MOST_ROWS });
  const resize = (by) => rebuilt(me, () => {
    for (const row of table.rows) {
      row.cells = by > 0 ? [...row.cells, "0"] : row.cells.slice(0, -1);
      row.label = Math.min(row.label, row.cells.length - 1);
    }
    table.weights = by > 0 ? [...table.weights, "1"] : table.weights.slice(0, -1);
  });
  const sizes = given === "logits" ? [button(labels.more_classes, null, resize(1), { disabled: classes >= MOST_CLASSES }), button(labels.fewer_classes, null, resize(-1), { disabled: classes <= FEWEST_CLASSES })] : [];
  const fixed = me.hide.includes(textName(me));
  me.sheet.replaceChildren(
    element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": labels.table }, [element("table", { class: heads.length > 3 ? "many" : null }, [element("thead", {}, [head]), element("tbody", {}, body), element("tfoot", {}, foot)])]),
    element("div", { class: "tools" }, fixed ? [weights] : [add, ...sizes, weights]),
    me.weightFault,
  );
}

const OUT = { pT: (one) => one.pT, loss: (one) => one.loss, weight: (one) => one.weight, weighted: (one) => one.weighted, factor: (one) => one.factor, focal: (one) => one.focal };

/** Everything that follows from the cells: losses, faults, sums, and the row that is worked through. */
function refresh(me) {
  const { labels, state } = me;
  const done = workTable(me);
  const rowFaults = me.table.rows.map(() => []);
  const weightFaults = [];
  for (const cell of me.cells) {
    const fault = faultOf(cell.read(), cell.what, labels);
    cell.input.setAttribute("aria-invalid", String(Boolean(fault)));
    if (fault) (cell.row < 0 ? weightFaults : rowFaults[cell.row]).push(fault);
    if (fault) cell.input.setAttribute("aria-describedby", cell.row < 0 ? "fault-weights" : `fault-${cell.row}`);
    else cell.input.removeAttribute("aria-describedby");
  }
  rowFaults.forEach((faults, at) => write(me.faults[at], [...new Set(faults)].join(" ")));
  write(me.weightFault, [...new Set(weightFaults)].join(" "));
  done.works.forEach((one, at) => {
    for (const [name, of] of Object.entries(OUT)) write(me.outs[at][name], one ? digits(of(one), 4) : "–");
    me.picks[at].setAttribute("aria-pressed", String(at === pickedRow(me)));
  });
  const n = done.good.length;
  write(me.foot[0], fill(labels.sum, { n }));
  write(me.foot[1], labels.mean);
  for (const name of ["loss", "weight", "weighted", "focal"]) write(me.sums.sum[name], n ? digits(done[name], 4) : "–");
  write(me.sums.mean.loss, n ? digits(done.loss / n, 4) : "–");
  write(me.sums.mean.weighted, done.weight > 0 ? digits(done.weighted / done.weight, 4) : "–");
  write(me.sums.mean.focal, n ? digits(done.focal / n, 4) : "–");
  drawSteps(me, done);
  me.root.dataset.focal = done.works.map((one) => (one ? one.focal : "")).join(" ");
  me.root.dataset.ce = done.works.map((one) => (one ? one.loss : "")).join(" ");
  me.root.dataset.means = n ? [done.loss / n, done.weight > 0 ? done.weighted / done.weight : "", done.focal / n].join(" ") : "";
  if (me.gamma) me.gammaValue.textContent = `γ = ${state.gamma}`;
}

const pickedRow = (me) => Math.min(me.state.row, me.table.rows.length) - 1;

// ---------------------------------------------------------------- one row, line by line

function drawSteps(me, done) {
  const one = done.works[pickedRow(me)];
  const title = fill(me.labels.steps, { n: pickedRow(me) + 1 });
  if (!one) {
    me.steps.replaceChildren(element("h3", { text: title }), element("p", { text: me.labels.mend }));
    return;
  }
  const lines = [...(one.logits ? softmaxSteps(me, one) : givenSteps(me, one)), ...lossSteps(me, one), ...togetherSteps(me, done)];
  const items = lines.map(([words, ...trees]) => element("li", {}, [
    element("span", { class: "words", text: words }),
    ...trees.map((tree) => element("span", { class: "line" }, [formula(["math", ["mrow", ...tree]])])),
  ]));
  const scroll = element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, [element("ol", {}, items)]);
  me.steps.replaceChildren(element("h3", { text: title }), scroll);
}

const d = (value) => digits(value, 4);
const signed = (value) => (value < 0 ? ["(", d(value), ")"] : [d(value)]);
const pT = ["msub", "p", "t"];
const CE = ["msub", "L", "CE"];
const FL = ["msub", "L", "FL"];
const listed = (values) => values.flatMap((value, at) => [...(at ? [","] : []), d(value)]);
const summed = (values) => values.flatMap((value, at) => [...(at ? ["+"] : []), ...signed(value)]);

function softmaxSteps(me, one) {
  const { labels } = me;
  const k = ["msub", "z", "k"];
  const binary = one.given === "logit";
  // A formula does not break: what many classes make long stands on two lines.
  const apart = (left, right) => (one.logits.length > 3 ? [left, right] : [[...left, ...right]]);
  const steps = [];
  if (binary) steps.push([labels.step_two, ["z", "=", "(", "0", ",", d(one.logits[1]), ")"]]);
  steps.push(
    [fill(labels.step_shift, { m: d(one.largest) }), ...apart([k, "−", "m", "=", "(", ...one.logits.flatMap((z, at) => [...(at ? [","] : []), ["mrow", ...signed(z), "−", ...signed(one.largest)]]), ")"], ["=", "(", ...listed(one.shifted), ")"])],
    [labels.step_exp, [["msup", "e", ["mrow", k, "−", "m"]], "=", "(", ...listed(one.exponentials), ")"]],
    [labels.step_sum, ["S", "=", ...summed(one.exponentials), "=", d(one.total)]],
    [labels.step_softmax, ...apart(["p", "=", "(", ...one.exponentials.flatMap((e, at) => [...(at ? [","] : []), ["mfrac", d(e), d(one.total)]]), ")"], ["=", "(", ...listed(one.probabilities), ")"])],
    [fill(labels.step_pick, { k: one.label }), [pT, "=", ["msub", "p", String(one.label)], "=", d(one.pT)]],
  );
  return steps;
}

function givenSteps(me, one) {
  const p = d(one.probabilities[1]);
  return [one.label ? [me.labels.step_p1, [pT, "=", "p", "=", p]] : [me.labels.step_p0, [pT, "=", "1", "−", "p", "=", "1", "−", p, "=", d(one.pT)]]];
}

function lossSteps(me, one) {
  const { labels } = me;
  return [
    [labels.step_log, [CE, "=", "−", "log", pT, "=", "−", "log", d(one.pT), "=", d(one.loss)]],
    [fill(labels.step_weight, { k: one.label }), [["msub", "α", "t"], CE, "=", d(one.weight), "×", d(one.loss), "=", d(one.weighted)]],
    [labels.step_factor, [["msup", ["mrow", "(", "1", "−", pT, ")"], "γ"], "=", ["msup", ["mrow", "(", "1", "−", d(one.pT), ")"], d(one.gamma)], "=", d(one.factor)]],
    [labels.step_focal, [FL, "=", ["msub", "α", "t"], ["msup", ["mrow", "(", "1", "−", pT, ")"], "γ"], CE, "=", d(one.weight), "×", d(one.factor), "×", d(one.loss), "=", d(one.focal)]],
  ];
}

function togetherSteps(me, done) {
  const { labels } = me;
  const n = String(done.good.length);
  const of = (name) => done.good.map((one) => one[name]);
  const mean = (symbol, name) => [["mfrac", "1", "n"], "∑", symbol, "=", ["mfrac", ["mrow", ...summed(of(name))], n], "=", ["mfrac", d(done[name]), n], "=", d(done[name] / done.good.length)];
  const alpha = ["msub", "α", "t"];
  const weighted = [["mfrac", ["mrow", "∑", alpha, CE], ["mrow", "∑", alpha]], "=", ["mfrac", ["mrow", ...summed(of("weighted"))], ["mrow", ...summed(of("weight"))]], "=", ["mfrac", d(done.weighted), d(done.weight)], "=", d(done.weighted / done.weight)];
  return [
    [labels.step_mean_ce, mean(CE, "loss")],
    done.weight > 0 ? [labels.step_mean_weighted, weighted] : [labels.step_no_weight],
    [labels.step_mean_focal, mean(FL, "focal")],
  ];
}

// ---------------------------------------------------------------- above the table

/** From probabilities to logits or back: the same examples, written the other way. */
function rewritten(me, given) {
  const { rows } = me.table;
  if (rows.some((row) => row.cells.some((text) => faultOf(text, me.state.given, me.labels)))) return null;
  return rows.map((row) => {
    const value = Number(plain(row.cells[0]));
    const next = given === "logit" ? toZ(value) : Math.min(1 - 1e-12, Math.max(1e-12, toP(value)));
    return `${Number(next.toPrecision(6))}>${row.label}`;
  }).join(";");
}

function buildTools(me) {
  const { labels, state } = me;
  const set = (changes) => () => {
    change(me, changes());
    me.known = null;
    load(me);
    tell(me);
  };
  const choice = (label, control, names, changes) => element("div", { role: "group", class: "choice", "aria-label": label }, names.map((name) => toggleButton(labels[`${control}_${name}`], state[control] === name, set(() => changes(name)))));
  const parts = [];
  if (!me.hide.includes("kind")) parts.push(choice(labels.kind, "kind", ["binary", "classes"], (name) => ({ kind: name })));
  if (state.kind === "binary" && !me.hide.includes("given")) parts.push(choice(labels.given, "given", ["p", "logit"], (name) => {
    const pairs = name === state.given ? null : rewritten(me, name);
    return pairs === null ? { given: name } : { given: name, pairs };
  }));
  me.gamma = null;
  if (!me.hide.includes("gamma")) {
    me.gammaValue = element("span", { class: "value" });
    me.gamma = slider({ name: "gamma", label: labels.gamma, min: 0, max: 5, value: state.gamma, otherwise: me.defaults.gamma, show: (value) => `γ ${rounded(value)}`, moved: (value) => { change(me, { gamma: value }); soon(me, () => refresh(me)); }, left: (wait) => tell(me, wait) });
    parts.push(element("label", { class: "choice gamma" }, [me.gammaValue, me.gamma.input]));
  }
  me.tools.replaceChildren(...parts);
}

function load(me) {
  readTable(me);
  buildTools(me);
  buildTable(me);
  refresh(me);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root });
  const relabelled = JSON.stringify([me.labels, me.hide]) !== JSON.stringify([data.labels, data.hide]);
  Object.assign(me, { labels: data.labels, hide: data.hide });
  const before = me.state ? `${me.state.kind} ${me.state.given}` : "";
  adopt(me, data);
  const known = `${me.state[textName(me)]}|${me.state[weightsName(me)]}`;
  if (!me.sheet) {
    me.tools = element("div", { class: "tools" });
    me.sheet = element("div", { class: "sheet" });
    me.steps = element("section", { class: "steps" });
    root.replaceChildren(me.tools, me.sheet, me.steps);
  }
  // What a hand is still writing stays; only a table that came from elsewhere takes its place.
  if (known !== me.known || before !== `${me.state.kind} ${me.state.given}`) readTable(me);
  if (relabelled || known !== me.known || before !== `${me.state.kind} ${me.state.given}`) {
    me.known = known;
    buildTools(me);
    buildTable(me);
  }
  if (me.gamma && me.gamma.input !== root.getRootNode().activeElement) me.gamma.set(me.state.gamma);
  refresh(me);
  root.dataset.painted = known;
}

// FastText: a word is its n-grams. Each n-gram's row is found by a hash; a step on one word moves the rows it holds, and
// with them every other word that holds one of them.

const RULES = { nmin: { min: 1, max: 6 }, nmax: { min: 1, max: 8 }, rate: { min: 0.005, max: 1, step: 0.005, key: 0.05, show: (v) => `η = ${rounded(v)}` } };

/** The n-grams of a word, each once, in reading order (grams.split). */
function gramsOf(me, word) {
  const signs = [...`<${word}>`];
  const [shortest, longest] = [Math.min(me.state.nmin, me.state.nmax), Math.max(me.state.nmin, me.state.nmax)];
  const found = new Set();
  for (let start = 0; start < signs.length; start += 1) {
    for (let size = shortest; size <= longest && start + size <= signs.length; size += 1) {
      if (size === 1 && (start === 0 || start + 1 === signs.length)) continue;
      found.add(signs.slice(start, start + size).join(""));
    }
  }
  return [...found];
}

const rowOf = (me, gram) => hashOf(gram) % me.data.buckets;
const vectorOf = (me, id) => (me.vectors[id] ??= startOf(String(id), 2.5));

/** Rows of a word: its own one, if it is a word of the vocabulary, and one per n-gram. */
function rowsOf(me, word, known) {
  return [...(known ? [`own ${word}`] : []), ...gramsOf(me, word).map((gram) => rowOf(me, gram))];
}

function meanOf(me, rows) {
  const sum = rows.reduce(([x, y], row) => { const [a, b] = vectorOf(me, row); return [x + a, y + b]; }, [0, 0]);
  return sum.map((value) => value / Math.max(1, rows.length));
}

function fresh(me) {
  me.vectors = {};
  me.steps = 0;
}

/** One positive sample (the context) for the word: what windows.fasttext_step does. */
function stepOf(me) {
  const rows = rowsOf(me, me.data.word, true);
  const step = skipgramStep(meanOf(me, rows), [me.vectors.context ?? (me.vectors.context = startOf("context"))], [1], me.state.rate);
  return { rows, step };
}

function take(me) {
  const { rows, step } = stepOf(me);
  for (const row of rows) me.vectors[row] = less(vectorOf(me, row), step.gradient, me.state.rate / rows.length);
  [me.vectors.context] = step.samples;
  me.steps += 1;
}

/** Where the other word would be after the step on the first. */
function afterStep(me) {
  const { rows, step } = stepOf(me);
  const theirs = rowsOf(me, me.data.other, false);
  const moved = rows.reduce((count, row) => count + theirs.filter((one) => one === row).length, 0);
  const at = meanOf(me, theirs);
  return { at, to: less(at, step.gradient, (me.state.rate / rows.length) * (moved / Math.max(1, theirs.length))), word: meanOf(me, rows), wordTo: less(meanOf(me, rows), step.gradient, me.state.rate / rows.length), context: me.vectors.context, contextTo: step.samples[0], step };
}

function arrows(me) {
  const now = afterStep(me);
  return [
    { id: "context", name: me.labels.context, at: now.context, to: now.contextTo, color: "#6b6b6b", dark: "#a3a9b1", dash: [8, 4] },
    { id: "other", name: me.data.other, at: now.at, to: now.to, color: "#a86f00", dark: "#f0b840", dash: [2, 4], fixed: true },
    { id: "word", name: me.data.word, at: now.word, to: now.wordTo, color: "#a86f00", dark: "#f0b840", fixed: true },
  ];
}

function list(me, word, other) {
  const theirs = new Set(gramsOf(me, other));
  return element("ul", { class: "grams fold", "aria-label": word, tabindex: "0" }, gramsOf(me, word).map((gram) => element("li", { class: theirs.has(gram) ? "shared" : "", title: fill(me.labels.row, { row: rowOf(me, gram) }) }, [gram, element("small", { text: rowOf(me, gram) })])));
}

function build(me) {
  const { labels } = me;
  me.plane = vectorPlane(me, { label: labels.plane, arrows: () => arrows(me), moved: (id, at) => { me.vectors[id] = at; soon(me, () => redraw(me)); } });
  me.lists = element("div");
  const button = (name, act) => { const made = element("button", { type: "button", class: "chip", text: labels[name] }); made.onclick = act; return made; };
  const tools = element("div", { class: "tools" }, [button("step", () => { take(me); redraw(me); }), button("again", () => { fresh(me); redraw(me); })]);
  me.outcome = element("p", { class: "outcome", role: "status" });
  const maths = formula(["math", ["mrow", "v", "=", ["mfrac", "1", "m"], ["munder", "∑", ["mi", "g"]], ["msub", "z", ["mi", "g"]], ["mspace"], ",", ["mspace"], ["msub", "z", ["mi", "g"]], "←", ["msub", "z", ["mi", "g"]], "−", ["mfrac", "η", "m"], "(", "σ", "(", "u", "·", "v", ")", "−", "1", ")", "u"]]);
  me.root.replaceChildren(settingsOf(me, RULES), element("div", { class: "halves" }, [me.lists, element("div", {}, [tools, me.plane.stage])]), element("div", { class: "formula", tabindex: "0", role: "region", "aria-label": labels.formula }, [maths]), me.outcome);
}

function redraw(me) {
  const { labels, data } = me;
  const [mine, theirs] = [gramsOf(me, data.word), gramsOf(me, data.other)];
  const shared = mine.filter((gram) => theirs.includes(gram));
  me.lists.replaceChildren(
    element("h3", { text: fill(labels.of, { word: data.word, n: mine.length, shared: shared.length }) }), list(me, data.word, data.other),
    element("h3", { text: fill(labels.of, { word: data.other, n: theirs.length, shared: shared.length }) }), list(me, data.other, data.word),
  );
  const now = afterStep(me);
  const moved = (from, to) => Math.hypot(to[0] - from[0], to[1] - from[1]);
  write(me.outcome, fill(labels.outcome, { word: data.word, other: data.other, moved: plain(moved(now.word, now.wordTo), 4), along: plain(moved(now.at, now.to), 4), loss: plain(now.step.loss), after: plain(softplus(-dot(now.contextTo, now.wordTo))), steps: me.steps }));
  showSettings(me);
  me.plane.draw();
  me.root.dataset.grams = JSON.stringify(Object.fromEntries(mine.map((gram) => [gram, rowOf(me, gram)])));
  me.root.dataset.step = JSON.stringify({ parts: rowsOf(me, data.word, true).map((row) => vectorOf(me, row)), context: now.context, rate: me.state.rate, to: now.wordTo, contextTo: now.contextTo });
}

export default function (given) {
  learn(given, { build, redraw, fresh });
}

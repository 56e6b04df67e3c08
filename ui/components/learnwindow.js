// Skip-gram with negative sampling: the window slides over the reader's sentence; the centre word's vector is pulled to
// the context word's and pushed from the negative samples'. All vectors have two numbers, so that every step is seen.

const RULES = { window: { min: 1, max: 10 }, negatives: { min: 1, max: 20 }, rate: { min: 0.005, max: 1, step: 0.005, key: 0.05, show: (v) => `η = ${rounded(v)}` } };
const PLAY_MS = 260;

const inside = (me) => Math.min(me.data.words.length, Math.max(1, me.state.centre)) - 1;

/** Places of the window around the centre. */
function contextOf(me, centre = inside(me)) {
  const { words } = me.data;
  const from = Math.max(0, centre - me.state.window);
  return words.map((_, at) => at).slice(from, centre + me.state.window + 1).filter((at) => at !== centre);
}

/** Negative samples of a pair: drawn from counts to the power 0.75; one that hits the context word is drawn again. */
function negativesOf(me, centre, other) {
  const { words, noise } = me.data;
  const names = Object.keys(noise);
  if (names.length < 2) return [];
  const next = draws(hashOf(`${me.turn} ${centre} ${other}`));
  const drawOne = () => {
    let left = next();
    return names.find((name) => (left -= noise[name]) < 0) ?? names[names.length - 1];
  };
  return Array.from({ length: me.state.negatives }, () => {
    let name = drawOne();
    for (let tries = 0; name === words[other] && tries < 100; tries += 1) name = drawOne();
    return name;
  });
}

/** The pair that is looked at, its samples, and what a step does to them. */
function look(me) {
  const { words } = me.data;
  const centre = inside(me);
  const context = contextOf(me, centre);
  if (!context.includes(me.other)) me.other = context[0];
  const samples = [words[me.other], ...negativesOf(me, centre, me.other)];
  const labels = samples.map((_, at) => (at ? 0 : 1));
  const step = skipgramStep(me.vectors.in[words[centre]], samples.map((name) => me.vectors.out[name]), labels, me.state.rate);
  return { centre, context, samples, labels, step };
}

/** Take the step: a word that was drawn twice is moved twice. */
function take(me, seen) {
  const { words } = me.data;
  const v = me.vectors.in[words[seen.centre]];
  seen.samples.forEach((name, at) => { me.vectors.out[name] = less(me.vectors.out[name], v, me.state.rate * seen.step.pulls[at]); });
  me.vectors.in[words[seen.centre]] = seen.step.centre;
  me.steps += 1;
  me.turn += 1;
}

/** Move on to the next pair of the sentence, round and round. */
function onward(me) {
  const context = contextOf(me);
  const at = context.indexOf(me.other);
  if (at + 1 < context.length) me.other = context[at + 1];
  else {
    change(me, { centre: (inside(me) + 1) % me.data.words.length + 1 });
    [me.other] = contextOf(me);
  }
}

function meanLoss(me) {
  const { words } = me.data;
  let [sum, many] = [0, 0];
  words.forEach((word, centre) => contextOf(me, centre).forEach((other) => {
    sum += softplus(-dot(me.vectors.in[word], me.vectors.out[words[other]]));
    many += 1;
  }));
  return sum / Math.max(1, many);
}

function fresh(me) {
  const names = [...new Set(me.data.words)];
  me.vectors = { in: {}, out: {} };
  for (const name of names) {
    me.vectors.in[name] = startOf(`in ${name}`);
    me.vectors.out[name] = startOf(`out ${name}`);
  }
  Object.assign(me, { steps: 0, turn: 1, first: meanLoss(me) });
}

function play(me) {
  clearInterval(me.playing);
  me.playing = me.playing ? null : setInterval(() => {
    if (!me.root.isConnected) return clearInterval(me.playing);
    take(me, look(me));
    onward(me);
    return redraw(me);
  }, PLAY_MS);
  if (!me.playing) tell(me);
  redraw(me);
}

function arrows(me) {
  const { words } = me.data;
  const { centre, samples, step } = me.seen;
  const shown = new Map();
  samples.forEach((name, at) => {
    if (shown.has(name)) return;
    shown.set(name, { id: `out ${name}`, name: `u ${name}`, at: me.vectors.out[name], to: less(me.vectors.out[name], me.vectors.in[words[centre]], me.state.rate * step.pulls.reduce((sum, pull, other) => sum + (samples[other] === name ? pull : 0), 0)), color: at ? "#6b6b6b" : "#0072B2", dark: at ? "#a3a9b1" : "#4ba3dc", dash: at ? [2, 4] : [8, 4] });
  });
  return [...shown.values(), { id: `in ${words[centre]}`, name: `v ${words[centre]}`, at: me.vectors.in[words[centre]], to: step.centre, color: "#0072B2", dark: "#4ba3dc" }];
}

function build(me) {
  const { labels, data } = me;
  me.chips = data.words.map((word, at) => {
    const chip = element("button", { type: "button", text: word });
    chip.onclick = () => {
      const near = contextOf(me).includes(at);
      if (near && me.other !== at) me.other = at;
      else change(me, { centre: at + 1 });
      redraw(me);
      tell(me);
    };
    return chip;
  });
  const hidden = me.hide.includes("centre");
  me.plane = vectorPlane(me, { label: labels.plane, arrows: () => arrows(me), moved: (id, at) => { const [side, ...name] = id.split(" "); me.vectors[side][name.join(" ")] = at; soon(me, () => redraw(me)); } });
  me.body = element("tbody");
  const head = element("tr", {}, ["sample", "label", "score", "chance", "loss", "pull"].map((name) => element("th", { scope: "col", text: labels[`head_${name}`] })));
  const sums = element("table", { class: "sums" }, [element("thead", {}, [head]), me.body]);
  const button = (name, act) => { const made = element("button", { type: "button", class: "chip", text: labels[name] }); made.onclick = act; return made; };
  me.player = button("play", () => play(me));
  const tools = element("div", { class: "tools" }, [
    button("step", () => { take(me, look(me)); redraw(me); }),
    button("next", () => { onward(me); redraw(me); tell(me); }),
    me.player,
    button("again", () => { clearInterval(me.playing); me.playing = null; fresh(me); redraw(me); }),
  ]);
  me.outcome = element("p", { class: "outcome", role: "status" });
  const maths = formula(["math", ["mrow", "J", "=", "−", "log", "σ", "(", ["msub", "u", ["mi", "o"]], "·", "v", ")", "−", ["munder", "∑", ["mi", "k"]], "log", "σ", "(", "−", ["msub", "u", ["mi", "k"]], "·", "v", ")", ["mspace"], ",", ["mspace"], "v", "←", "v", "−", "η", ["munder", "∑", ["mi", "i"]], "(", "σ", "(", ["msub", "u", ["mi", "i"]], "·", "v", ")", "−", ["msub", "y", ["mi", "i"]], ")", ["msub", "u", ["mi", "i"]]]]);
  me.root.replaceChildren(
    element("div", { class: "words", role: "group", "aria-label": labels.words, inert: hidden }, me.chips),
    settingsOf(me, RULES), tools,
    element("div", { class: "halves" }, [me.plane.stage, element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": labels.table }, [sums])]),
    element("div", { class: "formula", tabindex: "0", role: "region", "aria-label": labels.formula }, [maths]), me.outcome,
  );
}

function redraw(me) {
  const { labels, data } = me;
  me.seen = look(me);
  const { centre, context, samples, step } = me.seen;
  me.chips.forEach((chip, at) => {
    chip.className = at === centre ? "centre" : at === me.other ? "context current" : context.includes(at) ? "context" : "";
    chip.setAttribute("aria-pressed", String(at === centre));
  });
  me.body.replaceChildren(...samples.map((name, at) => element("tr", { class: at ? "" : "asked" }, [
    element("th", { scope: "row", text: name }),
    ...[at ? "0" : "1", plain(step.scores[at]), plain(step.chances[at]), plain(softplus((at ? 1 : -1) * step.scores[at])), plain(step.pulls[at])].map((text) => element("td", { text })),
  ])));
  me.player.textContent = me.playing ? labels.pause : labels.play;
  me.player.setAttribute("aria-pressed", String(Boolean(me.playing)));
  write(me.outcome, fill(labels.outcome, { word: data.words[centre], other: samples[0], loss: plain(step.loss), after: plain(step.after), steps: me.steps, mean: plain(meanLoss(me)), first: plain(me.first) }));
  showSettings(me);
  me.plane.draw();
  me.root.dataset.step = JSON.stringify({ centre: me.vectors.in[data.words[centre]], samples: samples.map((name) => me.vectors.out[name]), rate: me.state.rate, loss: step.loss, after: step.after, gradient: step.gradient });
}

export default function (given) {
  learn(given, { build, redraw, fresh });
}

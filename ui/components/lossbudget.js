// Who owns the loss of a batch of 10,000: four bars (loss and gradient, under cross-entropy and under this gamma), and
// the same by decile of difficulty. Everything follows the sliders while they are dragged.

const WHATS = ["loss", "gradient"];
const RULES = { gamma: { min: 0, max: 5, key: 0.1 }, ratio: { min: 1, max: 1000, step: 0.01, key: 0.1, to: Math.log10, from: (place) => Math.round(10 ** place) }, difficulty: { min: 0, max: 8, step: 0.1, key: 0.5 }, noise: { min: 0, max: 0.2, step: 0.005, key: 0.005 }, alpha: { min: 0, max: 1, key: 0.05 } };

const SHOWN = { gamma: (v) => `γ = ${rounded(v)}`, ratio: (v) => `1:${v}`, difficulty: (v) => `${rounded(v)}`, noise: (v) => `${rounded(v * 100)} %`, alpha: (v) => `α = ${rounded(v)}` };

function paintOwner(pen, ink, owner, x, y, w, h) {
  if (w <= 0 || h <= 0) return;
  if (owner === "easy_negative") pen.rect(x, y, w, h, { color: ink.easy });
  if (owner === "positive") pen.rect(x, y, w, h, { color: ink.hard });
  if (owner === "hard_negative") hatch(pen, x, y, w, h, ink.hard, 5);
  if (owner === "mislabelled") hatch(pen, x, y, w, h, ink.text, 5), hatch(pen, x, y, w, h, ink.text, 7);
}

function layout(me) {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const width = Math.max(280, me.stage.clientWidth);
  const size = Math.max(11, rem * 0.78);
  const narrow = width < 34 * rem;
  const bar = rem * 1.5;
  const top = size * 1.6;
  const bars = top + 4 * (bar + 7) + size;
  const high = rem * 11;
  return { rem, size, width, narrow, bar, top, bars, high, height: bars + size * 1.6 + (high + (narrow ? size * 1.5 : 0)) * (narrow ? 2 : 1) };
}

function paintBars(me, pen) {
  const { box, ink, labels, state } = me;
  const rows = WHATS.flatMap((what) => [["ce", what], ["now", what]]);
  const names = rows.map(([which, what]) => `${labels[what]} · ${which === "ce" ? labels.ce_short : `γ = ${state.gamma}`}`);
  const left = 10 + Math.max(...names.map((name) => pen.wide(name, box.size, 700)));
  const wide = box.width - left - 4;
  pen.text(0, box.size * 0.7, labels.bars, { color: ink.text, size: box.size, weight: 600 });
  rows.forEach(([which, what], at) => {
    const y = box.top + at * (box.bar + 7) + (at > 1 ? box.size * 0.8 : 0);
    pen.text(0, y + box.bar / 2, names[at], { color: ink.text, size: box.size, weight: which === "ce" ? 400 : 700 });
    let x = left;
    OWNERS.forEach((owner, index) => {
      const part = me[which].owners[what][index];
      const w = part * wide;
      paintOwner(pen, ink, owner, x, y, w, box.bar);
      const words = share(part);
      const room = pen.wide(words, box.size, 700) + 8;
      if (w > room + 6) {
        const solid = owner === "easy_negative" || owner === "positive";
        if (!solid) pen.rect(x + (w - room) / 2, y + 3, room, box.bar - 6, { color: ink.ground });
        pen.text(x + w / 2, y + box.bar / 2, words, { color: solid ? "#101010" : ink.text, size: box.size, weight: 700, align: "center" });
      }
      x += w;
    });
    pen.path([left, y, left + wide, y, left + wide, y + box.bar, left, y + box.bar, left, y], { color: ink.grid });
  });
}

function paintDeciles(me, pen) {
  const { box, ink, labels } = me;
  WHATS.forEach((what, at) => {
    const wide = box.narrow ? box.width : (box.width - 18) / 2;
    const left = (box.narrow ? 0 : at * (wide + 18)) + box.size * 3.6;
    const above = box.bars + box.size * 1.6 + (box.narrow ? at * (box.high + box.size * 1.5) : 0);
    const plot = { left, top: above + box.size, right: left + wide - box.size * 3.8, bottom: above + box.high - box.size * 2.8 };
    const y = scaleOf("linear", 0, 1, plot.bottom, plot.top, 4);
    y.ticks.forEach((tick) => { tick.text = `${Math.round(tick.value * 100)} %`; });
    const step = (plot.right - plot.left) / 10;
    const x = { at: (decile) => plot.left + (decile - 0.5) * step, ticks: Array.from({ length: 10 }, (_, i) => ({ value: i + 1, text: String(i + 1) })) };
    axes(pen, plot, x, y, ink, { size: box.size * 0.92, xName: labels.x_decile, yName: labels[`y_${what}`] });
    for (let decile = 0; decile < 10; decile += 1) {
      let base = 0;
      OWNERS.forEach((owner, index) => {
        const part = me.now.tables[what][decile * OWNERS.length + index];
        paintOwner(pen, ink, owner, plot.left + decile * step + 3, y.at(base + part), step - 6, y.at(base) - y.at(base + part));
        base += part;
      });
      const plain = me.ce.tables[what].subarray(decile * OWNERS.length, (decile + 1) * OWNERS.length).reduce((sum, one) => sum + one, 0);
      pen.path([plot.left + decile * step + 1, y.at(plain), plot.left + (decile + 1) * step - 1, y.at(plain)], { color: ink.ce, width: 3 });
    }
  });
}

function paint(me, pen) {
  pen.rect(0, 0, me.box.width, me.box.height, { color: me.ink.ground });
  paintBars(me, pen);
  paintDeciles(me, pen);
}

function draw(me) {
  const begun = performance.now();
  const { state } = me;
  me.ink = lossInk(me.canvas);
  me.root.style.setProperty("--hard", me.ink.hard);
  me.box = layout(me);
  const batchKey = [state.ratio, state.difficulty, state.noise].join(" ");
  if (me.batchKey !== batchKey) {
    Object.assign(me, { batchKey, batch: makeBatch(me.draws, state) });
    me.decile = decilesOf(me.batch);
    me.ce = splitBatch(me.batch, 0, [1, 1], me.decile);
  }
  me.now = splitBatch(me.batch, state.gamma, state.balance ? [1 - state.alpha, state.alpha] : [1, 1], me.decile);
  paint(me, canvasPen(sheetOf(me.canvas, me.box.width, me.box.height), themeColor(me.canvas, "--st-font", "sans-serif")));
  for (const [name, one] of Object.entries(me.sliders)) {
    one.value.textContent = SHOWN[name](state[name]);
    if (one.input !== me.root.getRootNode().activeElement) one.set(state[name]);
  }
  if (me.sliders.alpha) me.sliders.alpha.box.hidden = !state.balance;
  me.balance?.setAttribute("aria-pressed", String(state.balance));
  me.counts.textContent = fill(me.labels.counts, Object.fromEntries(OWNERS.map((owner, at) => [owner, me.batch.counts[at].toLocaleString("en-US")])));
  me.root.dataset.drawMs = (performance.now() - begun).toFixed(2);
}

function readOut(me) {
  const { labels, state, ce, now } = me;
  const say = (owner, at) => fill(labels.read_owner, { owner: labels[owner], before: share(ce.owners.loss[at]), after: share(now.owners.loss[at]) });
  const parts = OWNERS.flatMap((owner, at) => (me.batch.counts[at] ? [say(owner, at)] : []));
  me.readout.textContent = [fill(labels.read, { gamma: state.gamma }), ...parts, fill(labels.read_pull, { part: share(now.totals.gradient / ce.totals.gradient) })].join(" ");
  me.root.dataset.shares = JSON.stringify({ loss: [...now.owners.loss], gradient: [...now.owners.gradient], table: [...now.tables.loss], pulls: [...now.tables.gradient], ce: [...ce.owners.loss] });
}

function oneSlider(me, name) {
  const value = element("span", { class: "value" });
  const label = me.labels[`control_${name}`];
  const made = slider({ name, label, ...RULES[name], value: me.state[name], otherwise: me.defaults[name], show: SHOWN[name], moved: (next) => { change(me, { [name]: next }); soon(me, () => draw(me)); }, left: (wait) => { soon(me, () => { draw(me); readOut(me); }); tell(me, wait); } });
  const box = element("label", { class: "setting", title: me.labels[`help_${name}`] }, [element("span", { text: label }), made.input, value]);
  return { ...made, value, box };
}

function build(me) {
  const { labels } = me;
  me.canvas = element("canvas", { role: "img", "aria-label": labels.canvas });
  me.stage = element("div", { class: "stage" }, [me.canvas]);
  me.sliders = {};
  for (const name of Object.keys(RULES)) if (!me.hide.includes(name)) me.sliders[name] = oneSlider(me, name);
  me.balance = me.hide.includes("balance") ? null : toggleButton(labels.balance, false, () => {
    change(me, { balance: !me.state.balance });
    draw(me);
    readOut(me);
    tell(me);
  });
  const save = element("button", { type: "button", class: "chip save", text: labels.save });
  save.onclick = () => {
    const pen = svgPen(me.box.width, me.box.height, themeColor(me.canvas, "--st-font", "sans-serif"), me.ink.ground);
    paint(me, pen);
    saveAs("budget.svg", pen.made());
  };
  me.readout = element("p", { class: "readout", "aria-live": "polite" });
  me.counts = element("p", { class: "counts" });
  const legend = element("p", { class: "legend" }, [...OWNERS.map((owner) => element("span", { class: `key ${owner}`, text: labels[owner] })), element("span", { class: "key line", text: labels.legend_ce })]);
  me.root.replaceChildren(
    element("div", { class: "settings" }, Object.values(me.sliders).map((one) => one.box)),
    element("div", { class: "tools" }, [...(me.balance ? [me.balance] : []), me.counts, save]),
    me.stage, legend, me.readout,
  );
  me.watch?.disconnect();
  me.watch = new ResizeObserver(() => soon(me, () => draw(me)));
  me.watch.observe(me.stage);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root });
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

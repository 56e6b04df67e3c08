// The paper's figure on easy against hard examples, from a real model's outputs: examples sorted from the smallest loss
// to the largest, and the share of the whole loss that the first of them own. One panel for each class.

const FIXED = [0, 0.5, 1, 2];
const PLACES = 200;

function readScores(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const start = Math.ceil((4 + length) / 4) * 4;
  const margins = (from, many) => Float64Array.from({ length: many }, (_, i) => view.getInt16(start + 2 * (from + i), true) * header.step);
  const logs = (z) => ({ many: z.length, lp: z.map(logP), lq: z.map((one) => logP(-one)) });
  return { positive: logs(margins(0, header.positives)), negative: logs(margins(header.positives, header.negatives)) };
}

/** Share of the total loss that the easiest i/PLACES own. Margins come hardest first; focal loss falls with the margin. */
function cumulative({ many, lp, lq }, gamma) {
  const sums = new Float64Array(many + 1);
  for (let i = 0; i < many; i += 1) {
    const at = many - 1 - i;
    sums[i + 1] = sums[i] - (gamma ? Math.exp(gamma * lq[at]) : 1) * lp[at];
  }
  return Float64Array.from({ length: PLACES + 1 }, (_, place) => {
    const at = (place * many) / PLACES;
    const low = Math.min(many - 1, Math.floor(at));
    return (sums[low] + (at - low) * (sums[low + 1] - sums[low])) / sums[many];
  });
}

const ownedBy = (curve, part) => {
  const at = (1 - part) * PLACES;
  const low = Math.min(PLACES - 1, Math.floor(at));
  return 1 - (curve[low] + (at - low) * (curve[low + 1] - curve[low]));
};

function curveOf(me, side, gamma) {
  const key = `${side} ${gamma}`;
  if (!me.kept.has(key)) {
    if (me.kept.size > 24) me.kept.clear();
    me.kept.set(key, cumulative(me.scores[side], gamma));
  }
  return me.kept.get(key);
}

function paint(me, pen) {
  const { box, ink, labels, state } = me;
  pen.rect(0, 0, box.width, box.height, { color: ink.ground });
  ["positive", "negative"].forEach((side, at) => {
    const wide = box.narrow ? box.width : (box.width - 24) / 2;
    const left = (box.narrow ? 0 : at * (wide + 24)) + box.size * 3.8;
    const top = (box.narrow ? at * box.high : 0) + box.size * 2.2;
    const plot = { left, top, right: left + wide - box.size * 5.6, bottom: top + box.high - box.size * 5.4 };
    const x = scaleOf("linear", 0, 1, plot.left, plot.right, 5);
    const y = scaleOf("linear", 0, 1, plot.bottom, plot.top, 5);
    for (const axis of [x, y]) axis.ticks.forEach((tick) => { tick.text = `${Math.round(tick.value * 100)} %`; });
    axes(pen, plot, x, y, ink, { size: box.size, xName: labels.x, yName: labels[side] });
    const line = (gamma, style) => {
      const values = curveOf(me, side, gamma);
      pen.path([...values].flatMap((value, place) => [x.at(place / PLACES), y.at(value)]), style);
    };
    const styleOf = (gamma) => {
      if (gamma === state.gamma) return { color: ink.focal[0], width: 3.4 };
      return gamma ? { color: ink.focal[3], width: 1.6, dash: DASHES[FIXED.indexOf(gamma)] } : { color: ink.ce, width: 3 };
    };
    const shown = [...FIXED.filter((gamma) => gamma !== state.gamma), state.gamma];
    const [legendX, legendY] = [plot.left + 12, plot.top + box.size];
    shown.forEach((gamma, index) => {
      line(gamma, styleOf(gamma));
      const y0 = legendY + index * box.size * 1.45;
      pen.path([legendX, y0, legendX + 30, y0], styleOf(gamma));
      pen.text(legendX + 37, y0, gamma ? `γ = ${gamma}` : labels.ce_short, { color: ink.text, size: box.size, weight: gamma === state.gamma ? 700 : 400 });
    });
  });
}

function draw(me) {
  const begun = performance.now();
  me.ink = lossInk(me.canvas);
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const width = Math.max(280, me.stage.clientWidth);
  const narrow = width < 34 * rem;
  me.box = { width, narrow, size: Math.max(11, rem * 0.78), high: rem * 17, height: rem * 17 * (narrow ? 2 : 1) };
  paint(me, canvasPen(sheetOf(me.canvas, me.box.width, me.box.height), themeColor(me.canvas, "--st-font", "sans-serif")));
  const { labels, state } = me;
  me.value.textContent = `γ = ${state.gamma}`;
  if (me.gamma && me.gamma.input !== me.root.getRootNode().activeElement) me.gamma.set(state.gamma);
  const of = (side, part, gamma) => share(ownedBy(curveOf(me, side, gamma), part));
  me.reading.textContent = fill(labels.reading, { gamma: state.gamma, positive: of("positive", 0.2, state.gamma), positive_ce: of("positive", 0.2, 0), negative: of("negative", 0.01, state.gamma), negative_ce: of("negative", 0.01, 0) });
  me.root.dataset.drawMs = (performance.now() - begun).toFixed(2);
  me.root.dataset.curve = [...curveOf(me, "negative", state.gamma)].filter((_, place) => place % 20 === 0).join(" ");
}

function build(me) {
  const { labels } = me;
  me.canvas = element("canvas", { role: "img", "aria-label": labels.canvas });
  me.stage = element("div", { class: "stage" }, [me.canvas]);
  me.value = element("span", { class: "value" });
  me.gamma = me.hide.includes("gamma") ? null : slider({ name: "gamma", label: labels.gamma, min: 0, max: 5, value: me.state.gamma, otherwise: me.defaults.gamma, show: (value) => `γ ${rounded(value)}`, moved: (value) => { change(me, { gamma: value }); soon(me, () => draw(me)); }, left: (wait) => tell(me, wait) });
  const save = element("button", { type: "button", class: "chip save", text: labels.save });
  save.onclick = () => {
    const pen = svgPen(me.box.width, me.box.height, themeColor(me.canvas, "--st-font", "sans-serif"), me.ink.ground);
    paint(me, pen);
    saveAs("cumulative-loss.svg", pen.made());
  };
  me.reading = element("p", { class: "readout" });
  me.root.replaceChildren(element("div", { class: "tools" }, [...(me.gamma ? [element("label", { class: "choice gamma" }, [me.value, me.gamma.input])] : [me.value]), save]), me.stage, me.reading);
  me.watch?.disconnect();
  me.watch = new ResizeObserver(() => soon(me, () => draw(me)));
  me.watch.observe(me.stage);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root, kept: new Map() });
  const stop = withPayload(data.payload, (bytes) => {
    me.scores ??= readScores(bytes);
    const relabelled = JSON.stringify([me.labels, me.hide]) !== JSON.stringify([data.labels, data.hide]);
    Object.assign(me, { labels: data.labels, hide: data.hide });
    adopt(me, data);
    if (relabelled) build(me);
    draw(me);
    root.dataset.painted = String(me.state.gamma);
  });
  me.theme ??= new MutationObserver(() => me.scores && soon(me, () => draw(me)));
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
  return stop;
}

// Lines over one axis, each the mean of several seeds with the range of all of them; read at the pointer or by the keys.

const LINE_DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 2], [1, 3]];

function layout(me) {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const width = Math.max(270, me.stage.clientWidth);
  const size = Math.max(11, rem * 0.8);
  const height = Math.min(rem * 19, Math.max(rem * 15, width * 0.5));
  return { width, height, size, left: size * 3, right: width - size * 2.2, top: size * 2, bottom: height - size * 3 };
}

const shownAt = (me, value) => (me.data.percent ? `${Math.round(100 * value)} %` : String(value));

function paint(me, pen) {
  const { box, ink, data, labels } = me;
  pen.rect(0, 0, box.width, box.height, { color: ink.ground });
  const xs = data.series[0].x;
  const x = scaleOf("linear", xs[0], xs[xs.length - 1], box.left, box.right, 5);
  if (data.percent) x.ticks.forEach((tick) => { tick.text = shownAt(me, tick.value); });
  const y = scaleOf("linear", data.bottom ?? 0, data.top, box.bottom, box.top, 5);
  axes(pen, box, x, y, ink, { size: box.size * 0.95, xName: data.x, yName: data.y });
  if (data.chance !== null && data.chance !== undefined) {
    pen.path([box.left, y.at(data.chance), box.right, y.at(data.chance)], { color: ink.quiet, width: 1.5, dash: [2, 3] });
    pen.text(box.left + 5, y.at(data.chance) - box.size * 0.7, fill(labels.chance, { value: data.chance.toFixed(2) }), { color: ink.quiet, size: box.size * 0.9, halo: ink.ground });
  }
  for (const one of data.series) {
    const color = ink.dark ? one.dark : one.color;
    one.x.forEach((at, k) => pen.path([x.at(at), y.at(one.low[k]), x.at(at), y.at(one.high[k])], { color, width: 5, alpha: 0.35 }));
    pen.path(one.x.flatMap((at, k) => [x.at(at), y.at(one.mean[k])]), { color, width: 2.6, dash: LINE_DASHES[one.dash] });
    one.x.forEach((at, k) => pen.dot(x.at(at), y.at(one.mean[k]), 3.2, { color }));
  }
  if (me.at !== null) pen.path([x.at(xs[me.at]), box.top, x.at(xs[me.at]), box.bottom], { color: ink.text, width: 1.5 });
  me.scale = x;
}

function draw(me) {
  me.ink = alignInk(me.canvas);
  me.box = layout(me);
  paint(me, canvasPen(sheetOf(me.canvas, me.box.width, me.box.height), themeColor(me.canvas, "--st-font", "sans-serif")));
  for (const [k, key] of me.keys.entries()) {
    const one = me.data.series[k];
    key.style.setProperty("--line", me.ink.dark ? one.dark : one.color);
  }
  const at = me.at ?? me.data.series[0].x.length - 1;
  const parts = me.data.series.map((one) => fill(me.labels.read_one, { name: one.name, mean: one.mean[at].toFixed(2), low: one.low[at].toFixed(2), high: one.high[at].toFixed(2) }));
  write(me.readout, fill(me.labels.read, { x: shownAt(me, me.data.series[0].x[at]), all: parts.join(/[!-~]$/.test(me.labels.comma) ? `${me.labels.comma} ` : me.labels.comma) }));
}

function choose(me, at) {
  me.at = at;
  soon(me, () => draw(me));
}

function build(me) {
  const { labels, data } = me;
  me.canvas = element("canvas", { role: "img", tabindex: "0", "aria-label": fill(labels.canvas, { y: data.y, x: data.x }) });
  me.stage = element("div", { class: "stage" }, [me.canvas]);
  me.keys = data.series.map((one) => element("span", { class: `line d${one.dash}`, text: one.name }));
  const save = element("button", { type: "button", class: "chip save", text: labels.save });
  save.onclick = () => {
    const pen = svgPen(me.box.width, me.box.height, themeColor(me.canvas, "--st-font", "sans-serif"), me.ink.ground);
    paint(me, pen);
    saveAs("lines.svg", pen.made());
  };
  me.readout = element("p", { class: "readout", "aria-live": "polite" });
  me.root.replaceChildren(element("p", { class: "legend" }, me.keys), me.stage, element("div", { class: "tools" }, [me.readout, save]));
  const nearest = (event) => {
    const value = me.scale.back(event.clientX - me.canvas.getBoundingClientRect().left);
    const xs = me.data.series[0].x;
    return xs.reduce((best, one, k) => (Math.abs(one - value) < Math.abs(xs[best] - value) ? k : best), 0);
  };
  me.canvas.onpointermove = (event) => choose(me, nearest(event));
  me.canvas.onpointerdown = me.canvas.onpointermove;
  me.canvas.onpointerleave = () => choose(me, null);
  me.canvas.onkeydown = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const last = me.data.series[0].x.length - 1;
    if (event.key === "Escape") choose(me, null);
    if (!by) return;
    event.preventDefault();
    choose(me, Math.min(last, Math.max(0, (me.at ?? last) + by)));
  };
  me.watch?.disconnect();
  me.watch = new ResizeObserver(() => soon(me, () => draw(me)));
  me.watch.observe(me.stage);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root, at: null });
  const content = JSON.stringify(data);
  Object.assign(me, { data, labels: data.labels });
  if (me.content !== content) build(me);
  me.content = content;
  draw(me);
  me.theme?.disconnect();
  me.theme = new MutationObserver(() => soon(me, () => draw(me)));
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
  root.dataset.painted = data.series.map((one) => one.mean.join(",")).join(";");
}

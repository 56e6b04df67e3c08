// A chart of lines that is read at the pointer or by the keys.

function paint(me, pen) {
  paintChart(me, pen);
  if (me.at === null) return;
  const x = me.scale.at(me.data.series[0].x[me.at]);
  pen.path([x, me.box.top, x, me.box.bottom], { color: me.ink.text, width: 1.5 });
}

function draw(me) {
  me.ink = alignInk(me.canvas);
  me.box = chartBox(me);
  paint(me, canvasPen(sheetOf(me.canvas, me.box.width, me.box.height), themeColor(me.canvas, "--st-font", "sans-serif")));
  colourKeys(me);
  const at = me.at ?? me.data.series[0].x.length - 1;
  const parts = me.data.series.map((one) => fill(one.single ? me.labels.read_point : me.labels.read_one, { name: one.name, mean: one.mean[at].toFixed(2), low: one.low[at].toFixed(2), high: one.high[at].toFixed(2) }));
  write(me.readout, fill(me.labels.read, { x: shownAt(me, me.data.series[0].x[at]), all: sentenceOf(parts, me.labels.comma) }));
}

function choose(me, at) {
  me.at = at;
  soon(me, () => draw(me));
}

function build(me) {
  const { labels, data } = me;
  me.canvas = element("canvas", { role: "img", tabindex: "0", "aria-label": fill(labels.canvas, { y: data.y, x: data.x }) });
  me.stage = element("div", { class: "stage" }, [me.canvas]);
  me.keys = keysOf(data);
  const save = element("button", { type: "button", class: "chip save", text: labels.save });
  save.onclick = () => savePicture(me, paint, "lines.svg");
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

// One word in several sentences: the sentences, the occurrences in the plane of their two main directions, and their
// cosines, layer by layer. The slider moves through the layers in the browser; the address follows when it is let go.

function sentenceRows(me) {
  const { data } = me;
  return data.sentences.map((sentence, number) => {
    const parts = [];
    let at = 0;
    const signs = [...sentence].length === sentence.length ? null : [...sentence]; // Python counts characters, not UTF-16
    const cut = (from, to) => (signs ? signs.slice(from, to).join("") : sentence.slice(from, to));
    data.occurrences.forEach(([place, start, end], index) => {
      if (place !== number) return;
      parts.push(cut(at, start), element("mark", { "data-at": index, text: `${cut(start, end)}` }), element("sub", { text: index + 1 }));
      at = end;
    });
    parts.push(cut(at));
    return element("li", { class: at ? "" : "without" }, parts);
  });
}

/** Colour of a cosine: white at 0, blue towards 1, vermilion below 0. */
function shade(me, value) {
  const part = Math.min(1, Math.abs(value));
  return value < 0 ? `color-mix(in srgb, #d55e00 ${Math.round(part * 70)}%, transparent)` : `color-mix(in srgb, #0072b2 ${Math.round(part ** 2 * 60)}%, transparent)`;
}

function matrix(me) {
  const { data, labels } = me;
  const many = data.occurrences.length;
  const names = Array.from({ length: many }, (_, at) => String(at + 1));
  const head = element("tr", {}, [element("td"), ...names.map((name) => element("th", { scope: "col", text: name }))]);
  me.cells = [];
  const rows = names.map((name, a) => element("tr", {}, [element("th", { scope: "row", text: name }), ...names.map((_, b) => {
    const cell = element("td", {});
    cell.onpointerenter = () => light(me, [a, b]);
    me.cells.push(cell);
    return cell;
  })]));
  const table = element("table", { class: "cosines" }, [element("caption", { text: labels.cosines }), element("thead", {}, [head]), element("tbody", {}, rows)]);
  table.onpointerleave = () => light(me, []);
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": labels.cosines }, [table]);
}

function light(me, which) {
  me.lit = which;
  for (const mark of me.root.querySelectorAll("mark")) mark.toggleAttribute("data-lit", which.includes(Number(mark.dataset.at)));
  soon(me, () => draw(me));
}

function paint(me, pen) {
  const { box, ink, data, labels } = me;
  pen.rect(0, 0, box.width, box.height, { color: ink.ground });
  const points = data.planes[me.layer];
  const reach = Math.max(1e-6, ...points.flat().map(Math.abs)) * 1.15;
  const unit = Math.min(box.width, box.height - box.size * 2) / 2 / reach;
  const spot = ([x, y]) => [box.width / 2 + x * unit, (box.height - box.size * 1.6) / 2 - y * unit];
  pen.path([box.width / 2, 0, box.width / 2, box.height - box.size * 2], { color: ink.grid });
  pen.path([0, (box.height - box.size * 1.6) / 2, box.width, (box.height - box.size * 1.6) / 2], { color: ink.grid });
  const [a, b] = me.lit;
  if (b !== undefined) pen.path([...spot(points[a]), ...spot(points[b])], { color: ink.text, width: 1.5, dash: [4, 3] });
  const taken = [];
  points.forEach((point, at) => {
    const [x, y] = spot(point);
    const lit = me.lit.includes(at);
    pen.dot(x, y, lit ? 8 : 6, { color: lit ? ink.hard : ink.dark ? "#4ba3dc" : "#0072b2" });
    // Points that lie on each other share their place: their numbers stand one beside the other.
    const near = taken.filter((other) => Math.hypot(other.x - x, other.y - y) < 12).length;
    taken.push({ x, y });
    pen.text(x + 9 + near * box.size * 1.2, y - 9, String(at + 1), { color: ink.text, size: box.size, weight: lit ? 700 : 600, halo: ink.ground });
  });
  pen.text(2, box.height - box.size * 0.7, fill(labels.plane, { layer: me.layer }), { color: ink.text, size: box.size * 0.9 });
}

function draw(me) {
  const { data, labels } = me;
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const width = Math.max(240, me.stage.clientWidth);
  me.ink = lossInk(me.canvas);
  me.box = { width, height: Math.min(rem * 20, width * 0.8), size: Math.max(12, rem * 0.82) };
  paint(me, canvasPen(sheetOf(me.canvas, me.box.width, me.box.height), themeColor(me.canvas, "--st-font", "sans-serif")));
  const many = data.occurrences.length;
  me.cells.forEach((cell, at) => {
    const value = data.cosines[me.layer][Math.floor(at / many)][at % many];
    write(cell, Math.floor(at / many) === at % many ? "1" : value.toFixed(2).replace("-", "−"));
    cell.style.background = shade(me, value);
    cell.toggleAttribute("data-lit", me.lit.length === 2 && Math.floor(at / many) === me.lit[0] && at % many === me.lit[1]);
  });
  write(me.value, me.layer ? fill(labels.layer_at, { layer: me.layer }) : labels.layer_0);
  write(me.mean, fill(labels.mean, { mean: data.means[me.layer].toFixed(2), first: data.means[0].toFixed(2) }));
  me.root.dataset.painted = `${me.layer} ${many}`;
}

function build(me) {
  const { data, labels } = me;
  me.canvas = element("canvas", { role: "img", "aria-label": labels.canvas });
  me.stage = element("div", { class: "stage" }, [me.canvas]);
  me.value = element("span", { class: "value" });
  me.mean = element("p", { class: "mean", role: "status" });
  const made = slider({
    name: "depth", label: labels.layer, min: 0, max: data.cosines.length - 1, step: 1, key: 1, value: me.layer, otherwise: Math.min(data.default, data.cosines.length - 1), show: String,
    moved: (next) => { me.layer = Math.round(next); me.held = performance.now(); soon(me, () => draw(me)); },
    left: () => { clearTimeout(me.telling); me.telling = setTimeout(() => setControls({ depth: me.layer === data.default ? null : me.layer }), 300); },
  });
  me.slide = made;
  me.root.replaceChildren(
    element("ol", { class: "sentences" }, sentenceRows(me)),
    element("label", { class: "layer" }, [element("span", { text: labels.layer }), made.input, me.value]),
    element("div", { class: "halves" }, [me.stage, matrix(me)]),
    me.mean,
  );
  me.watch?.disconnect();
  me.watch = new ResizeObserver(() => soon(me, () => draw(me)));
  me.watch.observe(me.stage);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root, lit: [] });
  const content = JSON.stringify([data.sentences, data.occurrences, data.cosines, data.labels]);
  // What the hand set and the server has not yet seen stays.
  if (!(me.held > performance.now() - 3000 && me.content === content)) me.layer = data.layer;
  Object.assign(me, { data, labels: data.labels });
  if (me.content !== content) {
    me.lit = [];
    build(me);
  }
  me.content = content;
  me.slide.set(me.layer);
  draw(me);
  me.theme?.disconnect();
  me.theme = new MutationObserver(() => soon(me, () => draw(me)));
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
}

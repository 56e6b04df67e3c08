// A training of three models: their losses, epoch by epoch, and a small map of each that moves as it learns. A new map
// is first turned onto the one before it, which changes no distance, then the words glide to their places.

/** Texts one after the other, as the language joins two of them. */
const joined = (template, parts) => (parts.length ? parts.reduce((a, b) => fill(template, { a, b })) : "");

const MODELS = { word2vec: ["#0072B2", "#4ba3dc", []], glove: ["#009E73", "#33c79b", [8, 4]], fasttext: ["#E69F00", "#f0b840", [2, 3]] };
const GLIDE_MS = 250;

/** The turn (or mirror image) of `points` that lies nearest to `before`, both [n][2] around 0: Procrustes in the plane. */
function turned(points, before) {
  let [a, b, c, d] = [0, 0, 0, 0];
  points.forEach(([x, y], at) => {
    const [u, v] = before[at];
    a += u * x; b += u * y; c += v * x; d += v * y;
  });
  const plainSum = Math.hypot(a + d, c - b);
  const mirrored = Math.hypot(a - d, c + b);
  if (plainSum >= mirrored) {
    const [cos, sin] = plainSum ? [(a + d) / plainSum, (c - b) / plainSum] : [1, 0];
    return points.map(([x, y]) => [cos * x - sin * y, sin * x + cos * y]);
  }
  const [cos, sin] = [(a - d) / mirrored, (c + b) / mirrored];
  return points.map(([x, y]) => [cos * x + sin * y, sin * x - cos * y]);
}

const inkOf = (me, name) => MODELS[name][me.ink.dark ? 1 : 0];

function drawLosses(me) {
  const { data, labels, ink } = me;
  const { rem, size } = me;
  const width = Math.max(240, me.losses.parentElement.clientWidth);
  const height = rem * 11;
  const pen = canvasPen(sheetOf(me.losses, width, height), themeColor(me.losses, "--st-font", "sans-serif"));
  pen.rect(0, 0, width, height, { color: ink.ground });
  const box = { left: size * 3.6, right: width - size * 6.5, top: size * 2.2, bottom: height - size * 3.4 };
  const relative = Object.entries(data.losses).filter(([, values]) => values.length).map(([name, values]) => [name, values.map((value) => value / values[0]), data.epochs + 1 - (name === "glove" ? 1 : 0)]);
  const most = Math.max(1.02, ...relative.flatMap(([, values]) => values));
  const x = scaleOf("linear", 0, Math.max(1, data.epochs), box.left, box.right, 6);
  x.ticks = x.ticks.filter((tick) => Number.isInteger(tick.value));
  const y = scaleOf("linear", 0, most, box.bottom, box.top, 4);
  axes(pen, box, x, y, ink, { size, xName: labels.epoch, yName: labels.loss });
  const ends = [];
  for (const [name, values] of relative) {
    const first = name === "glove" ? 1 : 0; // its loss is summed up during an epoch
    const points = values.flatMap((value, at) => [x.at(at + first), y.at(value)]);
    pen.path(points, { color: inkOf(me, name), width: 2.5, dash: MODELS[name][2] });
    if (values.length < 2) continue; // a name at the axis would cover the axis's own
    let end = points[points.length - 1];
    while (ends.some((other) => Math.abs(other - end) < size * 1.2)) end -= size * 0.6;
    ends.push(end);
    pen.text(Math.min(points[points.length - 2] + 5, box.right + 5), end, data.names[name], { color: ink.text, size, weight: 600, halo: ink.ground });
  }
}

function drawMap(me, name, places) {
  const { ink, size } = me;
  const canvas = me.maps[name];
  const width = Math.max(160, canvas.parentElement.clientWidth);
  const height = Math.min(width, me.rem * 17);
  const pen = canvasPen(sheetOf(canvas, width, height), themeColor(canvas, "--st-font", "sans-serif"));
  pen.rect(0, 0, width, height, { color: ink.ground });
  const reach = Math.max(0.5, ...places.flat().map(Math.abs)) * 1.12;
  const unit = Math.min(width, height) / 2 / reach;
  const spot = ([x, y]) => [width / 2 + x * unit, height / 2 - y * unit];
  const near = new Set(me.data.near[name] ?? []);
  const taken = [];
  const order = me.data.words.map((word, at) => ({ word, at, rank: word === me.data.asked ? 0 : near.has(word) ? 1 : 2 })).sort((a, b) => a.rank - b.rank || a.at - b.at);
  for (const { at, rank } of order) pen.dot(...spot(places[at]), rank === 2 ? 2.5 : 5, { color: rank === 0 ? ink.hard : inkOf(me, name) });
  for (const { word, at, rank } of order) {
    const [x, y] = spot(places[at]);
    const wide = pen.wide(word, size, rank === 2 ? 400 : 700);
    const left = Math.min(width - wide - 1, Math.max(1, x + 5));
    if (taken.some((other) => left < other.x + other.wide + 2 && other.x < left + wide + 2 && Math.abs(other.y - y) < size * 1.05)) continue;
    taken.push({ x: left, y, wide });
    pen.text(left, Math.min(height - size, Math.max(size, y)), word, { color: ink.text, size, weight: rank === 2 ? 400 : 700, halo: ink.ground });
  }
}

function glide(me) {
  cancelAnimationFrame(me.frame);
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches || !me.from;
  const begun = performance.now();
  const step = (now) => {
    const part = still ? 1 : Math.min(1, (now - begun) / GLIDE_MS);
    for (const name of Object.keys(me.maps)) {
      const [from, to] = [me.from?.[name] ?? me.to[name], me.to[name]];
      me.shown[name] = to.map(([x, y], at) => [from[at][0] + part * (x - from[at][0]), from[at][1] + part * (y - from[at][1])]);
      drawMap(me, name, me.shown[name]);
    }
    if (part < 1) me.frame = requestAnimationFrame(step);
  };
  step(begun);
}

function look(me) {
  me.ink = lossInk(me.losses);
  me.rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  me.size = Math.max(11, me.rem * 0.78);
}

function build(me) {
  const { data, labels } = me;
  me.losses = element("canvas", { role: "img", "aria-label": labels.losses });
  me.maps = {};
  const panels = Object.keys(data.maps).map((name) => {
    me.maps[name] = element("canvas", { role: "img", "aria-label": fill(labels.map, { name: data.names[name] }) });
    const near = element("p", { class: "near" });
    return element("section", { "data-model": name }, [element("h3", { text: data.names[name] }), element("div", { class: "stage" }, [me.maps[name]]), near]);
  });
  me.root.replaceChildren(element("div", { class: "stage" }, [me.losses]), element("div", { class: "panels" }, panels), element("p", { class: "hint", text: labels.hint }));
  me.watch?.disconnect();
  me.watch = new ResizeObserver(() => soon(me, () => { look(me); drawLosses(me); for (const name of Object.keys(me.maps)) drawMap(me, name, me.shown[name]); }));
  me.watch.observe(me.root);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root, shown: {} });
  const same = me.data && JSON.stringify(me.data.words) === JSON.stringify(data.words) && JSON.stringify(Object.keys(me.data.maps)) === JSON.stringify(Object.keys(data.maps)) && me.labels.epoch === data.labels.epoch;
  Object.assign(me, { data, labels: data.labels });
  if (!same) build(me);
  look(me);
  me.from = same ? { ...me.shown } : null;
  me.to = Object.fromEntries(Object.entries(data.maps).map(([name, points]) => [name, me.from?.[name] ? turned(points, me.from[name]) : points]));
  // The first map of GloVe and FastText is turned onto Word2Vec's.
  const [first, ...others] = Object.keys(data.maps);
  if (!me.from) for (const name of others) me.to[name] = turned(me.to[name], me.to[first]);
  for (const section of root.querySelectorAll("section")) {
    const near = data.near[section.dataset.model] ?? [];
    write(section.querySelector(".near"), near.length ? fill(me.labels.near, { word: data.asked, near: joined(me.labels.between, near) }) : fill(me.labels.no_near, { word: data.asked }));
  }
  drawLosses(me);
  glide(me);
  root.dataset.painted = `${data.epoch} ${data.epochs}`;
  me.theme?.disconnect();
  me.theme = new MutationObserver(() => soon(me, () => { look(me); drawLosses(me); for (const name of Object.keys(me.maps)) drawMap(me, name, me.shown[name]); }));
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
}

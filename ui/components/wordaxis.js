// Words along an axis, one band per space or set: a word's place is its number, its label stands where it finds room.
// Hovering a word, or stepping through them with the arrow keys, lights it in every band.

/** Texts one after the other, as the language joins two of them. */
const joined = (template, parts) => (parts.length ? parts.reduce((a, b) => fill(template, { a, b })) : "");

const GAP = 6;

function layout(me) {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const width = Math.max(280, me.stage.clientWidth);
  const size = Math.max(12, rem * 0.82);
  const box = { width, size, rem, left: 8, right: width - 8 };
  const values = me.data.bands.flatMap((band) => band.points.map((one) => one.at));
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const pad = Math.max(0.02, (high - low) * 0.06);
  box.x = scaleOf("linear", low - pad, high + pad, box.left, box.right, Math.max(3, Math.round(width / 150)));
  return box;
}

/** Labels of a band in as few lines as they fit without touching. */
function lanes(me, pen, band) {
  const { box } = me;
  const ends = [];
  return [...band.points].sort((a, b) => a.at - b.at).map((one) => {
    const wide = pen.wide(one.word, box.size, 600);
    const from = Math.min(box.right - wide, Math.max(box.left, box.x.at(one.at) - wide / 2));
    let lane = ends.findIndex((end) => end + GAP <= from);
    if (lane < 0) lane = ends.length;
    ends[lane] = from + wide;
    return { ...one, from, wide, lane };
  });
}

function arrange(me, pen) {
  const { box } = me;
  let y = box.size * 2.2;
  me.rows = me.data.bands.map((band) => {
    const words = lanes(me, pen, band);
    const many = 1 + Math.max(0, ...words.map((one) => one.lane));
    const row = { band, words, top: y, line: y + box.size * 2.1 };
    y = row.line + box.size * (1.3 + 1.25 * many) + GAP;
    return row;
  });
  box.bottom = y;
  box.height = y + box.size * 3.4;
}

function paint(me, pen) {
  const { box, ink, data } = me;
  pen.rect(0, 0, box.width, box.height, { color: ink.ground });
  pen.text(box.left, box.size, `← ${data.low}`, { color: ink.text, size: box.size, weight: 700 });
  pen.text(box.right, box.size, `${data.high} →`, { color: ink.text, size: box.size, weight: 700, align: "right" });
  for (const tick of box.x.ticks) {
    pen.path([box.x.at(tick.value), box.size * 2, box.x.at(tick.value), box.bottom], { color: tick.value ? ink.grid : ink.ce, width: tick.value ? 1 : 1.5 });
    pen.text(box.x.at(tick.value), box.bottom + box.size, tick.text, { color: ink.text, size: box.size * 0.92, align: "center" });
  }
  pen.text((box.left + box.right) / 2, box.bottom + box.size * 2.4, data.axis, { color: ink.text, size: box.size * 0.95, align: "center" });
  for (const { band, words, top, line } of me.rows) {
    const color = ink.dark ? band.dark : band.colour;
    pen.text(box.left, top + box.size * 0.8, band.name, { color: ink.text, size: box.size, weight: 600, halo: ink.ground });
    pen.path([box.left, line, box.right, line], { color, width: 2 });
    for (const one of words) {
      const lit = one.word === me.lit;
      const y = line + box.size * (1.25 + 1.25 * one.lane);
      pen.path([box.x.at(one.at), line, box.x.at(one.at), y - box.size * 0.6], { color: lit ? ink.text : ink.grid, width: lit ? 2 : 1 });
      pen.dot(box.x.at(one.at), line, lit ? 7 : 4.5, { color });
      pen.text(one.from, y, one.word, { color: ink.text, size: box.size, weight: lit ? 700 : 400, halo: ink.ground });
    }
  }
}

function say(me) {
  const { labels, data } = me;
  if (!me.lit) return write(me.status, labels.hint);
  const parts = data.bands.flatMap((band) => band.points.filter((one) => one.word === me.lit).map((one) => fill(labels.at, { name: band.name, value: one.at.toFixed(3).replace("-", "−") })));
  return write(me.status, fill(labels.said, { word: me.lit, places: joined(labels.between, parts) }));
}

function draw(me) {
  me.ink = lossInk(me.canvas);
  me.box = layout(me);
  const pen = { wide: (words, size, weight) => widthOf(words, size, weight, themeColor(me.canvas, "--st-font", "sans-serif")) };
  arrange(me, pen);
  paint(me, canvasPen(sheetOf(me.canvas, me.box.width, me.box.height), themeColor(me.canvas, "--st-font", "sans-serif")));
  say(me);
}

function under(me, event) {
  const frame = me.canvas.getBoundingClientRect();
  const [x, y] = [event.clientX - frame.left, event.clientY - frame.top];
  const { box } = me;
  for (const { words, line } of me.rows) for (const one of words) {
    const label = Math.abs(y - line - box.size * (1.25 + 1.25 * one.lane)) < box.size * 0.62 && x >= one.from && x <= one.from + one.wide;
    if (label || Math.hypot(x - box.x.at(one.at), y - line) < 8) return one.word;
  }
  return null;
}

function light(me, word) {
  if (me.lit === word) return;
  me.lit = word;
  me.root.dataset.lit = word ?? "";
  soon(me, () => draw(me));
}

function build(me) {
  me.canvas = element("canvas", { role: "img", tabindex: "0", "aria-label": me.data.said });
  me.stage = element("div", { class: "stage" }, [me.canvas]);
  me.status = element("p", { class: "hint", role: "status" });
  const save = element("button", { type: "button", class: "chip", text: me.labels.save });
  save.onclick = () => {
    const pen = svgPen(me.box.width, me.box.height, themeColor(me.canvas, "--st-font", "sans-serif"), me.ink.ground);
    paint(me, pen);
    saveAs("axis.svg", pen.made());
  };
  me.canvas.onpointermove = (event) => light(me, under(me, event));
  me.canvas.onpointerleave = () => light(me, null);
  me.canvas.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") light(me, null);
    if (!step || !me.rows.length) return;
    event.preventDefault();
    const words = me.rows[0].words.map((one) => one.word);
    const at = words.indexOf(me.lit);
    light(me, words[Math.min(words.length - 1, Math.max(0, at < 0 ? 0 : at + step))] ?? null);
  };
  me.root.replaceChildren(me.stage, me.status, element("div", { class: "tools" }, [save]));
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root, lit: null });
  Object.assign(me, { data, labels: data.labels });
  build(me);
  draw(me);
  me.watch?.disconnect();
  me.watch = new ResizeObserver(() => soon(me, () => draw(me)));
  me.watch.observe(me.stage);
  me.theme?.disconnect();
  me.theme = new MutationObserver(() => soon(me, () => draw(me)));
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
  root.dataset.painted = data.bands.map((band) => band.points.length).join(" ");
}

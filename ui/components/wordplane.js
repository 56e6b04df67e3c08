// The parallelogram of a - b + c in the plane of those three words; the nearest words are dropped onto that plane.

const ROLES = ["a", "b", "c"];

function layout(me) {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const width = Math.max(280, me.stage.clientWidth);
  return { width, height: Math.round(Math.min(rem * 26, width * 0.62)), size: Math.max(12, rem * 0.85), rem };
}

/** One scale for both directions, so that angles and lengths are true. */
function scales(me) {
  const { box, data } = me;
  const all = [...data.points, { x: data.corner[0], y: data.corner[1] }];
  const [xs, ys] = [all.map((one) => one.x), all.map((one) => one.y)];
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const pad = box.size * 4.5;
  const unit = Math.min((box.width - 2 * pad) / Math.max(0.05, right - left), (box.height - 2 * pad * 0.6) / Math.max(0.05, high - low));
  const [cx, cy] = [(left + right) / 2, (low + high) / 2];
  return { x: (v) => box.width / 2 + (v - cx) * unit, y: (v) => box.height / 2 - (v - cy) * unit, unit };
}

function arrow(pen, x1, y1, x2, y2, style) {
  pen.path([x1, y1, x2, y2], style);
  const angle = Math.atan2(y2 - y1, x2 - x1);
  const [size, wide] = [9, 0.42];
  pen.path([x2 - size * Math.cos(angle - wide), y2 - size * Math.sin(angle - wide), x2, y2, x2 - size * Math.cos(angle + wide), y2 - size * Math.sin(angle + wide)], { ...style, dash: [] });
}

/** Where a label goes: beside its point, on the side that no earlier label holds. */
function placed(pen, taken, x, y, words, size, weight, box) {
  const wide = pen.wide(words, size, weight);
  const beside = [[10, 0], [-10 - wide, 0]];
  const over = [[-wide / 2, -size * 1.25], [-wide / 2, size * 1.3]];
  const options = [...(weight > 400 ? [...over, ...beside] : [...beside, ...over]), [10, -size], [10, size], [-10 - wide, size], [-10 - wide, -size], [10, size * 2.2], [10, -size * 2.2]];
  const room = options.map(([dx, dy]) => ({ x: Math.min(box.width - wide - 2, Math.max(2, x + dx)), y: Math.min(box.height - size, Math.max(size, y + dy)), wide }));
  const clear = room.find((one) => taken.every((other) => one.x > other.x + other.wide + 4 || other.x > one.x + one.wide + 4 || Math.abs(one.y - other.y) > size * 1.15)) ?? room[0];
  taken.push(clear);
  return clear;
}

function paint(me, pen) {
  const { box, ink, data, labels } = me;
  const at = scales(me);
  pen.rect(0, 0, box.width, box.height, { color: ink.ground });
  const [a, b, c] = data.points;
  const spot = (one) => [at.x(one.x), at.y(one.y)];
  const corner = [at.x(data.corner[0]), at.y(data.corner[1])];
  arrow(pen, ...spot(b), ...spot(a), { color: data.ink, width: 2.5 });
  arrow(pen, ...spot(c), ...corner, { color: data.ink, width: 2.5, dash: [7, 4] });
  pen.path([...spot(b), ...spot(c)], { color: ink.ce, width: 1.5 });
  pen.path([...spot(a), ...corner], { color: ink.ce, width: 1.5, dash: [3, 3] });
  const taken = [];
  const label = (x, y, words, weight) => {
    const place = placed(pen, taken, x, y, words, box.size, weight, box);
    pen.text(place.x, place.y, words, { color: ink.text, size: box.size, weight, halo: ink.ground });
  };
  const target = `${data.words[0]} − ${data.words[1]} + ${data.words[2]}`;
  pen.path([corner[0] - 7, corner[1], corner[0] + 7, corner[1]], { color: ink.text, width: 2.5 });
  pen.path([corner[0], corner[1] - 7, corner[0], corner[1] + 7], { color: ink.text, width: 2.5 });
  data.points.slice(3).forEach((one) => pen.dot(...spot(one), 5, { color: data.ink }));
  data.points.slice(0, 3).forEach((one) => pen.dot(...spot(one), 6, { color: ink.text }));
  data.points.slice(0, 3).forEach((one, index) => label(...spot(one), `${one.word} (${ROLES[index]})`, 700));
  label(...corner, target, 600);
  data.points.slice(3).forEach((one, index) => label(...spot(one), `${index + 1}. ${one.word}`, 400));
  pen.text(2, box.height - box.size * 0.7, labels.scale, { color: ink.text, size: box.size * 0.9 });
}

function draw(me) {
  me.ink = lossInk(me.canvas);
  me.data.ink = me.ink.dark ? me.data.dark : me.data.colour;
  me.box = layout(me);
  paint(me, canvasPen(sheetOf(me.canvas, me.box.width, me.box.height), themeColor(me.canvas, "--st-font", "sans-serif")));
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root });
  Object.assign(me, { data, labels: data.labels });
  me.canvas = element("canvas", { role: "img", "aria-label": data.said });
  me.stage = element("div", { class: "stage" }, [me.canvas]);
  const save = element("button", { type: "button", class: "chip", text: me.labels.save });
  save.onclick = () => {
    const pen = svgPen(me.box.width, me.box.height, themeColor(me.canvas, "--st-font", "sans-serif"), me.ink.ground);
    paint(me, pen);
    saveAs("parallelogram.svg", pen.made());
  };
  root.replaceChildren(me.stage, element("div", { class: "tools" }, [save]));
  draw(me);
  me.watch?.disconnect();
  me.watch = new ResizeObserver(() => soon(me, () => draw(me)));
  me.watch.observe(me.stage);
  me.theme?.disconnect();
  me.theme = new MutationObserver(() => soon(me, () => draw(me)));
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
  root.dataset.painted = data.words.join(" ");
}

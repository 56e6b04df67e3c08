// Dynamic time warping between two readings of one sentence: the distances of all frames, the cheapest path through
// them, the words of both, and what stretching the whole evenly would give instead. A point is clicked to hear both.

function readWarp(bytes) {
  const { head, parts } = unpack(bytes);
  return { ...head, cost: parts[0], path: new Uint16Array(parts[1].buffer), plain: parts[2], slow: parts[3] };
}

/** Seconds of the slow reading that the path matches with a time of the plain one: the mean of its frames. */
function carried(data, time) {
  const frame = Math.min(data.frames[0] - 1, Math.round(time / data.hop));
  let [sum, many] = [0, 0];
  for (let k = 0; k < data.path.length; k += 2) if (data.path[k] === frame) { sum += data.path[k + 1]; many += 1; }
  return many ? (sum / many) * data.hop : 0;
}

function picture(me) {
  const { data } = me;
  const [rows, columns] = data.shape;
  me.small ??= document.createElement("canvas");
  Object.assign(me.small, { width: columns, height: rows });
  const context = me.small.getContext("2d");
  const image = context.createImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < rows; i += 1) for (let j = 0; j < columns; j += 1) pixels[(rows - 1 - i) * columns + j] = me.table[data.cost[i * columns + j]];
  context.putImageData(image, 0, 0);
}

function draw(me) {
  const ink = pairInk(me.root);
  const font = themeColor(me.root, "--st-font", "sans-serif");
  const size = Math.max(11, Math.min(20, parseFloat(getComputedStyle(me.root).fontSize) * 0.8));
  const { data, labels } = me;
  const width = me.stage.clientWidth;
  const left = size * 6.4;
  const wide = Math.min(width - left - size * 2, 760 * (size / 12.8));
  const high = Math.min(wide * (data.seconds[0] / data.seconds[1]), size * 36);
  const top = size * 1.6;
  const height = Math.round(top + high + size * 6.4);
  const pen = sheetOf(me.canvas, width, height);
  pen.fillStyle = ink.ground;
  pen.fillRect(0, 0, width, height);
  const say = sayWith(pen, font, ink);
  const x = scaleOf("linear", 0, data.seconds[1], left, left + wide, 8);
  const y = scaleOf("linear", 0, data.seconds[0], top + high, top, 5);
  Object.assign(me, { x, y });
  pen.imageSmoothingEnabled = true;
  pen.drawImage(me.small, left, top, wide, high);
  const line = (points, color, thick, dash = []) => {
    Object.assign(pen, { strokeStyle: color, lineWidth: thick });
    pen.setLineDash(dash);
    pen.beginPath();
    points.forEach(([a, b]) => pen.lineTo(x.at(a), y.at(b)));
    pen.stroke();
    pen.setLineDash([]);
  };
  line([[0, 0], [data.seconds[1], data.seconds[0]]], "#ffffff", 1.5, [6, 5]);
  const points = [];
  for (let k = 0; k < data.path.length; k += 2) points.push([data.path[k + 1] * data.hop, data.path[k] * data.hop]);
  line(points, "#000000", 4.5);
  line(points, "#ff8a3d", 2.5);
  data.words.forEach(([text, plainAt, slowAt], k) => {
    say(text, left - 6, y.at(plainAt) - 2, { align: "right", size: size * 0.86, color: k % 2 ? ink.quiet : ink.text });
    pen.save();
    pen.translate(x.at(slowAt) + 2, top + high + 5);
    pen.rotate(Math.PI / 4);
    say(text, 0, size * 0.3, { size: size * 0.86, color: k % 2 ? ink.quiet : ink.text });
    pen.restore();
    Object.assign(pen, { strokeStyle: "#ffffff", lineWidth: 1.5 });
    pen.beginPath();
    pen.arc(x.at(slowAt), y.at(plainAt), 4, 0, 7);
    pen.stroke();
  });
  say(labels.y, 0, size * 0.7, { size, weight: 600 });
  say(labels.x, left + wide, height - size * 0.9, { align: "right", size, weight: 600 });
  const time = me.hover;
  if (time !== null) {
    const there = carried(data, time);
    line([[0, time], [there, time], [there, 0]], "#ffffff", 1.5, [2, 3]);
    write(me.said, fill(labels.read, { plain: time.toFixed(2), slow: there.toFixed(2), line: (time * data.seconds[1] / data.seconds[0]).toFixed(2) }));
  } else write(me.said, labels.read_none);
}

async function hear(me, time) {
  me.sounds.stop();
  try {
    await me.sounds.play("plain", time, 0.45);
    await me.sounds.play("slow", carried(me.data, time), 0.6, 0.65);
  } catch {
    write(me.said, me.labels.no_sound);
  }
}

function build(me) {
  const { labels } = me;
  me.sounds = soundBox({ plain: me.data.plain, slow: me.data.slow });
  me.canvas = element("canvas", { tabindex: "0", role: "application", "aria-label": labels.canvas });
  me.stage = element("div", { class: "stage" }, [me.canvas]);
  me.said = element("p", { class: "readout", "aria-live": "polite" });
  const legend = element("p", { class: "legend" }, ["path", "even", "word"].map((name) => element("span", { class: `key ${name}`, text: labels[`key_${name}`] })));
  const tools = element("div", { class: "tools" }, ["plain", "slow"].map((name) => plainButton(labels[`play_${name}`], () => { me.sounds.stop(); me.sounds.play(name).catch(() => write(me.said, labels.no_sound)); })));
  me.root.replaceChildren(tools, me.stage, legend, me.said);
  const timeAt = (event) => Math.min(me.data.seconds[0], Math.max(0, me.y.back(event.clientY - me.canvas.getBoundingClientRect().top)));
  me.canvas.onpointermove = (event) => { me.hover = timeAt(event); soon(me, () => draw(me)); };
  me.canvas.onpointerleave = () => { me.hover = null; soon(me, () => draw(me)); };
  me.canvas.onclick = (event) => hear(me, timeAt(event));
  me.canvas.onkeydown = (event) => {
    const by = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
    const words = me.data.words.map(([, time]) => time);
    if (event.key === "Enter" && me.hover !== null) return hear(me, me.hover);
    if (event.key === "Escape") me.hover = null;
    else if (by) {
      event.preventDefault();
      me.word = Math.min(words.length - 1, Math.max(0, (me.word ?? -1) + by));
      me.hover = words[me.word];
    } else return undefined;
    return draw(me);
  };
  me.watch?.disconnect();
  me.watch = new ResizeObserver(() => soon(me, () => draw(me)));
  me.watch.observe(me.stage);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root, hover: null, table: cividisTable(1) });
  const stop = withPayload(data.payload, (bytes) => {
    const fresh = me.payload !== data.payload || JSON.stringify(me.labels) !== JSON.stringify(data.labels);
    me.labels = data.labels;
    if (fresh) {
      me.payload = data.payload;
      me.data = readWarp(bytes);
      picture(me);
      build(me);
    }
    draw(me);
    root.dataset.painted = data.payload;
  });
  me.theme ??= new MutationObserver(() => me.data && soon(me, () => draw(me)));
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
  return stop;
}

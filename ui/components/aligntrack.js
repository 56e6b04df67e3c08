// Two tracks of time, one over the other: the lower one is dragged, and the curve beneath says how alike they are at
// every offset. It can be played as it now stands. Similarities come from explainers/alignment/media.py.

const SPAN = 3; // seconds of offset either way

function readTrack(bytes) {
  const { head, parts } = unpack(bytes);
  const levels = {};
  head.levels.forEach((name, at) => { levels[name] = floatsOf(parts[at]); });
  const rest = parts.slice(head.levels.length);
  return { ...head, levels, sheet: head.pictured ? new Blob([rest[0]], { type: "image/webp" }) : null, sound: rest[head.pictured ? 1 : 0] };
}

/** Similarity at an offset: that of the nearest one measured. */
function similarityAt(curve, offset) {
  let best = 0;
  curve.seconds.forEach((one, at) => { if (Math.abs(one - offset) < Math.abs(curve.seconds[best] - offset)) best = at; });
  return { seconds: curve.seconds[best], value: curve.similarity[best] };
}

const peakOf = (curve) => curve.similarity.reduce((best, value, at) => (value > curve.similarity[best] ? at : best), 0);

const at = (blocks, time) => blocks.find((one) => time >= one.start && time < one.end);

function playhead(me) {
  if (me.began === null) return null;
  const time = me.box0 + (me.sounds.now() - me.began);
  return time;
}

function draw(me) {
  const ink = pairInk(me.root);
  const font = themeColor(me.root, "--st-font", "sans-serif");
  const size = Math.max(11, Math.min(20, parseFloat(getComputedStyle(me.root).fontSize) * 0.8));
  const width = me.stage.clientWidth;
  const lane = Math.round(size * 4.2);
  const top = size * 1.8;
  const curveTop = top + 2 * lane + size * 5.2;
  const curveHigh = size * 9;
  const height = Math.round(curveTop + curveHigh + size * 3.4);
  const pen = sheetOf(me.canvas, width, height);
  pen.fillStyle = ink.ground;
  pen.fillRect(0, 0, width, height);
  const say = sayWith(pen, font, ink);
  const { data, labels } = me;
  const { offset } = me.state;
  const left = size * 3.2;
  const right = width - size;
  const x = scaleOf("linear", 0, data.length, left, right, Math.min(10, Math.floor((right - left) / (size * 4))));
  Object.assign(me, { x, lanes: { top: top + lane + size * 0.6, bottom: top + 2 * lane + size * 0.6 }, curveBox: { top: curveTop, bottom: curveTop + curveHigh } });
  const color = Math.abs(offset - data.curve.seconds[peakOf(data.curve)]) < 0.026 && !data.foreign ? ink.own : ink.wrong;
  const strip = (y, which, name, shift, tone) => {
    say(name, left, y - size * 0.8, { size, weight: 600 });
    pen.save();
    pen.beginPath();
    pen.rect(left, y, right - left, lane);
    pen.clip();
    pen.fillStyle = ink.grid;
    pen.fillRect(left, y + lane - 1, right - left, 1);
    if (which.level) {
      const values = data.levels[which.level];
      pen.fillStyle = tone;
      pen.beginPath();
      pen.moveTo(x.at(shift), y + lane);
      values.forEach((value, k) => pen.lineTo(x.at(shift + k * which.hop), y + lane - value * (lane - 4)));
      pen.lineTo(x.at(shift + values.length * which.hop), y + lane);
      pen.fill();
    }
    for (const one of which.blocks) {
      const [a, b] = [x.at(one.start + shift), x.at(one.end + shift)];
      pen.strokeStyle = tone;
      pen.lineWidth = 1.5;
      pen.fillStyle = ink.ground;
      if (!which.level) pen.fillRect(a + 1, y + 2, b - a - 2, lane - 4);
      pen.strokeRect(a + 1, y + 2, Math.max(1, b - a - 2), lane - 4);
      if (one.picture !== undefined && me.image) {
        const side = Math.min(lane - 8, b - a - 6);
        pen.drawImage(me.image, (one.picture % data.columns) * data.side, Math.floor(one.picture / data.columns) * data.side, data.side, data.side, a + (b - a - side) / 2, y + (lane - side) / 2, side, side);
      } else if (one.text) {
        const small = size * 0.86;
        pen.font = `400 ${small}px ${font}`;
        const lines = linesOf(pen, one.text, b - a - 6, 3);
        lines.forEach((line, k) => say(line.trim(), (a + b) / 2, y + lane / 2 + (k - (lines.length - 1) / 2) * small * 1.2, { align: "center", size: small, wide: b - a - 4 }));
      }
    }
    pen.restore();
  };
  strip(top, data.upper, labels[`upper_${me.kind}`], 0, ink.quiet);
  strip(top + lane + size * 1.9, data.lower, fill(labels[`lower_${me.kind}`], { offset: signed(offset) }), offset, color);
  me.lanes = { top: top + lane + size * 1.9, bottom: top + 2 * lane + size * 1.9 };
  const base = top + 2 * lane + size * 2.2;
  for (const tick of x.ticks) say(tick.text, x.at(tick.value), base + size * 0.7, { align: "center", size: size * 0.9, color: ink.quiet });
  say(labels.time, right, base + size * 1.7, { align: "right", size: size * 0.9, color: ink.quiet });
  const time = playhead(me);
  if (time !== null) {
    pen.fillStyle = ink.text;
    pen.fillRect(x.at(Math.min(data.length, time)), top, 2, 2 * lane + size * 2.2);
  }
  drawCurve(me, pen, say, { left, right, size, ink, color });
  stage(me, time ?? me.still ?? data.first, ink, say);
  readOut(me);
}

const plain = (value) => value.toFixed(2).replace("-", "−");
const signed = (value) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(2)}`;

function drawCurve(me, pen, say, { left, right, size, ink, color }) {
  const { data, labels, curveBox } = me;
  const all = [data.curve, ...(data.compared ? [data.compared] : [])].flatMap((curve) => curve.similarity);
  const [low, high] = [Math.min(0, ...all), Math.max(...all)];
  const cx = scaleOf("linear", -SPAN, SPAN, left, right, 6);
  const cy = scaleOf("linear", low, high * 1.08, curveBox.bottom, curveBox.top, 3);
  me.cx = cx;
  const path = (curve, tone, dash, width) => {
    Object.assign(pen, { strokeStyle: tone, lineWidth: width });
    pen.setLineDash(dash);
    pen.beginPath();
    curve.seconds.forEach((one, k) => pen.lineTo(cx.at(one), cy.at(curve.similarity[k])));
    pen.stroke();
    pen.setLineDash([]);
  };
  for (const tick of cy.ticks) {
    pen.fillStyle = ink.grid;
    pen.fillRect(left, cy.at(tick.value), right - left, 1);
    say(tick.text, left - 5, cy.at(tick.value), { align: "right", size: size * 0.9, color: ink.quiet });
  }
  for (const tick of cx.ticks) say(tick.text, cx.at(tick.value), curveBox.bottom + size, { align: "center", size: size * 0.9, color: ink.quiet });
  say(labels[`y_${me.kind}`], left, curveBox.top - size * 0.9, { size, weight: 600 });
  say(labels.x_offset, (left + right) / 2, curveBox.bottom + size * 2.4, { align: "center", size });
  if (data.compared) {
    path(data.compared, ink.own, [6, 4], 1.6);
    const peak = peakOf(data.compared);
    say(labels.own_track, cx.at(data.compared.seconds[peak]) + 8, cy.at(data.compared.similarity[peak]), { size, color: ink.own });
  }
  path(data.curve, data.foreign ? ink.wrong : ink.own, [], 2.4);
  const now = similarityAt(data.curve, me.state.offset);
  pen.fillStyle = color;
  pen.beginPath();
  pen.arc(cx.at(me.state.offset), cy.at(now.value), 6, 0, 7);
  pen.fill();
  pen.fillRect(cx.at(me.state.offset) - 0.75, curveBox.top, 1.5, curveBox.bottom - curveBox.top);
}

function stage(me, time, ink) {
  const { data } = me;
  const text = data.lower.blocks.length ? at(data.lower.blocks, time - me.state.offset)?.text ?? "" : "";
  write(me.words, text || "\u00a0");
  if (!data.pictured) return;
  const side = 168;
  const pen = sheetOf(me.screen, side, side);
  pen.fillStyle = "#f0f0f0";
  pen.fillRect(0, 0, side, side);
  const seen = at(data.upper.blocks, time);
  if (seen && me.image) pen.drawImage(me.image, (seen.picture % data.columns) * data.side, Math.floor(seen.picture / data.columns) * data.side, data.side, data.side, 0, 0, side, side);
}

function readOut(me) {
  const now = similarityAt(me.data.curve, me.state.offset);
  const peak = peakOf(me.data.curve);
  const values = { offset: signed(me.state.offset), value: plain(now.value), best: signed(me.data.curve.seconds[peak]), most: me.data.curve.similarity[peak].toFixed(2), own: me.data.compared ? Math.max(...me.data.compared.similarity).toFixed(2) : "" };
  write(me.said, fill(me.labels[`read_${me.kind}`], values));
}

async function playStop(me) {
  if (me.began !== null) return halt(me);
  const { data } = me;
  const shift = data.soundMoves ? me.state.offset : 0;
  try {
    me.box0 = 0;
    me.began = (await me.sounds.play("sound", Math.max(0, -shift), undefined, Math.max(0, shift))) - Math.max(0, shift);
  } catch {
    return write(me.said, me.labels.no_sound);
  }
  me.playing.textContent = me.labels.stop;
  const tick = () => {
    if (me.began === null) return;
    if (playhead(me) > data.length || !me.root.isConnected) return halt(me);
    draw(me);
    requestAnimationFrame(tick);
  };
  return tick();
}

function halt(me) {
  me.sounds.stop();
  me.began = null;
  me.playing.textContent = me.labels.play;
  draw(me);
}

function moveTo(me, offset, end) {
  change(me, { offset: Math.round(Math.max(-SPAN, Math.min(SPAN, offset)) * 100) / 100 });
  me.slide?.set(me.state.offset);
  soon(me, () => draw(me));
  if (end) tell(me, 250);
}

function listen(me) {
  const { canvas } = me;
  const spot = (event) => { const rect = canvas.getBoundingClientRect(); return [event.clientX - rect.left, event.clientY - rect.top]; };
  canvas.onpointerdown = (event) => {
    const [x, y] = spot(event);
    if (me.hide.includes("offset")) return;
    const onLane = y > me.lanes.top && y < me.lanes.bottom;
    const onCurve = y > me.curveBox.top - 10 && y < me.curveBox.bottom + 10;
    if (!onLane && !onCurve) return;
    halt(me);
    me.drag = { kind: onLane ? "lane" : "curve", x, from: me.state.offset };
    canvas.setPointerCapture(event.pointerId);
    if (onCurve) moveTo(me, me.cx.back(x), false);
  };
  canvas.onpointermove = (event) => {
    const [x, y] = spot(event);
    if (me.drag?.kind === "lane") moveTo(me, me.drag.from + me.x.back(x) - me.x.back(me.drag.x), false);
    else if (me.drag) moveTo(me, me.cx.back(x), false);
    else {
      canvas.style.cursor = y > me.lanes.top && y < me.lanes.bottom ? "ew-resize" : "default";
      if (y < me.lanes.bottom && me.began === null) { me.still = Math.max(0, me.x.back(x)); soon(me, () => draw(me)); }
    }
  };
  canvas.onpointerup = () => { if (me.drag) { me.drag = null; tell(me); } };
  canvas.ondblclick = () => moveTo(me, me.defaults.offset, true);
  canvas.onkeydown = (event) => {
    const by = { ArrowLeft: -0.05, ArrowRight: 0.05 }[event.key];
    if (event.key === "Escape") return moveTo(me, 0, true);
    if (!by) return undefined;
    event.preventDefault();
    return moveTo(me, me.state.offset + by * (event.shiftKey ? 10 : 1), true);
  };
}

function build(me) {
  const { labels } = me;
  if (me.began !== null && me.playing) halt(me);
  Object.assign(me, { began: null, drag: null, sounds: soundBox({ sound: me.data.sound }) });
  me.canvas = element("canvas", { tabindex: "0", role: "application", "aria-label": labels.canvas });
  me.stage = element("div", { class: "stage" }, [me.canvas]);
  me.screen = element("canvas", { class: "screen", role: "img", "aria-label": labels.screen });
  me.words = element("p", { class: "words" });
  me.playing = plainButton(labels.play, () => playStop(me));
  me.said = element("p", { class: "readout", "aria-live": "polite" });
  const tools = [me.playing];
  me.slide = null;
  if (!me.hide.includes("offset")) {
    me.slide = slider({ name: "offset", label: labels.x_offset, min: -SPAN, max: SPAN, step: 0.01, key: 0.05, value: me.state.offset, otherwise: 0, show: (value) => fill(labels.seconds, { value: signed(value) }), moved: (next) => { halt(me); moveTo(me, next, false); }, left: (wait) => tell(me, wait) });
    tools.push(element("label", { class: "choice wide" }, [element("span", { class: "hint", text: labels.x_offset }), me.slide.input]));
  }
  const show = element("div", { class: "show" }, [...(me.data.pictured ? [me.screen] : []), me.words]);
  me.root.replaceChildren(show, element("div", { class: "tools" }, tools), me.stage, me.said);
  listen(me);
  me.watch?.disconnect();
  me.watch = new ResizeObserver(() => soon(me, () => draw(me)));
  me.watch.observe(me.stage);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root, began: null });
  const stop = withPayload(data.payload, (bytes) => {
    const fresh = me.payload !== data.payload;
    if (fresh) {
      if (me.began !== null) halt(me);
      me.payload = data.payload;
      me.data = readTrack(bytes);
      me.image = null;
      if (me.data.sheet) createImageBitmap(me.data.sheet).then((image) => { me.image = image; if (me.canvas) draw(me); });
    }
    const again = fresh || JSON.stringify([me.labels, me.hide, me.kind]) !== JSON.stringify([data.labels, data.hide, data.kind]);
    Object.assign(me, { labels: data.labels, hide: data.hide, kind: data.kind });
    adopt(me, data);
    if (again) build(me);
    if (me.slide && me.slide.input !== root.getRootNode().activeElement) me.slide.set(me.state.offset);
    draw(me);
    root.dataset.painted = `${data.kind} ${me.state.offset}`;
  });
  me.theme ??= new MutationObserver(() => me.data && soon(me, () => draw(me)));
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
  return () => { stop(); if (!root.isConnected) me.sounds?.stop(); };
}

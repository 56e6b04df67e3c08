// What the three pictures of learning share: vectors in the plane that can be dragged, the arrow of a gradient step, a
// repeatable draw. The steps are those of explainers/embeddings/windows.py; a test compares the two in a browser.

const dot = ([a, b], [c, d]) => a * c + b * d;
const less = ([a, b], [c, d], rate) => [a - rate * c, b - rate * d];
/** log(1 + exp(x)), without overflow. */
const softplus = (x) => Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x)));
const sigmoid = (x) => Math.exp(-softplus(-x));

/** FNV-1a of the UTF-8 bytes, each taken as a signed char, as FastText's program does; 32 bits. */
function hashOf(text) {
  let hash = 2166136261;
  for (const byte of new TextEncoder().encode(text)) {
    hash = (hash ^ (byte < 128 ? byte : byte | 0xffffff00)) >>> 0;
    hash = Math.imul(hash, 16777619) >>> 0;
  }
  return hash;
}

/** Numbers in [0, 1) that come out the same every time (mulberry32). */
function draws(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A vector of the plane that belongs to a name: the same at every visit. */
function startOf(name, length = 1) {
  const next = draws(hashOf(name));
  const angle = 2 * Math.PI * next();
  const size = length * (0.5 + 0.5 * next());
  return [size * Math.cos(angle), size * Math.sin(angle)];
}

/** One step of skip-gram with negative sampling: centre [2], samples [[2]], labels 1 or 0 (windows.skipgram_step). */
function skipgramStep(centre, samples, labels, rate) {
  const scores = samples.map((sample) => dot(sample, centre));
  const chances = scores.map(sigmoid);
  const pulls = chances.map((chance, at) => chance - labels[at]);
  const loss = (v, us) => us.reduce((sum, u, at) => sum + softplus((labels[at] ? -1 : 1) * dot(u, v)), 0);
  const gradient = samples.reduce(([x, y], sample, at) => [x + pulls[at] * sample[0], y + pulls[at] * sample[1]], [0, 0]);
  const moved = less(centre, gradient, rate);
  const others = samples.map((sample, at) => less(sample, centre, rate * pulls[at]));
  return { scores, chances, pulls, gradient, centre: moved, samples: others, loss: loss(centre, samples), after: loss(moved, others) };
}

// ---------------------------------------------------------------- the plane

const REACH = 2.2; // what half of the plane shows when it is first drawn

/** A canvas with arrows that can be dragged. `arrows()` gives [{ id, name, at, color, dash, to, fixed }]; `moved(id, at)`
 *  is told while one is dragged or stepped with the arrow keys, `left()` when the hand lets go. */
function vectorPlane(me, { label, arrows, moved, left }) {
  const canvas = element("canvas", { role: "application", tabindex: "0", "aria-label": label });
  const stage = element("div", { class: "stage plane" }, [canvas]);
  const plane = { canvas, stage, held: null, chosen: null, reach: REACH };
  const size = () => {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const width = Math.max(220, stage.clientWidth);
    return { width, height: Math.min(width, rem * 21), text: Math.max(12, rem * 0.82) };
  };
  const spot = ([x, y]) => [plane.box.width / 2 + x * plane.unit, plane.box.height / 2 - y * plane.unit];
  const back = (event) => {
    const frame = canvas.getBoundingClientRect();
    return [(event.clientX - frame.left - plane.box.width / 2) / plane.unit, (plane.box.height / 2 - event.clientY + frame.top) / plane.unit];
  };
  const nearest = (event, reach = 18) => {
    const [x, y] = back(event);
    const near = arrows().filter((one) => !one.fixed).map((one) => ({ one, far: Math.hypot(one.at[0] - x, one.at[1] - y) * plane.unit })).sort((a, b) => a.far - b.far)[0];
    return near && near.far < reach ? near.one : null;
  };
  const pointed = (pen, from, to, style) => {
    const [[x1, y1], [x2, y2]] = [spot(from), spot(to)];
    if (Math.hypot(x2 - x1, y2 - y1) < 2) return;
    const angle = Math.atan2(y2 - y1, x2 - x1);
    const head = style.head ?? 9;
    pen.path([x1, y1, x2, y2], style);
    pen.path([x2 - head * Math.cos(angle - 0.45), y2 - head * Math.sin(angle - 0.45), x2, y2, x2 - head * Math.cos(angle + 0.45), y2 - head * Math.sin(angle + 0.45)], { ...style, dash: [] });
  };
  plane.draw = () => {
    const ink = lossInk(canvas);
    plane.box = size();
    const shown = arrows();
    const far = Math.max(...shown.flatMap((one) => [one.at, one.to ?? one.at]).flat().map(Math.abs), 0.1);
    if (plane.held === null && (far > plane.reach || far < plane.reach / 2.4)) plane.reach = far * 1.35;
    plane.unit = Math.min(plane.box.width, plane.box.height) / 2 / plane.reach;
    const pen = canvasPen(sheetOf(canvas, plane.box.width, plane.box.height), themeColor(canvas, "--st-font", "sans-serif"));
    const { width, height, text } = plane.box;
    pen.rect(0, 0, width, height, { color: ink.ground });
    const step = plane.reach > 4 ? 2 : plane.reach > 1.6 ? 1 : 0.5;
    for (let v = -Math.ceil((plane.reach * 2) / step) * step; v <= plane.reach * 2; v += step) {
      const [x, y] = spot([v, v]);
      pen.path([x, 0, x, height], { color: ink.grid, width: v ? 1 : 2 });
      pen.path([0, y, width, y], { color: ink.grid, width: v ? 1 : 2 });
    }
    const taken = [];
    for (const one of shown) {
      const color = ink.dark ? one.dark ?? one.color : one.color;
      pointed(pen, [0, 0], one.at, { color: color ?? ink.text, width: one.id === plane.chosen ? 4 : 2.5, dash: one.dash ?? [] });
      if (one.to) pointed(pen, one.at, one.to, { color: ink.hard, width: 2.5, head: 7 });
    }
    for (const one of shown) {
      const [x, y] = spot(one.at);
      if (!one.fixed) pen.dot(x, y, one.id === plane.chosen ? 6 : 4.5, { color: (ink.dark ? one.dark ?? one.color : one.color) ?? ink.text });
      const wide = pen.wide(one.name, text, 600);
      const left = one.at[0] < 0 ? x - wide - 9 : x + 9;
      const spotted = [0, -text * 1.2, text * 1.2, -text * 2.4, text * 2.4].map((dy) => ({ x: Math.min(width - wide - 2, Math.max(2, left)), y: Math.min(height - text, Math.max(text, y + dy)), wide }));
      const clear = spotted.find((place) => taken.every((other) => place.x > other.x + other.wide || other.x > place.x + place.wide || Math.abs(place.y - other.y) > text * 1.1)) ?? spotted[0];
      taken.push(clear);
      pen.text(clear.x, clear.y, one.name, { color: ink.text, size: text, weight: 600, halo: ink.ground });
    }
  };
  canvas.onpointerdown = (event) => {
    const one = nearest(event, event.pointerType === "touch" ? 30 : 18);
    if (!one) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    plane.held = plane.chosen = one.id;
    plane.draw();
  };
  canvas.onpointermove = (event) => {
    if (plane.held === null) {
      canvas.style.cursor = nearest(event) ? "grab" : "default";
      return;
    }
    moved(plane.held, back(event).map((value) => Math.min(20, Math.max(-20, value))));
  };
  canvas.onpointerup = canvas.onpointercancel = () => {
    if (plane.held === null) return;
    plane.held = null;
    left?.();
    plane.draw();
  };
  canvas.onkeydown = (event) => {
    const free = arrows().filter((one) => !one.fixed);
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      plane.chosen = free[(free.findIndex((one) => one.id === plane.chosen) + 1) % free.length]?.id ?? null;
      plane.draw();
    } else if (event.key === "Escape") {
      plane.chosen = null;
      plane.draw();
    } else if (step) {
      event.preventDefault();
      const one = free.find((other) => other.id === plane.chosen) ?? free[0];
      if (!one) return;
      plane.chosen = one.id;
      const by = event.shiftKey ? 0.25 : 0.05;
      moved(one.id, [one.at[0] + by * step[0], one.at[1] + by * step[1]]);
      left?.();
    }
  };
  // A finger that holds an arrow drags it; one that does not scrolls the page.
  canvas.addEventListener("touchmove", (event) => plane.held !== null && event.preventDefault(), { passive: false });
  plane.watch = new ResizeObserver(() => soon(me, () => me.redraw()));
  plane.watch.observe(stage);
  return plane;
}

// ---------------------------------------------------------------- controls

/** A slider of a control with its value beside it. */
function setting(me, name, { min, max, step = 1, key = 1, show = String, to, from }) {
  const value = element("span", { class: "value" });
  const made = slider({
    name, label: me.labels[`control_${name}`], min, max, step, key, to, from, value: me.state[name], otherwise: me.defaults[name], show,
    moved: (next) => { change(me, { [name]: next }); soon(me, () => me.redraw()); },
    left: (wait) => tell(me, wait),
  });
  const box = element("label", { class: "setting", title: me.labels[`help_${name}`] ?? "" }, [element("span", { text: me.labels[`control_${name}`] }), made.input, value]);
  return { box, set: (next) => { write(value, show(next)); if (made.input !== me.root.getRootNode().activeElement) made.set(next); } };
}

/** Settings of several controls, without those that the address hides. */
function settingsOf(me, rules) {
  me.sliders = Object.fromEntries(Object.entries(rules).filter(([name]) => !me.hide.includes(name)).map(([name, rule]) => [name, setting(me, name, rule)]));
  return element("div", { class: "settings" }, Object.values(me.sliders).map((one) => one.box));
}

function showSettings(me) {
  for (const [name, one] of Object.entries(me.sliders)) one.set(me.state[name]);
}

const plain = (value, count = 3) => Number(value).toFixed(count).replace("-", "−");

/** What every picture of learning does with new data; `build` makes it, `redraw` draws it. */
function learn({ data, parentElement }, { build, redraw, fresh }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root });
  const content = JSON.stringify([data.content, data.labels, data.hide]);
  adopt(me, data);
  Object.assign(me, { data: data.content, labels: data.labels, hide: data.hide, redraw: () => redraw(me) });
  if (me.content !== content) {
    if (me.key !== data.content.key || !me.vectors) {
      me.key = data.content.key;
      fresh(me);
    }
    me.plane?.watch.disconnect();
    build(me);
  }
  me.content = content;
  redraw(me);
  me.theme?.disconnect();
  me.theme = new MutationObserver(() => soon(me, () => redraw(me)));
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
  root.dataset.painted = Object.values(me.state).join(" ");
}

// Linked maps of the same words in several spaces, or of one space laid out in several ways. Sliders move within the
// settings that were laid out beforehand: the words glide to their new places, and no server is asked.
// Parts: wordmap-data.js (what is known), wordmap-paint.js (pixels and labels), wordmap-hand.js (pointer and keys).

const GLIDE_MS = 250;
const CHOICES = ["method", "metric", "seed", "dims", "colour"];
const SLIDERS = ["n_neighbors", "min_dist"];
const COLOURS = ["topic", "speech", "frequency", "faithful"];
const SAID = 60; // words of a selection that are named

const still = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

function soonMap(me) {
  if (!me.frame) me.frame = requestAnimationFrame((now) => { me.frame = 0; drawMaps(me, now); });
}

// ---------------------------------------------------------------- where the words are

const wantedOf = (me, panel) => ({ ...Object.fromEntries(SETTING_NAMES.map((name) => [name, me.state[name]])), ...panel.setting, dims: me.state.dims });

/** Let the words go to where the settings now say: gliding, or at once where nothing was drawn before. */
function aim(me, glide = true) {
  const { maps } = me;
  let [reach, extent] = [0, [Infinity, -Infinity, Infinity, -Infinity]];
  for (const panel of me.panels) {
    panel.layout = findSetting(maps, wantedOf(me, panel));
    const found = placesAt(maps, panel.layout);
    panel.target = found.places[panel.space];
    panel.kept = found.kept[panel.space];
    reach = Math.max(reach, found.reach);
    extent = extent.map((end, at) => (at % 2 ? Math.max : Math.min)(end, found.box[at]));
    panel.from = panel.at?.length === panel.target.length ? panel.at.slice() : null;
    panel.at ??= new Float32Array(panel.target.length);
    if (panel.at.length !== panel.target.length) panel.at = new Float32Array(panel.target.length);
    if (me.state.colour === "faithful") panel.colours = panel.tints = null;
  }
  me.aimed = [reach, ...extent];
  me.flat = me.panels[0].layout.setting.dims === 2;
  if (me.flat !== me.wasFlat) me.panels.forEach((panel) => { panel.tints = null; panel.ordered = null; });
  const gliding = glide && me.wasFlat === me.flat && !still() && me.panels.every((panel) => panel.from);
  me.wasFlat = me.flat;
  me.glide = gliding ? { begun: null, from: [me.reach, ...me.extent] } : null;
  if (!gliding) {
    me.panels.forEach((panel) => panel.at.set(panel.target));
    [me.reach, ...me.extent] = me.aimed;
  }
  captions(me);
  soonMap(me);
}

function step(me, now) {
  const { glide } = me;
  if (!glide) return;
  glide.begun ??= now;
  const part = Math.min(1, (now - glide.begun) / GLIDE_MS);
  const eased = part * part * (3 - 2 * part);
  for (const { at, from, target } of me.panels) for (let i = 0; i < at.length; i += 1) at[i] = from[i] + (target[i] - from[i]) * eased;
  [me.reach, ...me.extent] = glide.from.map((value, at) => value + (me.aimed[at] - value) * eased);
  if (part === 1) me.glide = null;
  else soonMap(me);
}

function drawMaps(me, now = performance.now()) {
  if (!me.root.isConnected || !me.box) return;
  const begun = performance.now();
  step(me, now);
  for (const panel of me.panels) paintPanel(me, panel);
  me.root.dataset.drawMs = (performance.now() - begun).toFixed(2);
  me.root.dataset.shown = me.panels.map((panel) => panel.layout.key).join(" ");
}

// ---------------------------------------------------------------- in words

const percentOf = (value) => `${Math.round(100 * value)} %`;

function captions(me) {
  for (const panel of me.panels) {
    const [kept, trust, continuity] = panel.layout.quality[panel.space] ?? [];
    panel.figures.textContent = kept === undefined ? me.labels.growing : fill(me.labels.figures, { kept: percentOf(kept), trust: trust.toFixed(2), continuity: continuity.toFixed(2) });
  }
  for (const name of SLIDERS) {
    const slider = me.sliders?.[name];
    if (!slider) continue;
    const { setting } = me.panels[0].layout;
    slider.stops = stopsOf(me.maps, name, setting.method, setting.dims);
    slider.input.max = Math.max(0, slider.stops.length - 1);
    slider.input.value = slider.stops.indexOf(setting[name]);
    slider.input.disabled = slider.stops.length < 2;
    const said = slider.stops.length < 2 && setting.method !== "plain" && !setting[name] ? "–" : String(setting[name]);
    slider.output.textContent = said;
    slider.input.setAttribute("aria-valuetext", said);
  }
  for (const name of CHOICES) {
    const choice = me.choices?.[name];
    if (!choice) continue;
    if (["metric", "seed"].includes(name)) {
      const there = new Set(stopsOf(me.maps, name, me.state.method, me.state.dims).map(String));
      for (const option of choice.options) option.disabled = !there.has(option.value);
      choice.value = String(me.panels[0].layout.setting[name]);
    } else choice.value = String(me.state[name]);
  }
}

function wordButton(me, word, kept = false) {
  const node = element("button", { type: "button", class: kept ? "word kept" : "word", text: me.maps.words[word] });
  node.onclick = () => pick(me, word);
  return node;
}

/** Whether a word is among the nearest on the map of another: the neighbours that the map has kept. */
function onMapNear(panel, word, count) {
  const { target } = panel;
  const far = new Float32Array(target.length / 3);
  for (let i = 0; i < far.length; i += 1) far[i] = (target[3 * i] - target[3 * word]) ** 2 + (target[3 * i + 1] - target[3 * word + 1]) ** 2 + (target[3 * i + 2] - target[3 * word + 2]) ** 2;
  far[word] = Infinity;
  const least = new Float32Array(count).fill(Infinity); // the smallest so far, in order
  for (let i = 0; i < far.length; i += 1) {
    if (far[i] >= least[count - 1]) continue;
    let at = count - 1;
    while (at > 0 && least[at - 1] > far[i]) { least[at] = least[at - 1]; at -= 1; }
    least[at] = far[i];
  }
  const edge = least[count - 1];
  return (other) => far[other] <= edge;
}

/** The words about what is lit: for a screen reader, and for whoever wants the names. */
function readOutMap(me) {
  const { maps, labels } = me;
  const word = me.hover >= 0 ? me.hover : me.pinned;
  for (const panel of me.panels) {
    if (word < 0) { panel.near.replaceChildren(); continue; }
    const kept = onMapNear(panel, word, maps.closest);
    panel.near.replaceChildren(...trueNear(maps, panel.space, word).map(([other, cosine]) => element("li", {}, [wordButton(me, other, kept(other)), ` ${cosine.toFixed(2)}`])));
  }
  me.root.dataset.word = word >= 0 ? maps.words[word] : "";
  if (word >= 0) {
    const about = [maps.topics ? labels[`topic_${MAP_TOPICS[maps.topics[word]]}`] : null, maps.speech ? labels[`speech_${MAP_SPEECH[maps.speech[word]]}`] : null];
    const shares = me.panels.map((panel) => fill(labels.share, { name: panel.title, kept: percentOf(panel.kept[word] / 10) }));
    me.readout.textContent = fill(labels.read, { word: maps.words[word], about: about.filter(Boolean).join(" · ") || "–", count: maps.counts[word].toLocaleString("en"), shares: shares.join(/[!-~]$/.test(labels.comma) ? `${labels.comma} ` : labels.comma) });
  } else if (me.selected.size) {
    const named = [...me.selected].slice(0, SAID);
    me.readout.replaceChildren(`${fill(labels.selected, { n: me.selected.size })} `, ...named.map((one) => wordButton(me, one)), me.selected.size > SAID ? "…" : "");
  } else me.readout.textContent = labels.nothing;
}

// ---------------------------------------------------------------- controls

/** A control has moved: show it now, and tell the address once the hand has let go. */
function setState(me, changes, tell = true) {
  Object.assign(me.state, changes);
  if ("colour" in changes) {
    me.only = -1;
    me.panels.forEach((panel) => { panel.colours = panel.tints = null; });
    legend(me);
  }
  aim(me);
  if (me.hover >= 0 || me.pinned >= 0) readOutMap(me);
  if (tell) tellControls(me, Object.keys(changes));
}

function tellControls(me, names) {
  const changes = Object.fromEntries(names.map((name) => [me.address[name], me.state[name] === me.defaults[name] ? null : me.state[name]]));
  afterPaint(() => setControls(changes));
}

function sliderFor(me, name) {
  const output = element("output");
  const input = element("input", { type: "range", min: 0, step: 1, "aria-label": me.labels[name] });
  const moved = () => ({ [name]: me.sliders[name].stops[Number(input.value)] });
  input.oninput = () => setState(me, moved(), false);
  input.onchange = () => tellControls(me, [name]);
  me.sliders[name] = { input, output, stops: [] };
  return element("div", { class: "tool" }, [element("span", {}, [`${me.labels[name]} `, output]), input]);
}

function optionsOf(me, name) {
  if (name === "colour") return COLOURS.filter((option) => (option !== "topic" || me.maps.topics) && (option !== "speech" || me.maps.speech));
  if (name === "dims") return ["2", "3"].filter((option) => [...me.maps.layouts.values()].some(({ setting }) => String(setting.dims) === option) || me.defaults.dims3);
  if (name === "method") return ["umap", "plain", "tsne", "pca"].filter((option) => [...me.maps.layouts.values()].some(({ setting }) => setting.method === option));
  return [...new Set([...me.maps.layouts.values()].map(({ setting }) => String(setting[name])))].sort();
}

function choiceFor(me, name) {
  const options = optionsOf(me, name);
  const choice = element("select", {}, options.map((option) => element("option", { value: option, text: me.labels[`${name}_${option}`] ?? option })));
  choice.onchange = () => setState(me, { [name]: ["seed", "dims"].includes(name) ? Number(choice.value) : choice.value });
  me.choices[name] = choice;
  return element("label", { class: "tool" }, [element("span", { text: me.labels[name] }), choice]);
}

/** Which words are on the maps: that is for the server to bring. */
function wordsChoice(me, shown) {
  const choice = element("select", {}, ["some", "all", "own"].map((name) => element("option", { value: name, text: me.labels[`shown_${name}`] })));
  choice.value = shown;
  choice.onchange = () => setControls({ shown: choice.value === "some" ? null : choice.value });
  return element("label", { class: "tool" }, [element("span", { text: me.labels.shown }), choice]);
}

function chipFor(text, act, title) {
  const node = element("button", { type: "button", class: "chip", text, "aria-label": title, title });
  node.onclick = act;
  return node;
}

function legend(me) {
  const { labels, state, ink } = me;
  const hues = ink.dark ? MAP_HUES.dark : MAP_HUES.light;
  const names = { topic: MAP_TOPICS, speech: MAP_SPEECH }[state.colour];
  if (!names) {
    const stops = [0, 0.5, 1].map((part) => cividisAt(ink.dark ? 0.42 + 0.58 * part : 0.66 * part));
    const [low, high] = state.colour === "faithful" ? [labels.kept_none, labels.kept_all] : [labels.rare, labels.frequent];
    me.legend.replaceChildren(element("span", { text: low }), element("span", { class: "scale", style: `background:linear-gradient(90deg,${stops})` }), element("span", { text: high }));
    return;
  }
  me.legend.replaceChildren(...names.map((name, at) => {
    const color = at === names.length - 1 ? hues[8] : hues[at];
    const node = element("button", { type: "button", class: "chip", text: labels[`${state.colour}_${name}`], style: `--mark:${color}`, "aria-pressed": String(me.only === at) });
    node.onclick = () => {
      me.only = me.only === at ? -1 : at;
      me.pinned = -1;
      me.selected = new Set();
      legend(me);
      readOutMap(me);
      soonMap(me);
    };
    return node;
  }));
}

// ---------------------------------------------------------------- putting it together

function panelFor(me, { title, color, space, setting }) {
  const canvas = element("canvas", { tabindex: 0, role: "application", "aria-label": fill(me.labels.canvas, { name: title }), "aria-roledescription": me.labels.map });
  const panel = { title, color, space, setting: setting ?? {}, canvas, figures: element("p", { class: "figures" }), near: element("ul", { class: "near", "aria-label": fill(me.labels.near, { name: title }) }) };
  panel.node = element("section", { class: "panel" }, [element("h3", { text: title, style: `--mark:${color}` }), panel.figures, element("div", { class: "stage" }, [canvas]), panel.near]);
  listenTo(me, panel);
  return panel;
}

function build(me, data) {
  const { labels } = me;
  me.sliders = {};
  me.choices = {};
  me.panels = data.panels.map((one) => panelFor(me, one));
  const controls = data.controls ? [wordsChoice(me, data.shown), choiceFor(me, "method"), ...SLIDERS.map((name) => sliderFor(me, name)), choiceFor(me, "metric"), choiceFor(me, "seed"), choiceFor(me, "dims")] : [];
  const lasso = chipFor(labels.lasso, () => {
    me.tool = me.tool === "lasso" ? "move" : "lasso";
    lasso.setAttribute("aria-pressed", String(me.tool === "lasso"));
  }, labels.lasso_help);
  lasso.setAttribute("aria-pressed", String(me.tool === "lasso"));
  const chips = [lasso, chipFor("+", () => zoomBy(me, 1.5), labels.zoom_in), chipFor("−", () => zoomBy(me, 1 / 1.5), labels.zoom_out), chipFor(labels.reset, () => resetView(me)), chipFor(labels.save, () => saveAs("word-maps.svg", new Blob([svgOf(me)], { type: "image/svg+xml" })))];
  me.readout = element("p", { class: "readout", "aria-live": "polite" });
  me.legend = element("div", { class: "legend", role: "group", "aria-label": labels.colour });
  me.root.replaceChildren(
    element("div", { class: "tools" }, [...controls, choiceFor(me, "colour"), element("span", { class: "chips" }, chips)]),
    element("div", { class: "maps", style: `--panels:${me.panels.length}` }, me.panels.map(({ node }) => node)),
    me.legend, me.readout, element("p", { class: "hint", text: labels.hint }),
  );
  me.watch?.disconnect();
  me.watch = new ResizeObserver(() => { if (Math.abs((me.box?.stage ?? 0) - me.panels[0].canvas.parentElement.clientWidth) > 1) { size(me); soonMap(me); } });
  me.watch.observe(me.root);
}

function size(me) {
  const width = me.panels[0].canvas.parentElement.clientWidth;
  if (!width) return;
  const density = Math.min(2, window.devicePixelRatio || 1);
  const height = Math.round(Math.min(Math.max(width, 240), Math.max(240, window.innerHeight * 0.48)));
  me.box = { width, height, density, stage: width };
  for (const panel of me.panels) panel.context = paper(panel.canvas, width, height, density);
  me.labelsKept.clear();
}

function look(me) {
  me.ink = inks(me.root);
  me.font = getComputedStyle(me.root).fontFamily;
  me.fontSize = parseFloat(getComputedStyle(document.documentElement).fontSize) * 0.8;
  me.labelsKept = new Map();
  me.measure ??= document.createElement("canvas").getContext("2d");
  for (const panel of me.panels) {
    panel.ink = `color-mix(in srgb, ${panel.color} 80%, ${me.ink.dark ? "white" : "black"})`;
    panel.colours = panel.tints = null;
  }
  legend(me);
}

function svgOf(me) {
  const { box, ink } = me;
  const safe = (text) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const parts = me.panels.map((panel, at) => {
    const { index, table } = panel.colours;
    const dots = [...me.everyWord].filter((i) => panel.x[i] > 0 && panel.y[i] > 0 && panel.x[i] < box.width && panel.y[i] < box.height)
      .map((i) => `<circle cx="${panel.x[i].toFixed(1)}" cy="${panel.y[i].toFixed(1)}" r="2" fill="${table[index[i]]}"><title>${safe(me.maps.words[i])}</title></circle>`);
    const word = me.pinned;
    const near = word < 0 ? [] : trueNear(me.maps, panel.space, word).map(([other]) => other);
    const names = (word < 0 ? [...me.everyWord.slice(0, 60)] : [word, ...near]).map((i) => `<text x="${(panel.x[i] + 5).toFixed(1)}" y="${(panel.y[i] + 4).toFixed(1)}" fill="${ink.text}" stroke="${ink.ground}" stroke-width="3" paint-order="stroke">${safe(me.maps.words[i])}</text>`);
    const lines = near.map((i) => `<path d="M${panel.x[word].toFixed(1)} ${panel.y[word].toFixed(1)}L${panel.x[i].toFixed(1)} ${panel.y[i].toFixed(1)}" stroke="${panel.color}"/>`);
    return `<svg x="${at * (box.width + 12)}" y="24" width="${box.width}" height="${box.height}">${dots.join("")}${lines.join("")}${names.join("")}</svg><text x="${at * (box.width + 12)}" y="16" font-weight="700" fill="${ink.text}">${safe(panel.title)}</text>`;
  });
  const wide = me.panels.length * (box.width + 12);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${box.height + 24}" font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="${ink.ground}"/>${parts.join("")}</svg>`;
}

/** Take over what the server says, where it says something else than before. */
function adopt(me, data) {
  const { maps } = me;
  me.defaults = data.defaults;
  me.address = data.address;
  me.tells = data.tells;
  const said = JSON.stringify(data.state);
  const first = me.said === undefined;
  // What the hand has moved since is on its way to the server: an answer to what was before it must not undo it.
  const moving = Object.keys(data.state).filter((name) => house.held && me.state && data.address[name] in house.held);
  if (me.said !== said) me.state = { ...data.state, ...Object.fromEntries(moving.map((name) => [name, me.state[name]])) };
  me.said = said;
  if (!COLOURS.includes(me.state.colour) || !optionsOf(me, "colour").includes(me.state.colour)) [me.state.colour] = optionsOf(me, "colour");
  if (first || me.word !== data.word || me.set !== data.set) {
    me.word = data.word;
    me.pinned = maps.index.get(data.word) ?? -1;
    me.cursor = me.pinned;
    me.selected = new Set();
  }
}

/** Draw what is asked for, if all of it has come. */
function show(me, data) {
  const maps = (house.wordmaps ??= new Map()).get(data.set);
  if (!maps?.words) return;
  me.maps = maps;
  me.labels = data.labels;
  const built = JSON.stringify([data.set, data.panels, data.labels.map, data.controls, maps.layouts.size]);
  adopt(me, data);
  const anew = me.built !== built;
  if (anew) {
    Object.assign(me, { hover: -1, only: -1, everyWord: Uint32Array.from({ length: maps.count }, (_, i) => i) });
    // Words such as "the" name no place of the map.
    me.telling = maps.speech ? me.everyWord.filter((word) => maps.speech[word] !== MAP_SPEECH.length - 1) : me.everyWord;
    if (me.set !== data.set) me.wasFlat = undefined;
    const held = me.panels;
    build(me, data);
    me.panels.forEach((panel, at) => {
      Object.assign(panel, { x: new Float32Array(maps.count), y: new Float32Array(maps.count), depth: new Float32Array(maps.count) });
      if (held?.[at]?.at?.length === maps.count * 3 && me.set === data.set) panel.at = held[at].at;
    });
    look(me);
    size(me);
  }
  Object.assign(me, { built, set: data.set });
  aim(me);
  readOutMap(me);
  if (anew) drawMaps(me);
  me.root.dataset.painted = `${data.set} ${me.panels.length} ${maps.count}`;
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root, view: { scale: 1, x: 0, y: 0, yaw: 0.5, pitch: 0.35 }, tool: "move", selected: new Set(), hover: -1, pinned: -1, cursor: -1, only: -1 });
  const sets = (house.wordmaps ??= new Map());
  const stops = data.payloads.map((id) => withPayload(id, (bytes) => {
    const known = sets.get(data.set);
    if (!known?.had?.has(id)) {
      const maps = gatherMaps(known, bytes);
      (maps.had ??= new Set()).add(id);
      sets.delete(data.set);
      sets.set(data.set, maps);
      while (sets.size > 6) sets.delete(sets.keys().next().value);
    }
    if (me.asked) return;
    me.asked = true; // several payloads, one picture
    queueMicrotask(() => { me.asked = false; show(me, data); });
  }));
  me.theme ??= new MutationObserver(() => { if (me.panels) { look(me); soonMap(me); } });
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
  return () => stops.forEach((stop) => stop());
}

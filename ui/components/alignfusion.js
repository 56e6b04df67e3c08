// What noise does to each way of fusing: a level that the hand sets, every method's reading there, a run of the reader's
// own over the shipped lines, and three examples with exactly that noise. The draws of the noise come from
// explainers/alignment/fusing.py (`Sample`); a test compares what is shown here with its functions.

function readSample(bytes) {
  const { head, parts } = unpack(bytes);
  return { ...head, pictures: parts[0], noise: floatsOf(parts[1]) };
}

/** The pixels of all examples at a level, in the arithmetic of `noisy_pictures`: single precision, cut to 0 to 255. */
function noisyPixels(sample, level) {
  const scale = Math.fround(128 * Math.fround(level));
  return Uint8Array.from(sample.pictures, (pixel, k) => Math.min(255, Math.max(0, Math.fround(pixel + Math.fround(scale * sample.noise[k])))));
}

/** The words of an example at a level: {text, changed}. */
const noisyWords = (one, level) => one.words.map((word, k) => (one.drawn[k] < level ? { text: one.others[k], changed: true } : { text: word, changed: false }));

/** A series' values at a level, on the straight line between the two measured levels around it. */
function valuesAt(series, level) {
  const xs = series.x;
  const after = Math.max(1, xs.findIndex((x) => x >= level));
  const part = (level - xs[after - 1]) / (xs[after] - xs[after - 1]);
  const mixed = (values) => values[after - 1] + part * (values[after] - values[after - 1]);
  return { mean: mixed(series.mean), low: mixed(series.low), high: mixed(series.high), around: [xs[after - 1], xs[after]], measured: xs.includes(level) };
}

const levelOf = (me) => me.state.noise / 100;

function paint(me, pen) {
  paintChart(me, pen);
  const { box, ink, data } = me;
  const x = me.scale.at(levelOf(me));
  pen.path([x, box.top, x, box.bottom], { color: ink.text, width: 1.5 });
  for (const one of data.series) {
    const color = ink.dark ? one.dark : one.color;
    pen.dot(x, me.height.at(valuesAt(one, levelOf(me)).mean), 4.5, { color });
    (one.live ?? []).forEach((value, k) => {
      const [at, y, r] = [me.scale.at(one.x[k]), me.height.at(value), 6];
      const diamond = [at, y - r, at + r, y, at, y + r, at - r, y, at, y - r];
      pen.path(diamond, { color: ink.ground, width: 4 });
      pen.path(diamond, { color, width: 2 });
    });
  }
}

function readOut(me) {
  const { labels, data } = me;
  const level = levelOf(me);
  const found = data.series.map((one) => ({ name: one.name, ...valuesAt(one, level) }));
  const { measured, around } = found[0];
  const said = found.map((one) => fill(measured ? labels.read_one : labels.read_mean, { name: one.name, mean: one.mean.toFixed(2), low: one.low.toFixed(2), high: one.high.toFixed(2) }));
  const values = { x: shownAt(me, level), all: sentenceOf(said, labels.comma), low: shownAt(me, around[0]), high: shownAt(me, around[1]) };
  write(me.readout, fill(measured ? labels.read_measured : labels.read_between, values));
  me.own.hidden = !data.seed;
  if (!data.seed) return;
  const own = data.series.map((one) => fill(labels.read_mean, { name: one.name, mean: valuesAt({ x: one.x, mean: one.live, low: one.live, high: one.live }, level).mean.toFixed(2) }));
  write(me.own, fill(labels.read_live, { seed: data.seed, all: sentenceOf(own, labels.comma) }));
}

function showExamples(me) {
  const { sample, data, labels } = me;
  const [onPicture, onWords] = data.noised === "image" ? [levelOf(me), 0] : [0, levelOf(me)];
  me.pixels = noisyPixels(sample, onPicture);
  me.told = sample.examples.map((one) => noisyWords(one, onWords));
  me.examples.forEach(({ canvas, words }, place) => {
    const pixels = new ImageData(sample.side, sample.side);
    const size = sample.side ** 2;
    for (let k = 0; k < size; k += 1) {
      for (let c = 0; c < 3; c += 1) pixels.data[4 * k + c] = me.pixels[3 * (place * size + k) + c];
      pixels.data[4 * k + 3] = 255;
    }
    canvas.getContext("2d").putImageData(pixels, 0, 0);
    canvas.setAttribute("aria-label", fill(labels.picture, { n: place + 1, x: shownAt(me, onPicture) }));
    words.replaceChildren(...me.told[place].flatMap(({ text, changed }) => [element(changed ? "mark" : "span", { text }), " "]));
  });
}

function draw(me) {
  const begun = performance.now();
  me.ink = alignInk(me.canvas);
  me.box = chartBox(me);
  paint(me, canvasPen(sheetOf(me.canvas, me.box.width, me.box.height), themeColor(me.canvas, "--st-font", "sans-serif")));
  colourKeys(me);
  if (me.slider) {
    me.slider.set(me.state.noise);
    write(me.value, shownAt(me, levelOf(me)));
  }
  readOut(me);
  showExamples(me);
  me.root.dataset.drawMs = (performance.now() - begun).toFixed(2);
}

function move(me, noise) {
  change(me, { noise: Math.round(Math.min(100, Math.max(0, noise))) });
  soon(me, () => draw(me));
}

function sliderRow(me) {
  me.slider = null;
  if (me.hide.includes("noise")) return [];
  me.value = element("span", { class: "value" });
  me.slider = slider({
    name: "noise", label: me.labels.control, min: 0, max: 100, step: 1, key: 1, value: me.state.noise, otherwise: me.defaults.noise,
    show: (value) => `${value} %`, moved: (value) => move(me, value), left: (wait) => tell(me, wait),
  });
  return [element("label", { class: "setting" }, [element("span", { text: me.labels.control }), me.value, me.slider.input])];
}

function build(me) {
  const { labels, data, sample } = me;
  me.canvas = element("canvas", { role: "img", "aria-label": fill(labels.canvas, { y: data.y, x: data.x }) });
  me.stage = element("div", { class: "stage" }, [me.canvas]);
  me.keys = keysOf(data);
  const live = data.seed ? [element("span", { class: "own", text: fill(labels.live, { seed: data.seed }) })] : [];
  const save = element("button", { type: "button", class: "chip save", text: labels.save });
  save.onclick = () => savePicture(me, paint, "fusion.svg");
  me.readout = element("p", { class: "readout", "aria-live": "polite" });
  me.own = element("p", { class: "readout" });
  me.examples = sample.examples.map((one) => ({
    canvas: element("canvas", { role: "img", width: sample.side, height: sample.side }), words: element("span", { class: "words" }), truth: element("b", { text: one.truth }),
  }));
  const figures = me.examples.map((one) => element("figure", {}, [one.canvas, element("figcaption", {}, [one.words, one.truth])]));
  me.root.replaceChildren(
    element("p", { class: "legend" }, [...me.keys, ...live]), me.stage, ...sliderRow(me), me.readout, me.own,
    element("p", { class: "hint", text: data.noised === "image" ? labels.seen_image : labels.seen_text }), element("div", { class: "examples" }, figures), element("div", { class: "tools" }, [save]),
  );
  const follow = (event) => move(me, 100 * me.scale.back(event.clientX - me.canvas.getBoundingClientRect().left));
  me.canvas.onpointerdown = (event) => { me.canvas.setPointerCapture(event.pointerId); follow(event); };
  me.canvas.onpointermove = (event) => { if (event.buttons) follow(event); };
  me.canvas.onpointerup = () => tell(me);
  me.canvas.onpointercancel = me.canvas.onpointerup;
  me.watch?.disconnect();
  me.watch = new ResizeObserver(() => soon(me, () => draw(me)));
  me.watch.observe(me.stage);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root });
  adopt(me, data);
  const leave = withPayload(data.payload, (bytes) => {
    const { state, ...rest } = data;
    const content = JSON.stringify(rest);
    Object.assign(me, { data, labels: data.labels, hide: data.hide });
    if (me.content !== content) {
      me.sample = readSample(bytes);
      build(me);
    }
    me.content = content;
    draw(me);
    root.dataset.painted = `${data.payload} ${data.noised} ${data.seed} ${me.state.noise}`;
  });
  me.theme?.disconnect();
  me.theme = new MutationObserver(() => me.sample && soon(me, () => draw(me)));
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
  return leave;
}

// A picture and what is said of it, right or wrong: where the given text stands among all texts by its cosine.
// Cosines come from the encoder (pages/parts/align_pairs.py); nothing is computed here but ranks.

const TOP = 5;

function readStill(bytes) {
  const { head, parts } = unpack(bytes);
  return { ...head, cosines: floatsOf(parts[0]), sheet: new Blob([parts[1]], { type: "image/webp" }) };
}

const plain = (value) => value.toFixed(2).replace("-", "−");
const pictureNow = (me) => Math.min(me.state.picture, me.data.n) - 1;
const ownOf = (me) => me.data.own[pictureNow(me)];

/** The text that is given to the picture: its own, one that the reader chose, or a wrong one. */
function givenOf(me) {
  if (me.state.given > 0 && me.state.given <= me.data.texts.length) return me.state.given - 1;
  return me.kind === "caption" ? ownOf(me) : me.data.wrong[pictureNow(me)];
}

function rankOf(me, text) {
  const from = pictureNow(me) * me.data.texts.length;
  let rank = 1;
  for (let j = 0; j < me.data.texts.length; j += 1) if (me.data.cosines[from + j] > me.data.cosines[from + text]) rank += 1;
  return rank;
}

function draw(me) {
  const ink = pairInk(me.root);
  const font = themeColor(me.root, "--st-font", "sans-serif");
  const size = Math.max(11, Math.min(20, parseFloat(getComputedStyle(me.root).fontSize) * 0.82));
  const width = me.stage.clientWidth;
  const height = Math.round(size * 15);
  const pen = sheetOf(me.canvas, width, height);
  pen.fillStyle = ink.ground;
  pen.fillRect(0, 0, width, height);
  const say = sayWith(pen, font, ink);
  const box = { left: size, right: width - size, top: size * 1.6, bottom: height - size * 3 };
  const x = scaleOf("linear", -1, 1, box.left, box.right, 4);
  for (const tick of x.ticks) {
    pen.fillStyle = ink.grid;
    pen.fillRect(x.at(tick.value), box.top, 1, box.bottom - box.top);
    say(tick.text, x.at(tick.value), box.bottom + size, { align: "center", size, color: ink.quiet });
  }
  say(me.labels.axis, (box.left + box.right) / 2, box.bottom + size * 2.3, { align: "center", size });
  const [given, own] = [givenOf(me), ownOf(me)];
  const many = me.data.texts.length;
  const from = pictureNow(me) * many;
  me.places = [];
  const dotAt = (j) => {
    // A dot's height only keeps dots apart: the golden ratio spreads them evenly.
    const y = box.top + size * 3.4 + ((j * 0.618034) % 1) * (box.bottom - box.top - size * 4.4);
    return [x.at(me.data.cosines[from + j]), y];
  };
  for (let j = 0; j < many; j += 1) {
    const [px, py] = dotAt(j);
    me.places.push([px, py]);
    if (j === given || j === own) continue;
    pen.beginPath();
    pen.arc(px, py, j === me.hover ? 6 : 4, 0, 7);
    pen.fillStyle = j === me.hover ? ink.text : ink.quiet;
    pen.globalAlpha = j === me.hover ? 1 : 0.55;
    pen.fill();
    pen.globalAlpha = 1;
  }
  const flag = (j, color, text, row, hollow) => {
    const [px, py] = me.places[j];
    pen.strokeStyle = color;
    pen.lineWidth = 2;
    pen.beginPath();
    pen.moveTo(px, box.top + size * (0.6 + row * 1.4));
    pen.lineTo(px, py);
    pen.stroke();
    pen.beginPath();
    if (hollow) pen.rect(px - 6, py - 6, 12, 12);
    else pen.arc(px, py, 7, 0, 7);
    pen.fillStyle = hollow ? ink.ground : color;
    pen.fill();
    pen.stroke();
    const align = px > width * 0.6 ? "right" : "left";
    say(text, px + (align === "right" ? -8 : 8), box.top + size * (0.3 + row * 1.4), { align, size, color, weight: 600 });
  };
  if (own !== given) flag(own, ink.own, fill(me.labels.flag_own, { text: me.data.texts[own] }), 0, true);
  flag(given, own === given ? ink.own : ink.wrong, fill(me.labels.flag_given, { text: me.data.texts[given] }), own === given ? 0 : 1, false);
  words(me, given, own, from);
}

function words(me, given, own, from) {
  const { labels, data } = me;
  const order = data.texts.map((_, j) => j).sort((a, b) => data.cosines[from + b] - data.cosines[from + a]);
  me.list.replaceChildren(...order.slice(0, TOP).map((j, place) => {
    const button = plainButton(`${place + 1}. ${data.texts[j]}  ${plain(data.cosines[from + j])}`, () => give(me, j), { "aria-pressed": String(j === given) });
    if (j === own) button.classList.add("own");
    return element("li", {}, [button]);
  }));
  const cosine = plain(data.cosines[from + given]);
  write(me.said, fill(given === own ? labels.verdict_right : labels.verdict_wrong, {
    text: data.texts[given], own: data.texts[own], cosine, other: plain(data.cosines[from + own]), rank: rankOf(me, given), rest: rankOf(me, own), n: data.texts.length,
  }));
  write(me.number, fill(labels.picture_number, { n: pictureNow(me) + 1, all: data.n }));
  const size = 168;
  const pen = sheetOf(me.photo, size, size);
  if (me.image) pen.drawImage(me.image, (pictureNow(me) % data.columns) * data.side, Math.floor(pictureNow(me) / data.columns) * data.side, data.side, data.side, 0, 0, size, size);
}

function give(me, j) {
  if (me.hide.includes("given")) return;
  change(me, { given: j + 1 });
  draw(me);
  tell(me);
}

function step(me, by) {
  const next = ((pictureNow(me) + by + me.data.n) % me.data.n) + 1;
  change(me, { picture: next, given: 0 });
  draw(me);
  tell(me, 200);
}

function build(me) {
  const { labels } = me;
  me.canvas = element("canvas", { tabindex: "0", role: "application", "aria-label": labels.canvas });
  me.stage = element("div", { class: "stage strip" }, [me.canvas]);
  me.photo = element("canvas", { role: "img", "aria-label": labels.photo });
  me.number = element("span", { class: "hint" });
  me.said = element("p", { class: "readout", "aria-live": "polite" });
  me.list = element("ol", { class: "texts", "aria-label": fill(labels.list, { n: TOP }) });
  const draws = me.kind === "random" ? [plainButton(labels.another, () => {
    let next = ownOf(me);
    while (next === ownOf(me) || next === givenOf(me)) next = Math.floor(Math.random() * me.data.texts.length);
    give(me, next);
  })] : [];
  const steps = me.hide.includes("picture") ? [] : [plainButton("‹", () => step(me, -1), { "aria-label": labels.previous }), me.number, plainButton("›", () => step(me, 1), { "aria-label": labels.next })];
  const left = element("div", { class: "photo" }, [me.photo, element("div", { class: "choice" }, steps)]);
  const right = element("div", { class: "about" }, [element("p", { class: "hint", text: fill(labels.list, { n: TOP }) }), me.list, ...draws]);
  me.root.replaceChildren(element("div", { class: "pair" }, [left, right]), me.stage, me.said);
  const nearest = (event) => {
    const rect = me.canvas.getBoundingClientRect();
    const [px, py] = [event.clientX - rect.left, event.clientY - rect.top];
    let best = [14, null];
    me.places.forEach(([x, y], j) => { const far = Math.hypot(x - px, y - py); if (far < best[0]) best = [far, j]; });
    return best[1];
  };
  me.canvas.onpointermove = (event) => {
    me.hover = nearest(event);
    me.canvas.title = me.hover === null ? "" : `${me.data.texts[me.hover]}: ${me.data.cosines[pictureNow(me) * me.data.texts.length + me.hover].toFixed(2)}`;
    soon(me, () => draw(me));
  };
  me.canvas.onclick = (event) => { const j = nearest(event); if (j !== null) give(me, j); };
  me.canvas.ondblclick = () => { change(me, { given: 0 }); draw(me); tell(me); };
  me.canvas.onkeydown = (event) => {
    const by = { ArrowLeft: 1, ArrowRight: -1 }[event.key];
    if (event.key === "Escape") { change(me, { given: 0 }); draw(me); return tell(me); }
    if (!by) return undefined;
    event.preventDefault();
    const order = me.data.texts.map((_, j) => j).sort((a, b) => me.data.cosines[pictureNow(me) * me.data.texts.length + b] - me.data.cosines[pictureNow(me) * me.data.texts.length + a]);
    const at = Math.min(order.length - 1, Math.max(0, order.indexOf(givenOf(me)) + by));
    change(me, { given: order[at] + 1 });
    draw(me);
    return tell(me, 300);
  };
  me.watch?.disconnect();
  me.watch = new ResizeObserver(() => soon(me, () => draw(me)));
  me.watch.observe(me.stage);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root, hover: null, places: [] });
  const stop = withPayload(data.payload, (bytes) => {
    const fresh = me.payload !== data.payload;
    if (fresh) {
      me.payload = data.payload;
      me.data = readStill(bytes);
      me.image = null;
      createImageBitmap(me.data.sheet).then((image) => { me.image = image; if (me.canvas) draw(me); });
    }
    const again = fresh || JSON.stringify([me.labels, me.hide, me.kind]) !== JSON.stringify([data.labels, data.hide, data.kind]);
    Object.assign(me, { labels: data.labels, hide: data.hide, kind: data.kind });
    adopt(me, data);
    if (again) build(me);
    draw(me);
    root.dataset.painted = `${data.kind} ${Object.values(me.state).join(" ")}`;
  });
  me.theme ??= new MutationObserver(() => me.data && soon(me, () => draw(me)));
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
  return stop;
}

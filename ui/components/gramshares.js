// A string taken apart into FastText's n-grams: each stands under its place in the word, with its signed share of the
// cosine to another word. The letters on top carry the sum of the shares that cover them, each n-gram's share split
// evenly over its characters.

/** Texts one after the other, as the language joins two of them. */
const joined = (template, parts) => (parts.length ? parts.reduce((a, b) => fill(template, { a, b })) : "");

const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;

/** What each character of `<word>` carries. */
function weightsOf(data) {
  const made = new Float64Array(data.letters.length);
  for (const part of data.parts) for (let at = 0; at < part.size; at += 1) made[part.start + at] += part.share / part.size;
  return made;
}

function sorted(me) {
  const parts = me.data.parts.map((part, at) => ({ ...part, at }));
  return me.order === "size" ? parts.sort((a, b) => Math.abs(b.share) - Math.abs(a.share)) : parts;
}

function letters(me) {
  const weights = weightsOf(me.data);
  const largest = Math.max(1e-9, ...weights.map(Math.abs));
  return me.data.letters.map((sign, at) => {
    const node = element("span", { class: weights[at] < 0 ? "letter less" : "letter", text: sign, title: signed(weights[at]) });
    node.style.setProperty("--share", (Math.abs(weights[at]) / largest).toFixed(3));
    return node;
  });
}

function light(me, part) {
  me.letters.forEach((node, at) => node.toggleAttribute("data-lit", Boolean(part) && at >= part.start && at < part.start + part.size));
  const { labels } = me;
  write(me.status, part
    ? fill(part.words.length ? labels.said : labels.said_alone, { gram: part.gram || labels.own, share: signed(part.share), part: `${Math.round((100 * part.share) / me.data.cosine)} %`, words: joined(labels.between, part.words) })
    : labels.hint);
}

function row(me, part, largest) {
  const { labels, data } = me;
  const gram = element("span", { class: "gram" });
  gram.style.setProperty("--start", part.gram ? part.start : 0);
  gram.textContent = part.gram || labels.own;
  const bar = element("i", { class: part.share < 0 ? "less" : "" });
  bar.style.setProperty("--share", (Math.abs(part.share) / largest).toFixed(4));
  const node = element("button", { type: "button", class: "part", "aria-label": fill(labels.part, { gram: part.gram || labels.own, share: signed(part.share) }) }, [
    element("span", { class: "place" }, [gram]),
    element("span", { class: "bar" }, [bar]),
    element("span", { class: "value", text: signed(part.share) }),
  ]);
  node.style.setProperty("--cells", data.letters.length);
  node.onpointerenter = () => light(me, part);
  node.onfocus = () => light(me, part);
  return node;
}

function build(me) {
  const { data, labels } = me;
  me.letters = letters(me);
  const largest = Math.max(1e-9, ...data.parts.map((part) => Math.abs(part.share)));
  const word = element("p", { class: "letters" }, me.letters);
  word.style.setProperty("--cells", data.letters.length);
  const orders = ["place", "size"].map((order) => toggleButton(labels[`order_${order}`], me.order === order, () => {
    me.order = order;
    build(me);
  }));
  me.status = element("p", { class: "status", role: "status" });
  const rows = element("div", { class: "parts" }, sorted(me).map((part) => row(me, part, largest)));
  rows.onpointerleave = () => light(me, null);
  const total = element("p", { class: "total", text: fill(labels.total, { n: data.parts.length, cosine: signed(data.cosine), other: data.other }) });
  me.root.replaceChildren(element("div", { class: "tools" }, orders), word, rows, total, me.status);
  light(me, null);
  me.root.dataset.painted = data.letters.join("");
  me.root.dataset.sum = data.parts.reduce((sum, part) => sum + part.share, 0).toFixed(6);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root, order: "place" });
  Object.assign(me, { data, labels: data.labels });
  build(me);
}

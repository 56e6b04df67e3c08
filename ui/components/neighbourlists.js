// The nearest words of several spaces as aligned lists: lines join a word's places, hovering one tells its rank in every
// space, a click asks for its own neighbours.

/** Texts one after the other, as the language joins two of them. */
const joined = (template, parts) => (parts.length ? parts.reduce((a, b) => fill(template, { a, b })) : "");

const ROW = 30; // pixels, at 16 px a rem; the sheet repeats it in rem

/** Two colours per space: as given on light ground, a step lighter on dark. */
const LIGHTER = { "#0072B2": "#4ba3dc", "#009E73": "#33c79b", "#E69F00": "#f0b840", "#7F7F7F": "#a3a9b1" };
const inkOf = (me, colour) => (me.dark ? LIGHTER[colour] ?? colour : colour);

function say(me, word) {
  const { labels } = me;
  const places = me.data.spaces.map((space, at) => {
    const rank = me.data.ranks[word]?.[at];
    return fill(rank ? labels.place : labels.no_place, { space: space.name, rank: rank?.toLocaleString("en-US") });
  });
  return fill(labels.said, { word, places: joined(labels.between, places) });
}

/** Light a word in all lists and tell its places; null lets go. */
function light(me, word) {
  me.lit = word;
  for (const node of me.root.querySelectorAll("[data-word]")) node.toggleAttribute("data-lit", node.dataset.word === word);
  me.data.spaces.forEach((space, at) => {
    const slot = me.slots[at];
    const inside = word === null || me.data.lists[at].some((one) => one.word === word);
    const rank = inside ? null : me.data.ranks[word]?.[at];
    write(slot, inside ? "" : rank ? `${rank.toLocaleString("en-US")} · ${word}` : "–");
  });
  write(me.status, word === null ? me.labels.hint : say(me, word));
  me.root.dataset.lit = word ?? "";
}

function entry(me, one, place, space) {
  const button = element("button", { type: "button", class: "entry", "data-word": one.word, "aria-label": fill(me.labels.entry, { rank: place + 1, word: one.word, cosine: one.cosine.toFixed(2) }) });
  button.append(
    element("span", { class: "rank", text: place + 1 }),
    element("span", { class: "name", text: one.word }),
    element("span", { class: "cosine", text: one.cosine.toFixed(2) }),
  );
  button.style.setProperty("--share", Math.max(0, one.cosine).toFixed(3));
  button.style.setProperty("--ink", inkOf(me, space.colour));
  const homes = me.data.lists.filter((list) => list.some((other) => other.word === one.word)).length;
  if (homes > 1) button.classList.add("shared");
  button.onpointerenter = () => light(me, one.word);
  button.onfocus = () => light(me, one.word);
  button.onclick = () => setControls({ word: one.word });
  return button;
}

/** Lines from the places of the left list to those of the right one. */
function joins(me, left, right) {
  const many = Math.max(1, ...me.data.lists.map((list) => list.length));
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({ viewBox: `0 0 100 ${many * ROW}`, preserveAspectRatio: "none", "aria-hidden": "true", class: "joins" })) svg.setAttribute(name, value);
  me.data.lists[left].forEach((one, from) => {
    const to = me.data.lists[right].findIndex((other) => other.word === one.word);
    if (to < 0) return;
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    const [y1, y2] = [(from + 0.5) * ROW, (to + 0.5) * ROW];
    line.setAttribute("d", `M0 ${y1} C50 ${y1} 50 ${y2} 100 ${y2}`);
    line.dataset.word = one.word;
    svg.append(line);
  });
  return svg;
}

function column(me, at) {
  const { labels } = me;
  const space = me.data.spaces[at];
  const list = me.data.lists[at];
  const head = element("h3", {}, [element("i", { class: `swatch s${at}` }), space.name]);
  head.style.setProperty("--ink", inkOf(me, space.colour));
  const slot = element("p", { class: "slot" });
  me.slots.push(slot);
  const body = list.length
    ? list.map((one, place) => entry(me, one, place, space))
    : [element("p", { class: "none", text: fill(labels.none, { word: me.data.word }) })];
  return element("section", { class: "column", "aria-label": space.name }, [head, element("div", { class: "list" }, body), slot]);
}

function build(me) {
  me.dark = isDark(me.root);
  me.slots = [];
  const parts = me.data.spaces.flatMap((_, at) => (at ? [joins(me, at - 1, at), column(me, at)] : [column(me, at)]));
  me.lists = element("div", { class: "lists", style: `--many:${me.data.spaces.length}` }, parts);
  me.lists.onpointerleave = () => light(me, null);
  me.status = element("p", { class: "status", role: "status" });
  me.lists.style.setProperty("--rows", Math.max(1, ...me.data.lists.map((list) => list.length)));
  me.root.replaceChildren(me.lists, me.status);
  // The lines begin below the tallest head: a long file name wraps.
  const heads = [...me.lists.querySelectorAll("h3")];
  const tallest = Math.max(...heads.map((head) => head.offsetHeight));
  for (const head of heads) head.style.minHeight = `${tallest}px`;
  me.lists.style.setProperty("--head", `${tallest + 4}px`);
  me.root.onkeydown = (event) => { if (event.key === "Escape") light(me, null); };
  light(me, null);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root });
  const held = root.getRootNode().activeElement?.dataset?.word;
  Object.assign(me, { data, labels: data.labels });
  build(me);
  if (held) root.querySelector(`button[data-word="${CSS.escape(held)}"]`)?.focus();
  root.dataset.painted = data.word;
  me.theme ??= new MutationObserver(() => isDark(root) !== me.dark && build(me));
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
}

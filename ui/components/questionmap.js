// The ninety questions as a map: what to explain first on the left, what builds on it to the right. A colour and a short
// word name the page that shows a question; what was opened in this browser is filled. One stop for the keyboard.

const CELL = { width: 68, height: 42, layer: 44, top: 28 };
const NODE = { width: 60, height: 30 };

function spotOf(place) {
  return { x: place.column * CELL.width + place.layer * CELL.layer, y: CELL.top + place.row * CELL.height };
}

/** Lines leave a question on its right and reach the next on its left. */
function lines(me) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("aria-hidden", "true");
  for (const [first, then] of me.data.edges) {
    const from = spotOf(me.places.get(first));
    const to = spotOf(me.places.get(then));
    const [x1, y1, x2, y2] = [from.x + NODE.width, from.y + NODE.height / 2, to.x, to.y + NODE.height / 2];
    const bend = Math.max(24, (x2 - x1) / 2);
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`);
    Object.assign(path.dataset, { first, then });
    svg.append(path);
  }
  return svg;
}

function neighbours(me, id) {
  return {
    needs: me.data.edges.filter(([, then]) => then === id).map(([first]) => first),
    feeds: me.data.edges.filter(([first]) => first === id).map(([, then]) => then),
  };
}

/** A question's name, page and neighbours as one line, for the eye below the map and for the ear on the link. */
function told(me, place) {
  const { labels, concepts } = me.data;
  const { needs, feeds } = neighbours(me, place.id);
  const parts = [`${place.id} ${place.title}`, ...place.concepts.map((id) => concepts[id].title)];
  if (needs.length) parts.push(fill(labels.needs, { ids: needs.join(" ") }));
  if (feeds.length) parts.push(fill(labels.feeds, { ids: feeds.join(" ") }));
  if (place.id in me.record) parts.push(labels.seen);
  return parts.join(labels.lang === "en" ? "; " : "；");
}

function choose(me, id) {
  const near = id ? neighbours(me, id) : { needs: [], feeds: [] };
  for (const path of me.svg.children) path.classList.toggle("lit", path.dataset.first === id || path.dataset.then === id);
  for (const [name, link] of me.links) {
    link.classList.toggle("near", near.needs.includes(name) || near.feeds.includes(name));
    link.classList.toggle("chosen", name === id);
  }
  me.field.classList.toggle("choosing", Boolean(id));
  me.line.textContent = id ? told(me, me.places.get(id)) : me.data.labels.idle;
}

/** The question that lies nearest in the direction of an arrow key. */
function towards(me, from, key) {
  const [dx, dy] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[key];
  const at = spotOf(me.places.get(from));
  let best = null;
  for (const place of me.places.values()) {
    const spot = spotOf(place);
    const [along, across] = dx ? [(spot.x - at.x) * dx, Math.abs(spot.y - at.y)] : [(spot.y - at.y) * dy, Math.abs(spot.x - at.x)];
    if (along > 1 && (!best || along + 2 * across < best.cost)) best = { id: place.id, cost: along + 2 * across };
  }
  return best?.id;
}

function stepped(me, event) {
  if (!event.key.startsWith("Arrow")) return;
  event.preventDefault();
  const next = towards(me, event.target.dataset.id, event.key);
  if (!next) return;
  event.target.tabIndex = -1;
  me.links.get(next).tabIndex = 0;
  me.links.get(next).focus();
}

function node(me, place) {
  const concept = place.concepts[0] ?? "none";
  const spot = spotOf(place);
  const link = element("a", {
    href: pageHref("reader", { q: place.id }), class: `node ${concept}`, "data-id": place.id, "aria-label": told(me, place),
    style: `left:${spot.x}px;top:${spot.y}px;width:${NODE.width}px;height:${NODE.height}px`, tabindex: "-1",
  }, [place.id, ...(place.concepts.length ? [element("span", { text: me.data.concepts[concept].code })] : [])]);
  link.classList.toggle("opened", place.id in me.record);
  link.addEventListener("pointerenter", () => choose(me, place.id));
  link.addEventListener("focus", () => choose(me, place.id));
  keepInside(link);
  return link;
}

function legend(me) {
  const { labels, concepts } = me.data;
  const entries = [...Object.entries(concepts).map(([id, concept]) => [id, `${concept.code} ${concept.title}`]), ["none", labels.none]];
  return element("p", { class: "legend" }, [
    element("strong", { text: labels.legend }),
    ...entries.map(([id, text]) => element("span", {}, [element("span", { class: `swatch ${id}` }), text])),
    element("span", {}, [element("span", { class: "swatch opened none" }), labels.opened]),
  ]);
}

/** What this browser remembers of the reader, theirs to take along or to clear. */
function recordBar(me) {
  const { labels } = me.data;
  const opened = me.data.places.filter((place) => place.id in me.record).length;
  const save = element("a", { class: "button", download: "opened-questions.json", text: labels.export, href: URL.createObjectURL(new Blob([JSON.stringify(me.record, null, 1)], { type: "application/json" })) });
  const clear = element("button", { type: "button", text: labels.clear });
  clear.onclick = () => {
    window.localStorage.removeItem(RECORD);
    draw(me);
    me.said.textContent = labels.cleared;
    me.said.focus();
  };
  me.said = element("span", { role: "status", tabindex: "-1", text: `${fill(labels.progress, { n: opened, total: me.data.places.length })} ${labels.kept}` });
  return element("p", { class: "record" }, [me.said, ...(opened ? [save, clear] : [])]);
}

function draw(me) {
  const { labels, columns, rows, places, current } = me.data;
  me.record = openedRecord();
  me.places = new Map(places.map((place) => [place.id, place]));
  const layers = Math.max(...places.map((place) => place.layer));
  me.svg = lines(me);
  me.links = new Map(places.map((place) => [place.id, node(me, place)]));
  (me.links.get(current) ?? me.links.values().next().value).tabIndex = 0;
  const size = `width:${columns * CELL.width + layers * CELL.layer}px;height:${CELL.top + rows * CELL.height}px`;
  me.field = element("div", { class: "field", style: size }, [
    element("span", { class: "axis", text: `${labels.start} →` }), element("span", { class: "axis far", text: `→ ${labels.far}` }),
    me.svg, ...me.links.values(),
  ]);
  me.field.addEventListener("keydown", (event) => stepped(me, event));
  me.field.addEventListener("pointerleave", () => choose(me, null));
  me.line = element("p", { class: "told", "aria-hidden": "true" });
  me.root.replaceChildren(
    element("p", { class: "ways" }, [insideLink(addressWith({ view: null }), labels.text)]),
    element("h1", { text: labels.title }),
    element("p", { class: "lead", text: labels.lead }),
    legend(me),
    element("nav", { class: "scroller", "aria-label": labels.map }, [me.field]),
    me.line,
    recordBar(me),
  );
  choose(me, null);
  fit(me);
}

/** On a stage the map grows to the width there is, so that its numbers can be read from the last row. */
function fit(me) {
  const present = new URLSearchParams(window.location.search).get("present") === "1";
  const room = me.field.parentElement.clientWidth - 8;
  me.field.style.zoom = present ? Math.max(1, Math.min(1.7, room / parseFloat(me.field.style.width))) : 1;
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root });
  me.data = data;
  draw(me);
  root.dataset.ready = "map";
  // The width is known only when the page's own sheet is there, and changes with the window.
  const sizes = new ResizeObserver(() => fit(me));
  sizes.observe(root);
  return () => sizes.disconnect();
}

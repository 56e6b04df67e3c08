// Every head as a switch: a grid of layers and heads, several of which can be off. What each costs alone is a bar.

const LEAST = 24; // the quick choices: so many of those that move the vector least, so many of those that move it most
const MOST = 12;
const PATIENCE_MS = 4000; // so long the reader's own turns count for more than what the server still says

const nameOf = (layer, head) => `${layer}.${head}`;

/** The heads that are off as the address spells them: a whole layer by its number alone. */
function spelled(me) {
  const { layers, heads } = me.data;
  const parts = [];
  for (let layer = 1; layer <= layers; layer += 1) {
    const off = Array.from({ length: heads }, (_, i) => i + 1).filter((head) => me.off.has(nameOf(layer, head)));
    if (off.length === heads) parts.push(String(layer));
    else parts.push(...off.map((head) => nameOf(layer, head)));
  }
  return parts.join(",");
}

function tell(me) {
  me.own = performance.now() + PATIENCE_MS;
  show(me);
  clearTimeout(me.telling); // several switches in a row: the server hears of the last state
  me.telling = setTimeout(() => setControls({ off: spelled(me) || null }), 200);
}

function toggle(me, names) {
  const all = names.every((name) => me.off.has(name));
  for (const name of names) (all ? me.off.delete(name) : me.off.add(name));
  tell(me);
}

function show(me) {
  const { labels, values } = me.data;
  const moved = values && values.flat().map((value) => 1 - value);
  const most = moved ? Math.max(...moved, 1e-9) : 1;
  me.cells.forEach((cell, index) => {
    const [layer, head] = [Math.floor(index / me.data.heads) + 1, (index % me.data.heads) + 1];
    const off = me.off.has(nameOf(layer, head));
    cell.setAttribute("aria-selected", String(off));
    const value = values ? values[layer - 1][head - 1].toFixed(3) : "";
    cell.lastElementChild.textContent = off ? labels.off : value;
    cell.style.setProperty("--moved", moved ? moved[index] / most : 0);
    const said = value ? fill(labels.alone, { value }) : "";
    cell.setAttribute("aria-label", `${fill(labels.head, { layer, head })}: ${off ? labels.off : labels.on}. ${said}`);
  });
  me.state.textContent = fill(labels.count, { off: me.off.size, heads: me.cells.length });
  for (const button of me.ranked) button.disabled = !values;
}

function ranked(me, most) {
  const flat = me.data.values.flat().map((value, index) => [value, index]);
  flat.sort((one, other) => (most ? one[0] - other[0] : other[0] - one[0]));
  return flat.slice(0, most ? MOST : LEAST).map(([, index]) => nameOf(Math.floor(index / me.data.heads) + 1, (index % me.data.heads) + 1));
}

function choose(me, names) {
  me.off = new Set(names);
  tell(me);
}

function button(text, act) {
  const node = element("button", { type: "button", class: "quick", text });
  node.onclick = act;
  return node;
}

function row(me, layer) {
  const { labels, heads } = me.data;
  const names = Array.from({ length: heads }, (_, i) => nameOf(layer, i + 1));
  const cells = names.map((name) => {
    const cell = element("button", { type: "button", role: "gridcell", class: "cell", tabindex: "-1" }, [element("span", { class: "number" })]);
    cell.onclick = () => { focusOn(me, me.cells.indexOf(cell)); toggle(me, [name]); };
    return cell;
  });
  me.cells.push(...cells);
  const whole = element("button", { type: "button", class: "layer", text: String(layer), "aria-label": fill(labels.whole, { layer }) });
  whole.onclick = () => toggle(me, names);
  return element("div", { class: "line", role: "row" }, [element("span", { role: "rowheader" }, [whole]), ...cells]);
}

function focusOn(me, index, move = true) {
  me.cells.forEach((cell, place) => { cell.tabIndex = place === index ? 0 : -1; });
  me.at = index;
  if (move) me.cells[index].focus();
}

function build(me) {
  const { labels, layers, heads } = me.data;
  me.cells = [];
  const head = element("div", { class: "line names", role: "row" }, [
    element("span", { role: "columnheader", text: labels.layer }),
    ...Array.from({ length: heads }, (_, i) => element("span", { role: "columnheader", text: String(i + 1) })),
  ]);
  const lines = Array.from({ length: layers }, (_, i) => row(me, i + 1));
  const grid = element("div", { class: "grid", role: "grid", "aria-label": labels.grid, "aria-multiselectable": "true", style: `--heads:${heads}` }, [head, ...lines]);
  grid.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -heads, ArrowDown: heads }[event.key];
    if (!step || !event.target.classList.contains("cell")) return;
    event.preventDefault();
    const next = me.at + step;
    const wraps = Math.abs(step) === 1 && Math.floor(next / heads) !== Math.floor(me.at / heads);
    if (next >= 0 && next < me.cells.length && !wraps) focusOn(me, next);
  };
  me.ranked = [
    button(fill(labels.least, { n: LEAST }), () => choose(me, ranked(me, false))),
    button(fill(labels.most, { n: MOST }), () => choose(me, ranked(me, true))),
  ];
  me.state = element("p", { class: "state", role: "status" });
  const quick = element("div", { class: "quicks" }, [button(labels.none, () => choose(me, [])), ...me.ranked]);
  me.root.replaceChildren(element("p", { class: "hint", text: labels.hint }), grid, quick, me.state);
  focusOn(me, 0, false);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root, own: 0 });
  const shape = JSON.stringify([data.layers, data.heads, data.labels]);
  me.data = data;
  // An answer to a state before the reader's last turn does not undo it.
  const same = me.off && me.off.size === data.off.length && data.off.every((name) => me.off.has(name));
  if (same || me.shape !== shape) me.own = 0;
  if (performance.now() >= me.own) me.off = new Set(data.off);
  if (me.shape !== shape) build(me);
  me.shape = shape;
  show(me);
  root.dataset.ready = data.off.join(",");
}

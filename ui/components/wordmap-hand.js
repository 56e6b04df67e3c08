// The hand on the linked maps: what is hovered, picked, lassoed, moved, turned and zoomed is so in all of them.

const REACH = 14; // pixels around a word in which it counts as meant
const FARTHEST = 60; // times
const TURN = 0.008; // radians a pixel

/** The word at a place of a panel, or -1. Of words on top of one another the more frequent one. */
function wordAt(panel, px, py) {
  let [best, far] = [-1, REACH * REACH];
  for (let i = 0; i < panel.x.length; i += 1) {
    const square = (panel.x[i] - px) ** 2 + (panel.y[i] - py) ** 2;
    if (square < far) [best, far] = [i, square];
  }
  return best;
}

/** The nearest word in a direction: within 45 degrees of it, and nearness to the line counts twice. */
function wordTowards(me, panel, from, [dx, dy]) {
  let [best, least] = [-1, Infinity];
  for (let i = 0; i < panel.x.length; i += 1) {
    const [x, y] = [panel.x[i] - panel.x[from], panel.y[i] - panel.y[from]];
    const [along, aside] = [x * dx + y * dy, Math.abs(x * dy - y * dx)];
    if (along < 0.5 || aside > along) continue;
    if (panel.x[i] < 0 || panel.y[i] < 0 || panel.x[i] > me.box.width || panel.y[i] > me.box.height) continue;
    if (along + 2 * aside < least) [best, least] = [i, along + 2 * aside];
  }
  return best;
}

/** Words whose points lie within a closed line. */
function wordsWithin(panel, path) {
  const found = [];
  for (let i = 0; i < panel.x.length; i += 1) {
    let inside = false;
    for (let j = 0, k = path.length - 1; j < path.length; k = j, j += 1) {
      const [[x1, y1], [x2, y2]] = [path[j], path[k]];
      if (y1 > panel.y[i] !== y2 > panel.y[i] && panel.x[i] < x1 + ((panel.y[i] - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside;
    }
    if (inside) found.push(i);
  }
  return found;
}

/** Zoom by a factor around a place of the panels, the same in all. */
function zoomBy(me, factor, px = me.box.width / 2, py = me.box.height / 2) {
  const { view, box } = me;
  const scale = Math.min(FARTHEST, Math.max(0.5, view.scale * factor));
  const part = scale / view.scale;
  view.x = px - box.width / 2 - (px - box.width / 2 - view.x) * part;
  view.y = py - box.height / 2 - (py - box.height / 2 - view.y) * part;
  view.scale = scale;
  soonMap(me);
}

function resetView(me) {
  Object.assign(me.view, { scale: 1, x: 0, y: 0, yaw: 0.5, pitch: 0.35 });
  soonMap(me);
}

function hoverOver(me, word) {
  if (me.hover === word) return;
  me.hover = word;
  soonMap(me);
  readOutMap(me);
}

/** Pick a word, or let go with -1. The address learns of it once it is on the screen. */
function pick(me, word) {
  me.pinned = word;
  me.cursor = word;
  me.hover = -1;
  soonMap(me);
  readOutMap(me);
  if (word >= 0 && me.tells) afterPaint(() => setControls({ word: me.maps.words[word] }));
}

function select(me, words) {
  me.selected = new Set(words.sort((a, b) => a - b));
  if (me.selected.size) me.pinned = -1;
  me.hover = -1;
  soonMap(me);
  readOutMap(me);
}

function placeOf(panel, event) {
  const box = panel.canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function pressed(me, panel, event) {
  if (event.button) return;
  const [x, y] = placeOf(panel, event);
  panel.canvas.setPointerCapture(event.pointerId);
  const lasso = me.tool === "lasso" || event.altKey;
  me.drag = { panel, x, y, from: { ...me.view }, moved: false, lasso, aside: event.shiftKey };
  if (lasso) me.lasso = { panel, path: [[x, y]] };
}

function dragged(me, panel, event) {
  const [x, y] = placeOf(panel, event);
  const { drag } = me;
  if (!drag) {
    me.pointer = { panel, x, y };
    if (!me.looking) me.looking = requestAnimationFrame(() => { me.looking = 0; hoverOver(me, wordAt(me.pointer.panel, me.pointer.x, me.pointer.y)); });
    return;
  }
  drag.moved ||= Math.hypot(x - drag.x, y - drag.y) > 3;
  if (!drag.moved) return;
  if (drag.lasso) me.lasso.path.push([x, y]);
  else if (me.flat || drag.aside) Object.assign(me.view, { x: drag.from.x + x - drag.x, y: drag.from.y + y - drag.y });
  else {
    me.view.yaw = drag.from.yaw + (x - drag.x) * TURN;
    me.view.pitch = Math.min(1.5, Math.max(-1.5, drag.from.pitch + (y - drag.y) * TURN));
  }
  me.hover = -1;
  soonMap(me);
}

function released(me, panel, event) {
  const { drag, lasso } = me;
  me.drag = null;
  me.lasso = null;
  if (!drag) return;
  if (drag.lasso && drag.moved) select(me, wordsWithin(panel, lasso.path));
  else if (!drag.moved) {
    const word = wordAt(panel, ...placeOf(panel, event));
    if (word >= 0) pick(me, word);
    else letGo(me);
  } else soonMap(me);
}

/** First the lasso's words, then the picked one. */
function letGo(me) {
  if (me.selected.size) me.selected = new Set();
  else me.pinned = -1;
  me.hover = -1;
  soonMap(me);
  readOutMap(me);
}

const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function keyed(me, panel, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const way = WAYS[event.key];
  if (way && event.shiftKey) {
    if (me.flat) Object.assign(me.view, { x: me.view.x - way[0] * 30, y: me.view.y - way[1] * 30 });
    else Object.assign(me.view, { yaw: me.view.yaw + way[0] * 0.12, pitch: Math.min(1.5, Math.max(-1.5, me.view.pitch + way[1] * 0.12)) });
    soonMap(me);
  } else if (way) {
    const middle = () => { const at = wordAt(panel, me.box.width / 2, me.box.height / 2); return at >= 0 ? at : 0; };
    const from = me.hover >= 0 ? me.hover : me.cursor >= 0 ? me.cursor : middle();
    const next = me.hover < 0 && me.cursor < 0 ? from : wordTowards(me, panel, from, way);
    if (next >= 0) {
      me.cursor = next;
      hoverOver(me, next);
    }
  } else if (event.key === "Enter" || event.key === " ") {
    if (me.hover >= 0) pick(me, me.hover);
  } else if (event.key === "Escape") letGo(me);
  else if (event.key === "+" || event.key === "=") zoomBy(me, 1.3);
  else if (event.key === "-") zoomBy(me, 1 / 1.3);
  else if (event.key === "0") resetView(me);
  else return;
  event.preventDefault();
}

function listenTo(me, panel) {
  const { canvas } = panel;
  canvas.onpointerdown = (event) => pressed(me, panel, event);
  canvas.onpointermove = (event) => dragged(me, panel, event);
  canvas.onpointerup = (event) => released(me, panel, event);
  canvas.onpointercancel = () => { me.drag = null; me.lasso = null; soonMap(me); };
  canvas.onpointerleave = () => { if (!me.drag) { me.pointer = null; hoverOver(me, -1); } };
  canvas.ondblclick = () => resetView(me);
  canvas.onkeydown = (event) => keyed(me, panel, event);
  canvas.onblur = () => hoverOver(me, -1);
  // With a modifier only: without one the wheel scrolls the page.
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey) return;
    event.preventDefault();
    zoomBy(me, Math.exp(-(event.deltaY || event.deltaX) * 0.0022), ...placeOf(panel, event));
  }, { passive: false });
}

// The hand on the similarity matrix: a cell is read, a caption is carried onto another picture, by pointer or by keys.

function placeAt(me, event) {
  const rect = me.canvas.getBoundingClientRect();
  const [x, y] = [event.clientX - rect.left, event.clientY - rect.top];
  const { box } = me;
  const n = manyNow(me);
  const listed = Math.floor((y - box.list.top) / box.list.line);
  if (listed >= 0 && listed < box.list.n) return { row: listed, column: -1, words: true };
  const row = Math.floor((y - box.top) / box.cell);
  const column = Math.floor((x - box.left) / box.cell);
  return { row: row >= 0 && row < n ? row : -1, column: column >= 0 && column < n ? column : -1, words: x > box.bars.left };
}

function put(me, from, to) {
  const order = [...orderOf(me.state.swaps, manyNow(me))];
  if (to >= 0) [order[from], order[to]] = [order[to], order[from]];
  return order;
}

const mayMove = (me) => !me.hide.includes("swaps");

function drop(me, from, to) {
  const swaps = swapsOf(put(me, from, to));
  me.trial = null;
  if (swaps.length > 300) return;
  change(me, { swaps, cell: `${to + 1}-${to + 1}` });
  tell(me);
}

function listen(me) {
  const { canvas } = me;
  canvas.onpointerdown = (event) => {
    const at = placeAt(me, event);
    me.from = at.words ? at.row : at.column;
    me.pressed = at;
    if (me.from < 0 || !mayMove(me)) me.from = -1;
    canvas.setPointerCapture(event.pointerId);
  };
  canvas.onpointermove = (event) => {
    const at = placeAt(me, event);
    if (me.pressed && me.from >= 0) {
      const moved = at.row >= 0 && (at.row !== me.pressed.row || me.carried !== undefined && me.carried >= 0);
      if (moved) {
        me.carried = at.row;
        me.trial = put(me, me.from, at.row);
        me.hover = [at.row, at.row];
      }
    } else me.hover = at.row >= 0 && (at.column >= 0 || at.words) ? [at.row, at.words ? at.row : at.column] : null;
    canvas.style.cursor = me.carried >= 0 ? "grabbing" : at.row >= 0 && mayMove(me) ? "grab" : "default";
    soon(me, () => draw(me));
  };
  canvas.onpointerup = (event) => {
    const at = placeAt(me, event);
    const { pressed } = me;
    me.pressed = null;
    if (me.carried >= 0) {
      const to = me.carried;
      me.carried = -1;
      me.hover = null;
      drop(me, me.from, to);
    } else if (pressed && at.row >= 0 && (at.column >= 0 || at.words)) {
      change(me, { cell: `${at.row + 1}-${(at.words ? at.row : at.column) + 1}` });
      tell(me);
    }
    draw(me);
  };
  canvas.onpointerleave = () => { if (!me.pressed) { me.hover = null; soon(me, () => draw(me)); } };
  canvas.onpointercancel = () => { Object.assign(me, { pressed: null, trial: null, carried: -1, hover: null }); draw(me); };
  canvas.ondblclick = () => { change(me, { swaps: "", cell: "" }); draw(me); tell(me); };
  canvas.onkeydown = (event) => onKey(me, event);
}

/** Arrows move the cell that is read; Enter takes up the caption of its column, Enter again puts it at the row's picture. */
function onKey(me, event) {
  const n = manyNow(me);
  const [i, j] = cellNow(me) ?? [0, 0];
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  if (step) {
    event.preventDefault();
    const next = [Math.min(n - 1, Math.max(0, i + step[0])), Math.min(n - 1, Math.max(0, j + step[1]))];
    me.hover = null;
    if (me.taken >= 0) {
      me.trial = put(me, me.taken, next[0]);
      next[1] = next[0];
    }
    change(me, { cell: `${next[0] + 1}-${next[1] + 1}` });
    if (!(me.taken >= 0)) tell(me, 400);
  } else if (event.key === "Enter" && mayMove(me)) {
    event.preventDefault();
    if (me.taken >= 0) {
      drop(me, me.taken, i);
      me.taken = -1;
    } else me.taken = j;
  } else if (event.key === "Escape") {
    Object.assign(me, { taken: -1, trial: null, hover: null });
    change(me, { cell: "" });
    tell(me);
  } else return;
  me.carried = me.taken >= 0 ? i : -1;
  draw(me);
}

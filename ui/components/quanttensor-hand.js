// The hand on the weight matrix: an end of the grid or its zero point is pulled, a channel or a weight picked.

function placeOf(me, event) {
  const box = me.canvas.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

/** What of the picture lies under a point: an end of the grid, the grid's bar, a channel, a weight. */
function under(me, { x, y }) {
  const { span, levels, ranges } = me;
  if (Math.abs(y - span.y) < 16) {
    const side = [1, 0].find((one) => Math.abs(x - span.places[one]) < 14);
    if (side !== undefined && shows(me, "scale_by")) return { kind: "end", side };
    if (me.state.grid === "affine" && shows(me, "zero_shift") && x > span.places[0] && x < span.places[1]) return { kind: "bar" };
  }
  if (y > ranges.box.top - 12 && y < ranges.box.bottom + 16) return { kind: "channel" };
  return y > levels.box.top && y < levels.box.bottom + 10 ? { kind: "weight" } : { kind: "" };
}

function pull(me, at) {
  const { grip, levels, grid } = me;
  const value = levels.x.back(at.x);
  const [first, last] = levelsOf(grid.spec);
  if (grip.kind === "end") {
    const steps = (grip.side ? last : first) - grid.zero[levels.part];
    const scale = steps ? value / steps : NaN;
    if (scale > 0) set(me, { scale_by: Math.min(4, Math.max(0.01, scale / grip.scale)) });
  } else if (grip.kind === "bar") {
    set(me, { zero_shift: Math.min(255, Math.max(-255, grip.shift - Math.round((value - grip.value) / grid.scale[levels.part]))) });
  } else if (grip.kind === "channel") pickRow(me, at);
  else if (grip.kind === "weight") pickWeight(me, value);
}

function pickRow(me, at) {
  const row = Math.round(me.ranges.x.back(at.x));
  if (row >= 0 && row < me.tensor.rows) set(me, { row });
}

/** The weight of the shown channel whose value is nearest. */
function pickWeight(me, value) {
  const row = rowOf(me);
  const { values, columns } = me.tensor;
  let best = 0;
  for (let column = 1; column < columns; column += 1) if (Math.abs(values[row * columns + column] - value) < Math.abs(values[row * columns + best] - value)) best = column;
  set(me, { column: best });
}

function listen(me) {
  const { canvas } = me;
  canvas.onpointerdown = (event) => {
    if (event.button) return;
    const at = placeOf(me, event);
    const found = under(me, at);
    if (!found.kind) return;
    const { levels } = me;
    const fitted = fitGrid(me.tensor, specOf(me.state));
    me.grip = { ...found, scale: fitted.scale[levels.part], shift: me.state.zero_shift, value: levels.x.back(at.x) };
    canvas.setPointerCapture(event.pointerId);
    if (found.kind === "channel" || found.kind === "weight") pull(me, at);
  };
  canvas.onpointermove = (event) => {
    const at = placeOf(me, event);
    if (me.grip) pull(me, at);
    else canvas.style.cursor = { end: "ew-resize", bar: "grab", channel: "pointer", weight: "pointer" }[under(me, at).kind] ?? "default";
  };
  canvas.onpointerup = canvas.onpointercancel = () => {
    if (me.grip) tell(me);
    me.grip = null;
  };
  canvas.ondblclick = () => set(me, { scale_by: 1, zero_shift: 0 }, 0);
  canvas.onkeydown = (event) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") set(me, { scale_by: 1, zero_shift: 0, row: -1 }, 0);
    else if (steps) set(me, { row: Math.min(me.tensor.rows - 1, Math.max(0, rowOf(me) + steps * (event.shiftKey ? 10 : 1))) }, 300);
    else return;
    event.preventDefault();
  };
}

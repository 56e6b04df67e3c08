// The errors of half a million weights, counted by a worker while the hand moves. It is given the matrix once and then one
// grid after the other; of those that come while it counts only the latest is kept.

const COUNTER = `
const fround = Math.fround;
const EVEN = ${EVEN};
const FAR = ${FAR};
const levelsOf = ${levelsOf};
${damageOf}
let tensor;
onmessage = ({ data }) => {
  if (data.values) tensor = { ...data, kept: new Map() };
  else postMessage(damageOf(tensor, data));
};`;

function counterOf(me) {
  if (me.counter !== undefined) return me.counter;
  const script = URL.createObjectURL(new Blob([COUNTER], { type: "text/javascript" }));
  try {
    me.counter = new Worker(script);
  } catch {
    me.counter = null;
    return null;
  } finally {
    URL.revokeObjectURL(script);
  }
  me.counter.onmessage = ({ data }) => counted(me, data);
  // Where a browser allows none, everything is counted in the frame.
  me.counter.onerror = () => {
    Object.assign(me, { counter: null, counting: null, next: null });
    draw(me);
  };
  return me.counter;
}

/** Have the errors of the grid now shown counted; false where no worker can. */
function countBeside(me, key) {
  const counter = counterOf(me);
  if (!counter || !me.damage) return false;
  if (me.counting?.key !== key) me.next = { key, grid: me.grid, tensor: me.tensor };
  if (!me.counting) countNext(me);
  return true;
}

function countNext(me) {
  const { tensor, grid } = me.next;
  [me.counting, me.next] = [me.next, null];
  if (me.counterHas !== tensor) me.counter.postMessage({ values: tensor.values, columns: tensor.columns });
  me.counterHas = tensor;
  const { spec, many, starts, scale, zero } = grid;
  me.counter.postMessage({ spec, many, starts, scale, zero });
}

function counted(me, found) {
  const { key, grid, tensor } = me.counting;
  me.counting = null;
  if (!me.root.isConnected) return me.counter.terminate();
  if (tensor === me.tensor) {
    me.damage = { key, grid, ...found };
    read(me);
  }
  if (me.next) countNext(me);
  return null;
}

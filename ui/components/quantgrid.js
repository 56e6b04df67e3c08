// The affine quantizer in the browser: the twin of explainers/quantization/quantizers.py, in the same float32 arithmetic,
// so that every code is the same (a test compares them). What is slow (sorting) is kept with the tensor.

const fround = Math.fround;
const EVEN = 6755399441055744; // 1.5 * 2^52: adding and taking it away rounds halves to even
const COARSE_SHARES = [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64];
const FINE_SHARES = [[2 ** 0.5, 2 ** -0.5], [2 ** 0.25, 2 ** -0.25]];
const TINIEST = 2 ** -126;
const FAR = 2 ** 30; // levels: whatever lies further out is cut off all the same, and a whole number still holds it

/** A matrix as sent by pages/parts/quant_scene.py, with the range of every row. */
function readTensor(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const values = new Float32Array(bytes.slice(4 + length).buffer);
  const { low, high } = extremes(values, head.rows, head.columns, head.columns);
  const width = Float32Array.from(low, (one, row) => Math.max(-one, high[row]));
  const ordered = Uint32Array.from(width, (_, row) => row).sort((a, b) => width[a] - width[b]);
  return { ...head, values, low, high, width, middle: ordered[head.rows >> 1], widest: ordered[head.rows - 1], kept: new Map() };
}

const levelsOf = ({ bits, symmetric }) => (symmetric ? [-(2 ** (bits - 1) - 1), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1]);

/** Where each part begins: the values that share a scale lie one behind the other. */
function partsOf({ rows, columns, values, kept }, { grain }) {
  const key = `parts ${grain}`;
  if (!kept.has(key)) {
    const starts = [];
    const step = grain === "tensor" ? values.length : grain === "channel" ? columns : Number(grain.slice(1));
    if (grain === "tensor") starts.push(0);
    else for (let row = 0; row < rows; row += 1) for (let at = 0; at < columns; at += step) starts.push(row * columns + at);
    starts.push(values.length);
    kept.set(key, { starts: Uint32Array.from(starts), many: starts.length - 1 });
  }
  return kept.get(key);
}

function extremes(values, rows, columns) {
  const [low, high] = [new Float32Array(rows).fill(Infinity), new Float32Array(rows).fill(-Infinity)];
  for (let row = 0; row < rows; row += 1) {
    let [least, most] = [Infinity, -Infinity];
    for (let i = row * columns; i < (row + 1) * columns; i += 1) {
      if (values[i] < least) least = values[i];
      if (values[i] > most) most = values[i];
    }
    [low[row], high[row]] = [least, most];
  }
  return { low, high };
}

/** Ends of every part: its extremes, or the percentiles between which most of it lies. */
function endsOf(tensor, spec) {
  const { starts, many } = partsOf(tensor, spec);
  const tails = spec.clipping === "percentile";
  const key = tails ? `sorted ${spec.grain} ${spec.symmetric}` : `ends ${spec.grain}`;
  if (!tensor.kept.has(key)) {
    if (tails) {
      const sorted = spec.symmetric ? tensor.values.map(Math.abs) : tensor.values.slice();
      for (let part = 0; part < many; part += 1) sorted.subarray(starts[part], starts[part + 1]).sort();
      tensor.kept.set(key, sorted);
    } else {
      const [low, high] = [new Float32Array(many), new Float32Array(many)];
      for (let part = 0; part < many; part += 1) {
        let [least, most] = [Infinity, -Infinity];
        for (let i = starts[part]; i < starts[part + 1]; i += 1) {
          if (tensor.values[i] < least) least = tensor.values[i];
          if (tensor.values[i] > most) most = tensor.values[i];
        }
        [low[part], high[part]] = [least, most];
      }
      tensor.kept.set(key, { low, high });
    }
  }
  const found = tensor.kept.get(key);
  if (!tails) return found;
  const [low, high] = [new Float32Array(many), new Float32Array(many)];
  for (let part = 0; part < many; part += 1) {
    const count = starts[part + 1] - starts[part];
    const wanted = spec.symmetric ? spec.percentile : 100 - (100 - spec.percentile) / 2;
    const rank = Math.min(count - 1, Math.max(0, Math.ceil((wanted / 100) * count - 1e-9) - 1));
    high[part] = found[starts[part] + rank];
    low[part] = spec.symmetric ? -high[part] : found[starts[part] + count - 1 - rank];
  }
  return { low, high };
}

/** Scale and zero point of one part that reaches from `low` to `high` and holds zero. */
function scaleAndZero(low, high, spec) {
  const [first, last] = levelsOf(spec);
  const [a, b] = [Math.min(low, 0), Math.max(high, 0)];
  if (spec.symmetric) {
    const scale = fround(Math.max(-a, b) / last);
    return [scale >= TINIEST ? scale : 1, 0];
  }
  const scale = fround(fround(b - a) / (last - first));
  const zero = Math.min(last, Math.max(first, first - (fround(a / (scale > 0 ? scale : 1)) + EVEN - EVEN)));
  return [scale >= TINIEST ? scale : 1, zero];
}

function squaredOf(values, from, to, scale, zero, first, last) {
  const inverse = fround(1 / scale);
  let sum = 0;
  for (let i = from; i < to; i += 1) {
    let code = fround(values[i] * inverse) + EVEN - EVEN + zero;
    code = code < first ? first : code > last ? last : code;
    const off = fround(fround((code - zero) * scale) - values[i]);
    sum += off * off;
  }
  return sum;
}

const gridKey = (spec) => `grid ${JSON.stringify(spec)}`;

/** The grid of `spec`: a scale and a zero point for each part. */
function fitGrid(tensor, spec) {
  const key = gridKey(spec);
  if (tensor.kept.has(key)) return tensor.kept.get(key);
  const { starts, many } = partsOf(tensor, spec);
  const { low, high } = endsOf(tensor, spec);
  const grid = { spec, starts, many, scale: new Float32Array(many), zero: new Int32Array(many) };
  const [first, last] = levelsOf(spec);
  for (let part = 0; part < many; part += 1) {
    let [scale, zero] = scaleAndZero(low[part], high[part], spec);
    if (spec.clipping === "mse") {
      const errorOf = (s, z) => squaredOf(tensor.values, starts[part], starts[part + 1], s, z, first, last);
      let [share, best] = [1, errorOf(scale, zero)];
      [COARSE_SHARES, ...FINE_SHARES].forEach((steps, round) => {
        const centre = round ? share : 1;
        for (const step of steps) {
          const tried = Math.min(1, fround(centre * fround(step)));
          const [s, z] = scaleAndZero(fround(low[part] * tried), fround(high[part] * tried), spec);
          const error = errorOf(s, z);
          if (error < best) [best, share, scale, zero] = [error, tried, s, z];
        }
      });
    }
    [grid.scale[part], grid.zero[part]] = [scale, zero];
  }
  if (tensor.kept.size > 60) for (const name of [...tensor.kept.keys()].filter((one) => one.startsWith("grid ")).slice(0, 20)) tensor.kept.delete(name);
  tensor.kept.set(key, grid);
  return grid;
}

/** The grid as a hand has pulled it. */
function movedGrid(grid, by, shift) {
  if (by === 1 && (!shift || grid.spec.symmetric)) return grid;
  const [first, last] = levelsOf(grid.spec);
  return {
    ...grid,
    scale: grid.scale.map((one) => fround(one * fround(by))),
    zero: grid.spec.symmetric ? grid.zero : grid.zero.map((one) => Math.min(last, Math.max(first, one + shift))),
  };
}

const partAt = ({ columns }, { grain }, row, column) => {
  if (grain === "tensor") return 0;
  if (grain === "channel") return row;
  const size = Number(grain.slice(1));
  return row * Math.ceil(columns / size) + Math.floor(column / size);
};

/** Code and value of one weight. */
function codeOf(value, scale, zero, spec) {
  const [first, last] = levelsOf(spec);
  const code = Math.min(last, Math.max(first, fround(value * fround(1 / scale)) + EVEN - EVEN + zero));
  return { code, back: fround((code - zero) * scale) };
}

/** One pass over the matrix: squared error, signal, worst weight, share beyond the ends. */
function damageOf(tensor, grid) {
  const { values, columns } = tensor;
  const [first, last] = levelsOf(grid.spec);
  // Without a branch: whether a weight is cut off, or on which side of its level it lies, is a coin toss that no processor
  // foresees, and over half a million weights that costs more than all the arithmetic. `x >> 31` is -1 below zero, else 0.
  let sum = 0;
  let worst = -1;
  let at = 0;
  let beyond = 0;
  if (!tensor.kept.has("signal")) tensor.kept.set("signal", values.reduce((total, value) => total + value * value, 0));
  const signal = tensor.kept.get("signal");
  for (let part = 0; part < grid.many; part += 1) {
    const scale = grid.scale[part];
    const inverse = fround(1 / scale);
    const low = (first - grid.zero[part]) | 0;
    const high = (last - grid.zero[part]) | 0;
    const end = grid.starts[part + 1];
    for (let i = grid.starts[part]; i < end; i += 1) {
      const value = values[i];
      let steps = (Math.min(FAR, Math.max(-FAR, fround(value * inverse))) + EVEN - EVEN) | 0;
      const over = (steps - high) | 0;
      beyond -= (high - steps) >> 31;
      steps = (high + (over & (over >> 31))) | 0;
      const under = (steps - low) | 0;
      beyond -= under >> 31;
      steps = (low + (under & ~(under >> 31))) | 0;
      const off = fround(fround(steps * scale) - value);
      const square = off * off;
      sum += square;
      if (square > worst) {
        worst = square;
        at = i;
      }
    }
  }
  const mse = sum / values.length;
  const sqnr = !signal ? NaN : !sum ? Infinity : 10 * Math.log10(signal / sum);
  return { mse, sqnr, row: Math.floor(at / columns), column: at % columns, index: at, clipped: beyond / values.length };
}

/** Bytes of the matrix: its codes packed tightly, four for each scale and one for each zero point. */
const bytesOf = (tensor, grid) => (tensor.values.length * grid.spec.bits) / 8 + grid.many * (grid.spec.symmetric ? 4 : 5);

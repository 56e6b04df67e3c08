// One weight matrix: the range of every output channel, the widest one marked.

function readTensor(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const values = new Float32Array(bytes.slice(4 + length).buffer);
  const [low, high] = [new Float32Array(head.rows), new Float32Array(head.rows)];
  for (let row = 0; row < head.rows; row += 1) {
    for (let i = row * head.columns; i < (row + 1) * head.columns; i += 1) {
      if (values[i] < low[row]) low[row] = values[i];
      if (values[i] > high[row]) high[row] = values[i];
    }
  }
  return { ...head, values, low, high };
}

function draw(me) {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const [width, height, size] = [Math.max(280, me.stage.clientWidth), rem * 20, Math.max(11, rem * 0.78)];
  const ink = lossInk(me.canvas);
  const pen = canvasPen(sheetOf(me.canvas, width, height), themeColor(me.canvas, "--st-font", "sans-serif"));
  pen.rect(0, 0, width, height, { color: ink.ground });
  const { rows, low, high } = me.tensor;
  const box = { left: size * 4, top: size * 2, right: width - 8, bottom: height - size * 4 };
  const x = scaleOf("linear", -0.5, rows - 0.5, box.left, box.right, 8);
  const y = scaleOf("linear", Math.min(...low), Math.max(...high), box.bottom, box.top, 6);
  axes(pen, box, x, y, ink, { size, xName: me.labels.x_channel, yName: me.labels.y_weight });
  let widest = 0;
  for (let row = 1; row < rows; row += 1) if (Math.max(high[row], -low[row]) > Math.max(high[widest], -low[widest])) widest = row;
  const wide = Math.max(1, (box.right - box.left) / rows - 0.5);
  for (let row = 0; row < rows; row += 1) {
    pen.rect(x.at(row) - wide / 2, y.at(high[row]), wide, Math.max(1, y.at(low[row]) - y.at(high[row])), { color: row === widest ? ink.hard : ink.ce });
  }
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root });
  return withPayload(data.payload, (bytes) => {
    Object.assign(me, { labels: data.labels, tensor: readTensor(bytes) });
    if (!me.canvas) {
      me.canvas = element("canvas", { role: "img", "aria-label": data.labels.canvas });
      me.stage = element("div", { class: "stage" }, [me.canvas]);
      root.replaceChildren(me.stage);
      new ResizeObserver(() => soon(me, () => draw(me))).observe(me.stage);
    }
    draw(me);
    root.dataset.painted = data.payload;
  });
}

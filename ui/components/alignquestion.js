// The open question of the feedback loop, and what the answers so far have done to the held-out score.

function layout(me) {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const width = Math.max(240, me.stage.clientWidth);
  const size = Math.max(11, rem * 0.78);
  return { width, size, height: rem * 14, plot: { left: size * 3, right: width - size * 4, top: size * 2, bottom: rem * 14 - size * 3 } };
}

function draw(me) {
  const { labels, data } = me;
  me.ink = alignInk(me.canvas);
  const box = layout(me);
  const pen = canvasPen(sheetOf(me.canvas, box.width, box.height), themeColor(me.canvas, "--st-font", "sans-serif"));
  const { plot, size } = box;
  pen.rect(0, 0, box.width, box.height, { color: me.ink.ground });
  const x = scaleOf("linear", 0, Math.max(10, data.scores.length - 1), plot.left, plot.right, 5);
  const y = scaleOf("linear", 0, 1, plot.bottom, plot.top, 4);
  axes(pen, plot, x, y, me.ink, { size: size * 0.95, xName: labels.x, yName: labels.y });
  pen.path(data.scores.flatMap((score, k) => [x.at(k), y.at(score)]), { color: me.ink.aligned, width: 2.6 });
  data.scores.forEach((score, k) => {
    if (!k) return pen.dot(x.at(0), y.at(score), 4, { color: me.ink.text });
    const [u, v] = [x.at(k), y.at(score)];
    if (data.right[k - 1]) return pen.dot(u, v, 3.5, { color: me.ink.aligned });
    pen.path([u - 4, v - 4, u + 4, v + 4], { color: me.ink.broken, width: 2.2 });
    return pen.path([u - 4, v + 4, u + 4, v - 4], { color: me.ink.broken, width: 2.2 });
  });
  const last = data.scores.length - 1;
  pen.text(x.at(last) + 7, y.at(data.scores[last]), data.scores[last].toFixed(2), { color: me.ink.aligned, size, weight: 700, halo: me.ink.ground });
}

function build(me) {
  const { labels, data, head } = me;
  const picture = element("canvas", { width: head.side, height: head.side, class: "asked", role: "img", "aria-label": labels.picture });
  picture.getContext("2d").drawImage(me.sheet, (data.picture % head.columns) * head.side, Math.floor(data.picture / head.columns) * head.side, head.side, head.side, 0, 0, head.side, head.side);
  const words = element("div", { class: "words" }, [
    element("p", { class: "hint", text: labels.question }),
    element("p", { class: "caption", text: data.caption }),
    element("p", { class: "hint", text: fill(labels.sure, { cosine: data.cosine.toFixed(2).replace("-", "−") }) }),
  ]);
  me.canvas = element("canvas", { role: "img", "aria-label": fill(labels.canvas, { first: data.scores[0].toFixed(2), now: data.scores[data.scores.length - 1].toFixed(2), n: data.answers.length }) });
  me.stage = element("div", { class: "stage" }, [me.canvas]);
  const legend = element("p", { class: "legend" }, ["right", "wrong"].map((name) => element("span", { class: `sign ${name}`, text: labels[`legend_${name}`] })));
  me.root.replaceChildren(element("div", { class: "loop" }, [element("div", { class: "question" }, [picture, words]), element("div", {}, [me.stage, legend])]));
  me.watch?.disconnect();
  me.watch = new ResizeObserver(() => soon(me, () => draw(me)));
  me.watch.observe(me.stage);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root });
  me.theme?.disconnect();
  me.theme = new MutationObserver(() => me.data && soon(me, () => draw(me)));
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
  return withPayload(data.payload, async (bytes) => {
    const { head, parts } = unpack(bytes);
    me.sheet ??= await createImageBitmap(new Blob([parts[0]], { type: "image/webp" }));
    Object.assign(me, { data, labels: data.labels, head });
    build(me);
    draw(me);
    root.dataset.painted = `${data.answers}|${data.picture}`;
  });
}

// Pictures that a sentence finds, and what the model says of the one that is chosen: sentences, and the reader's classes.

function crop(me, place, size) {
  const { side, columns } = me.head;
  const canvas = element("canvas", { width: side, height: side, "aria-hidden": "true" });
  canvas.style.width = canvas.style.height = `${size}px`;
  canvas.getContext("2d").drawImage(me.sheet, (place % columns) * side, Math.floor(place / columns) * side, side, side, 0, 0, side, side);
  return canvas;
}

const signed = (value) => value.toFixed(2).replace("-", "−");

function barRow(name, part, said, kind) {
  const bar = element("span", { class: `fill ${kind}` });
  bar.style.width = `${Math.max(0, Math.min(1, part)) * 100}%`;
  return element("div", { class: "row" }, [element("span", { class: "name", text: name }), element("span", { class: "track" }, [bar]), element("span", { class: "value", text: said })]);
}

function build(me) {
  const { labels, data } = me;
  const tiles = data.hits.map(([place, cosine]) => {
    const tile = element("button", { type: "button", class: "tile", "aria-pressed": String(place === data.chosen), title: data.captions[place], "aria-label": fill(labels.tile, { caption: data.captions[place], cosine: signed(cosine) }) }, [crop(me, place, 84), element("span", { class: "value", text: signed(cosine) })]);
    tile.onclick = () => setControls({ shown: place + 1 === data.otherwise ? null : place + 1 });
    return tile;
  });
  const sentences = element("div", { class: "part" }, [element("h3", { text: labels.sentences }), ...data.sentences.map(([text, cosine]) => barRow(text, cosine, signed(cosine), text === data.captions[data.chosen] ? "own" : "other"))]);
  const classes = element("div", { class: "part" }, [element("h3", { text: labels.classes }), ...data.classes.map(([name, part]) => barRow(name, part, share(part), "other"))]);
  const subject = element("div", { class: "subject" }, [crop(me, data.chosen, 120), element("p", { text: fill(labels.chosen, { caption: data.captions[data.chosen] }) })]);
  me.root.replaceChildren(
    element("h3", { text: labels.pictures }),
    element("div", { class: "tiles", role: "group", "aria-label": labels.pictures }, tiles),
    element("div", { class: "about" }, [subject, sentences, classes]),
    element("p", { class: "legend" }, [element("span", { class: "key own", text: labels.legend_own }), element("span", { class: "key other", text: labels.legend_other })]),
  );
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root });
  return withPayload(data.payload, async (bytes) => {
    const { head, parts } = unpack(bytes);
    const sheet = me.name === data.payload ? me.sheet : await createImageBitmap(new Blob([parts[0]], { type: "image/webp" }));
    Object.assign(me, { data, labels: data.labels, head, sheet, name: data.payload });
    build(me);
    root.dataset.painted = JSON.stringify([data.hits, data.chosen]);
  });
}

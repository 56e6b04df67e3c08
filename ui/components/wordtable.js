// A table of words: some can be pressed and become the page's word, some cells are bars. All text is written as text.

/** A cell: a text, { words, set } (each word a button that sets a control), or { share, text, colour } (a bar). */
function cellOf(me, cell, tag) {
  if (typeof cell !== "object" || cell === null) return element(tag, { text: cell ?? "", scope: tag === "th" ? "row" : null });
  if ("words" in cell) {
    const words = cell.words.map((word) => {
      const button = element("button", { type: "button", class: "word", text: word, title: fill(me.labels.ask, { word }) });
      button.onclick = () => setControls({ ...cell.also, [cell.set]: word });
      return button;
    });
    return element(tag, { scope: tag === "th" ? "row" : null }, [element("span", { class: "words" }, words)]);
  }
  const bar = element("span", { class: cell.share < 0 ? "fill less" : "fill" });
  bar.style.setProperty("--share", Math.min(1, Math.abs(cell.share)).toFixed(4));
  if (cell.colour) bar.style.setProperty("--ink", cell.colour);
  return element(tag, { class: "barred" }, [bar, element("span", { class: "said", text: cell.text })]);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root });
  Object.assign(me, { labels: data.labels });
  const head = element("tr", {}, data.columns.map((text) => element("th", { scope: "col", text })));
  const rows = data.rows.map((row) => element("tr", {}, row.map((cell, at) => cellOf(me, cell, at ? "td" : "th"))));
  const table = element("table", {}, [
    ...(data.caption ? [element("caption", { text: data.caption })] : []),
    element("thead", {}, [head]),
    element("tbody", {}, rows),
  ]);
  root.replaceChildren(element("div", { class: data.columns.length > 3 ? "scroll wide" : "scroll", tabindex: "0", role: "region", "aria-label": data.caption || data.columns.join(", ") }, [table]));
  root.dataset.painted = String(data.rows.length);
}

// Chosen questions as pages to print: their text in the language the reader chose, each with its corrections written out
// below it. On paper nothing else remains; assets/style/print.css takes the rest of the page away.

function notesOf(article, kit) {
  const shown = notesShown();
  const ids = [...new Set([...article.querySelectorAll("button[data-note]")].map((button) => button.dataset.note))];
  return ids.map((id) => kit.notes[id]).filter((note) => shown === "all" || (shown === "core" && note.core));
}

function written(note, kit) {
  const marks = kit.labels;
  return element("li", {}, [
    element("strong", { text: `${note.id} ${marks[`grade_${note.grade}`]}` }), note.topic ? ` ${note.topic}` : "", " ",
    ...(note.sides ? [sideList(note, kit, (side) => side.question)] : [note.wrong, " "]),
    element("strong", { text: marks.correct }), " ", note.correct,
    ...(note.sources.length ? [element("span", { class: "from", text: ` (${note.sources.map((source) => source.title).join("; ")})` })] : []),
  ]);
}

/** Our own answer, which says on paper too that it is not the document's. */
function ours(question, kit, labels) {
  return question.answer ? [element("p", { class: "missing", lang: labels.lang, text: labels.own }), ownAnswer(question, kit)] : [];
}

function sheet(question, kit, labels) {
  const article = questionArticle(question, kit, { open: (asked) => ours(asked, kit, labels) });
  const notes = notesOf(article, kit);
  if (notes.length) {
    article.append(element("section", { class: "corrections", lang: labels.lang }, [
      element("h3", { text: labels.corrections }), element("ul", {}, notes.map((note) => written(note, kit))),
    ]));
  }
  return article;
}

function setPrinted(ids) {
  setControls({ print: ids.length === 90 ? "all" : ids.join(",") || "none" });
}

function chooser(me) {
  const { labels, sections } = me.data;
  const boxes = [];
  const picked = () => boxes.filter((box) => box.checked).map((box) => box.value);
  const every = (checked, text) => {
    const button = element("button", { type: "button", text });
    button.onclick = () => { for (const box of boxes) box.checked = checked; setPrinted(picked()); };
    return button;
  };
  const groups = me.kit.sections.map((section) => element("fieldset", {}, [
    element("legend", { text: sections[section.id] }),
    ...section.questions.map((question) => {
      const box = element("input", { type: "checkbox", value: question.id });
      box.onchange = () => setPrinted(picked());
      boxes.push(box);
      return element("label", { title: me.kit.titles[question.id] }, [box, question.id]);
    }),
  ]));
  me.boxes = boxes;
  // Whoever has chosen nothing yet came to choose.
  return element("details", { class: "choose", open: me.data.ids.length === 0 }, [
    element("summary", { text: labels.choose }), element("p", {}, [every(true, labels.all), " ", every(false, labels.none)]), ...groups,
  ]);
}

function tools(me) {
  const { labels } = me.data;
  const print = element("button", { type: "button", class: "go", text: labels.print });
  print.onclick = () => window.print();
  me.count = element("span", { role: "status" });
  return element("header", {}, [
    element("p", { class: "row" }, [insideLink(addressWith({ print: null }), labels.back), print, me.count]),
    readingBar(me.kit), chooser(me),
  ]);
}

function draw(me) {
  const { root, kit, data } = me;
  const { labels } = data;
  // A tick just made is not to be undone by what the server knew before it.
  if (new URLSearchParams(window.location.search).get("print") !== data.print) return;
  kit.link = (id, attributes) => insideLinkTo(id, attributes);
  if (me.built !== data.text) {
    me.pages = element("div", { class: "pages" });
    root.replaceChildren(tools(me), me.pages);
    root.chosen = null;
  }
  me.built = data.text;
  me.count.textContent = [fill(labels.shown, { n: data.ids.length }), data.unknown].join(" ");
  for (const box of me.boxes) box.checked = data.ids.includes(box.value);
  const byId = new Map(kit.sections.flatMap((section) => section.questions.map((question) => [question.id, question])));
  const shown = JSON.stringify([data.text, data.ids, notesShown()]);
  if (me.shown !== shown) {
    me.pages.replaceChildren(...data.ids.map((id) => sheet(byId.get(id), kit, labels)), element("p", { class: "imprint", text: data.ids.length ? labels.footer : labels.empty }));
    root.chosen = null;
  }
  me.shown = shown;
  applyChoices(root, kit);
  // A folded text would be missing on paper.
  for (const fold of root.querySelectorAll("details.other")) fold.classList.toggle("folded", !fold.open);
  root.dataset.ready = data.ids.join(",");
}

function insideLinkTo(id, attributes) {
  const link = element("a", { href: pageHref("reader", { q: id }), ...attributes });
  keepInside(link);
  return link;
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root });
  const moved = () => { if (me.kit) draw(me); };
  window.addEventListener("notes:address", moved);
  const forget = withKit(root, data.text, (kit) => {
    Object.assign(me, { kit, data });
    draw(me);
  });
  return () => {
    window.removeEventListener("notes:address", moved);
    forget();
  };
}

// The whole document: contents and search results on the left, the text on the right. The question that is open is
// in the URL; every question has its own link and leads to the page that shows it.

function searchTerms(terms) {
  const escaped = [...terms].sort((a, b) => b.length - a.length).map((term) => term.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return escaped.length ? new RegExp(escaped.map((term) => (/^\w/.test(term) ? `\\b${term}` : term)).join("|"), "giu") : null;
}

/** The texts that are read as one, with the nodes they are made of: marks cut a paragraph into many nodes. */
function* paragraphs(text) {
  for (const block of text.querySelectorAll("h2, p, li, pre")) {
    const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT, (node) =>
      node.parentElement.closest("h2, p, li, pre") === block ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_SKIP);
    const nodes = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) nodes.push(node);
    if (nodes.length) yield nodes;
  }
}

/** Mark what was searched for, with the browser's own highlights, so that the text itself stays as it is. */
function highlight(me, terms) {
  if (!window.CSS?.highlights) return;
  const pattern = searchTerms(terms);
  const ranges = [];
  for (const nodes of pattern ? paragraphs(me.text) : []) {
    const starts = [];
    let whole = "";
    for (const node of nodes) { starts.push(whole.length); whole += node.data; }
    const place = (at, end) => {
      const index = starts.findLastIndex((start) => (end ? start < at : start <= at));
      return [nodes[index], at - starts[index]];
    };
    for (const match of whole.matchAll(pattern)) {
      const range = new Range();
      range.setStart(...place(match.index, false));
      range.setEnd(...place(match.index + match[0].length, true));
      ranges.push(range);
    }
  }
  CSS.highlights.set("found", new Highlight(...ranges));
}

function questionLink(me, id, attributes = {}, children = []) {
  const link = element("a", { href: addressWith({ q: id, note: null }), "data-question": id, ...attributes }, children);
  link.addEventListener("pointerenter", () => link.setAttribute("href", addressWith({ q: id, note: null })));
  link.addEventListener("click", (event) => {
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    recordOpened(id);
    me.shown = null; // whoever asks for a question wants to see it, even if it is the open one
    show(me, id);
    // On a phone the text stands below its contents.
    if (me.text.offsetTop > me.side.offsetTop) me.text.scrollIntoView({ block: "start", behavior: "instant" });
    visit(addressWith({ q: id, note: null }));
  });
  return link;
}

function pictures(me, question) {
  const { labels, concepts } = me.data;
  return question.concepts.map((id) => {
    const concept = concepts[id];
    if (!concept.href) return element("span", { class: "planned", text: fill(labels.planned_picture, { page: concept.title }) });
    return choiceLink(concept.href.replace("%q", question.id), { class: "picture", text: fill(labels.picture, { page: concept.title }) });
  });
}

function named(me, id) {
  return [element("span", { class: "number", text: id }), me.kit.titles[id]];
}

/** What stands in place of an answer that the document does not give: ours, and the nearest questions. */
function unanswered(me, question) {
  const { labels } = me.data;
  const note = element("p", { class: "missing", lang: labels.lang, text: question.answer ? labels.own_answer : labels.unanswered });
  const nearest = [
    element("p", { lang: labels.lang, text: labels.nearest }),
    element("ul", {}, question.related.map((id) => element("li", { lang: labels.lang }, [questionLink(me, id, {}, named(me, id))]))),
  ];
  if (!question.answer) return [note, ...nearest];
  return [note, ownAnswer(question, me.kit), ...nearest];
}

function article(me, question, order) {
  const { labels } = me.data;
  const at = order.indexOf(question.id);
  const steps = [[order[at - 1], labels.previous, "‹ #"], [order[at + 1], labels.next, "# ›"]].filter(([id]) => id).map(([id, label, shape]) =>
    questionLink(me, id, { "aria-label": `${label} ${id}`, text: shape.replace("#", id) }));
  const node = questionArticle(question, me.kit, {
    number: questionLink(me, question.id, { class: "number", title: labels.link, text: question.id }),
    open: (asked) => unanswered(me, asked),
  });
  node.id = question.id;
  node.tabIndex = -1;
  node.append(element("p", { class: "foot", lang: labels.lang }, [...pictures(me, question), ...steps]));
  return node;
}

/** The pages that show a question, as a colour and a short word each: the same as on the map of the questions. */
function tags(me, question) {
  return question.concepts.map((id) => element("span", { class: `tag ${id}`, text: me.data.concepts[id].code, title: me.data.concepts[id].title }));
}

function contents(me) {
  return me.kit.sections.map((section) => {
    const list = element("ol", {}, section.questions.map((question) => element("li", {}, [questionLink(me, question.id, {}, [...named(me, question.id), ...tags(me, question)])])));
    return element("details", { open: true }, [
      element("summary", { text: `${me.data.sections[section.id]} (${fill(me.data.labels.count, { n: section.questions.length })})` }), list,
    ]);
  });
}

function results(me) {
  const { results: found, labels } = me.data;
  const clear = element("button", { type: "button", text: labels.clear });
  clear.onclick = () => setControls({ find: null });
  const list = element("ol", { class: "results" }, found.hits.map((hit) => {
    const snippet = element("span", { class: "snippet", lang: "zh-Hant" });
    snippet.innerHTML = hit.snippet;
    return element("li", {}, [questionLink(me, hit.id, {}, [...named(me, hit.id), snippet])]);
  }));
  return [element("p", { role: "status", text: found.said }), clear, list];
}

function show(me, id) {
  for (const link of me.side.querySelectorAll("[data-question]")) link.toggleAttribute("aria-current", link.dataset.question === id);
  const target = me.text.querySelector(`[id="${id}"]`);
  if (!target || me.shown === id) return;
  me.shown = id;
  me.text.querySelector("article.open")?.classList.remove("open");
  target.classList.add("open");
  hold(me, () => {
    me.text.scrollTo({ top: target.offsetTop - 8, behavior: "instant" });
    const entry = me.side.querySelector("[aria-current]");
    if (entry) me.side.scrollTo({ top: entry.offsetTop - me.side.clientHeight / 3, behavior: "instant" });
  });
}

/** Open the note that the address names, once for each address that names it. */
function showNote(me) {
  const asked = new URLSearchParams(window.location.search);
  const wanted = asked.get("note") ? `${me.shown} ${asked.get("note")}` : null;
  if (me.noted === wanted) return;
  me.noted = wanted;
  const article = me.text.querySelector("article.open");
  const marks = wanted ? [...article.querySelectorAll(`button[data-note="${CSS.escape(asked.get("note"))}"]`)] : [];
  const mark = marks.find((one) => one.checkVisibility());
  if (!mark) return;
  hold(me, () => {
    const gone = mark.getBoundingClientRect().top - me.text.getBoundingClientRect().top - me.text.clientHeight / 3;
    me.text.scrollBy({ top: gone, behavior: "instant" });
  });
  openMark(me.root, mark);
}

function build(me) {
  const order = me.kit.sections.flatMap((section) => section.questions.map((question) => question.id));
  me.side = element("nav", { class: "side", tabindex: "0" });
  me.text = element("div", { class: "text", tabindex: "0", role: "region", "aria-label": me.data.labels.document }, me.kit.sections.flatMap((section) => [
    element("p", { class: "section", text: me.data.sections[section.id], lang: me.data.labels.lang }),
    ...section.questions.map((question) => article(me, question, order)),
  ]));
  const ways = me.data.ways.map((way) => choiceLink(way.href, { text: way.text }));
  const head = element("div", { class: "head" }, [element("p", { class: "elsewhere" }, ways), readingBar(me.kit)]);
  me.root.replaceChildren(head, me.side, me.text);
  keepPlace(me, [me.side, me.text], me.text.children);
  me.root.chosen = null;
  me.shown = me.listed = null;
}

function draw(me, data) {
  me.data = data;
  if (me.built !== data.text) build(me);
  me.built = data.text;
  applyChoices(me.root, me.kit);
  const searching = data.results !== null;
  me.side.setAttribute("aria-label", searching ? data.labels.results : data.labels.toc);
  const wanted = JSON.stringify([data.labels.lang, data.results]);
  if (me.listed !== wanted) {
    me.side.replaceChildren(...(searching ? results(me) : contents(me)));
    highlight(me, searching ? data.results.terms : []);
  }
  me.listed = wanted;
  show(me, data.current);
  if (new URLSearchParams(window.location.search).get("q")) recordOpened(data.current);
  showNote(me);
  me.root.dataset.ready = data.current;
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root });
  const moved = () => { if (me.kit) { applyChoices(root, me.kit); showNote(me); } };
  window.addEventListener("notes:address", moved);
  const forget = withKit(root, data.text, (kit) => {
    me.kit = kit;
    kit.link = (id, attributes) => questionLink(me, id, attributes);
    draw(me, data);
  });
  return () => {
    window.removeEventListener("notes:address", moved);
    forget();
  };
}

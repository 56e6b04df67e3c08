// The whole document: contents and search results on the left, the text on the right. The question that is open is
// in the URL; every question has its own link and leads to the page that shows it.

function searchTerms(terms) {
  const escaped = [...terms].sort((a, b) => b.length - a.length).map((term) => term.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return escaped.length ? new RegExp(escaped.map((term) => (/^\w/.test(term) ? `\\b${term}` : term)).join("|"), "giu") : null;
}

/** Mark what was searched for, with the browser's own highlights, so that the text itself stays as it is. */
function highlight(me, terms) {
  if (!window.CSS?.highlights) return;
  const pattern = searchTerms(terms);
  const ranges = [];
  if (pattern) {
    const walker = document.createTreeWalker(me.text, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      for (const match of node.data.matchAll(pattern)) {
        const range = new Range();
        range.setStart(node, match.index);
        range.setEnd(node, match.index + match[0].length);
        ranges.push(range);
      }
    }
  }
  CSS.highlights.set("found", new Highlight(...ranges));
}

function questionLink(me, id, extra = {}) {
  const link = element("a", { href: addressWith({ q: id }), "data-question": id, ...extra });
  link.addEventListener("pointerenter", () => link.setAttribute("href", addressWith({ q: id })));
  link.addEventListener("click", (event) => {
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    show(me, id);
    visit(addressWith({ q: id }));
  });
  return link;
}

function pictures(me, question) {
  const { labels, concepts } = me.data;
  return question.concepts.map((id) => {
    const concept = concepts[id];
    if (!concept.href) return element("span", { class: "planned", text: fill(labels.planned_picture, { page: concept.title }) });
    const link = element("a", { class: "picture", href: concept.href.replace("%q", question.id), text: fill(labels.picture, { page: concept.title }) });
    keepInside(link);
    return link;
  });
}

function article(me, question, order) {
  const { labels } = me.data;
  const title = element("h2", { id: `title-${question.id}` });
  title.innerHTML = question.heading;
  title.prepend(questionLink(me, question.id, { class: "number", title: labels.link }));
  title.querySelector("a").textContent = question.id;
  const body = element("div", { class: "body", lang: "zh-Hant" });
  body.innerHTML = question.body;
  if (!question.answered) {
    body.lang = labels.lang;
    body.replaceChildren(
      element("p", { class: "missing", text: labels.unanswered }),
      element("p", { text: labels.nearest }),
      element("ul", {}, question.related.map((other) => {
        const link = questionLink(me, other.id, { lang: "zh-Hant" });
        link.append(element("span", { class: "number", text: other.id }), other.title);
        return element("li", {}, [link]);
      })),
    );
  }
  const at = order.indexOf(question.id);
  const steps = [[order[at - 1], labels.previous, "‹ "], [order[at + 1], labels.next, "› "]].filter(([id]) => id).map(([id, label, sign]) => {
    const link = questionLink(me, id, { "aria-label": `${label} ${id}` });
    link.textContent = `${sign}${id}`;
    return link;
  });
  const foot = element("p", { class: "foot", lang: labels.lang }, [...pictures(me, question), ...steps]);
  return element("article", { id: question.id, "aria-labelledby": title.id, lang: "zh-Hant", tabindex: "-1" }, [title, body, foot]);
}

function contents(me) {
  return me.sections.map((section) => {
    const list = element("ol", {}, section.questions.map((question) => {
      const link = questionLink(me, question.id, { lang: "zh-Hant" });
      link.append(element("span", { class: "number", text: question.id }), question.title);
      return element("li", {}, [link]);
    }));
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
    const link = questionLink(me, hit.id, { lang: "zh-Hant" });
    const snippet = element("span", { class: "snippet" });
    snippet.innerHTML = hit.snippet;
    link.append(element("span", { class: "number", text: hit.id }), me.titles.get(hit.id), snippet);
    return element("li", {}, [link]);
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
  me.text.scrollTo({ top: target.offsetTop - me.text.offsetTop, behavior: "instant" });
  const entry = me.side.querySelector("[aria-current]");
  if (entry) me.side.scrollTo({ top: entry.offsetTop - me.side.offsetTop - me.side.clientHeight / 3, behavior: "instant" });
}

function build(me) {
  const order = me.sections.flatMap((section) => section.questions.map((question) => question.id));
  me.titles = new Map(me.sections.flatMap((section) => section.questions.map((question) => [question.id, question.title])));
  me.side = element("nav", { class: "side", tabindex: "0" });
  me.text = element("div", { class: "text", tabindex: "0", role: "region", "aria-label": me.data.labels.document }, me.sections.flatMap((section) => [
    element("p", { class: "section", text: me.data.sections[section.id], lang: me.data.labels.lang }),
    ...section.questions.map((question) => article(me, question, order)),
  ]));
  me.root.replaceChildren(me.side, me.text);
  me.shown = null;
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root });
  return withPayload(data.text, (bytes) => {
    const relabelled = me.data?.labels.lang !== data.labels.lang;
    me.data = data;
    me.sections ??= JSON.parse(new TextDecoder().decode(bytes));
    if (relabelled) build(me);
    const searching = data.results !== null;
    me.side.setAttribute("aria-label", searching ? data.labels.results : data.labels.toc);
    const wanted = JSON.stringify([data.labels.lang, data.results]);
    if (me.listed !== wanted) me.side.replaceChildren(...(searching ? results(me) : contents(me)));
    me.listed = wanted;
    highlight(me, searching ? data.results.terms : []);
    show(me, data.current);
    root.dataset.ready = data.current;
  });
}

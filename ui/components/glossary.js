// The glossary: all terms by subject, or those that a search finds, the best first. The list follows every letter.

const DEFAULTS = { find: "", group: "all" };
const SHOWN_QUESTIONS = 12;

function names(me, term) {
  return me.data.labels.lang === "en" ? [[term.en, "en"], [term.zh, "zh-Hant"]] : [[term.zh, "zh-Hant"], [term.en, "en"]];
}

function places(me, term) {
  const { labels } = me.data;
  const links = term.questions.map((id) => {
    const link = insideLink(pageHref("reader", { q: id }), id);
    link.title = me.kit.titles[id];
    return link;
  });
  const near = links.slice(0, SHOWN_QUESTIONS).flatMap((link) => [link, " "]);
  const far = links.slice(SHOWN_QUESTIONS).flatMap((link) => [link, " "]);
  if (!links.length) return [];
  const rest = far.length ? [element("details", {}, [element("summary", { text: fill(labels.more, { n: links.length - SHOWN_QUESTIONS }) }), ...far])] : [];
  return [element("p", { class: "questions" }, [`${labels.questions} `, ...near]), ...rest];
}

function entry(me, term) {
  const { labels, marks } = me.data;
  const [[first, firstLang], [second, secondLang]] = names(me, term);
  const title = element("h3", { id: `term-${term.id}` }, [
    element("span", { lang: firstLang, text: first }), ...(second === first ? [] : [element("span", { class: "second", lang: secondLang, text: second })]),
  ]);
  const live = term.page ? [element("p", { class: "ways" }, [insideLink(pageHref(term.page, {}), fill(marks.live, { page: term.title }))])] : [];
  return element("article", { "aria-labelledby": title.id, "data-id": term.id }, [
    title, element("p", { class: "meaning", text: term.text }),
    ...(term.also.length ? [element("p", { class: "also", text: `${labels.also} ${term.also.join(labels.lang === "en" ? ", " : "、")}` })] : []),
    ...live, ...places(me, term),
  ]);
}

/** How well a term answers a search: 0 not at all; its names before its meaning, whole names before parts. */
function rank(me, term, sought) {
  const own = me.names.get(term.id);
  if (own.includes(sought)) return 4;
  if (own.some((name) => name.startsWith(sought))) return 3;
  if (own.some((name) => name.includes(sought))) return 2;
  return sought.length > 1 && folded(term.text).includes(sought) ? 1 : 0;
}

function sift(me) {
  const wanted = wantedNow(DEFAULTS);
  const field = me.bar.querySelector("[data-name=find]");
  if (field.getRootNode().activeElement === field) wanted.find = field.value.trim();
  syncFields(me.bar, wanted);
  const { labels, groups } = me.data;
  const sought = folded(wanted.find).replace(/[\s-]+/g, " ");
  const scored = me.kit.terms.filter((term) => wanted.group === "all" || term.group === wanted.group).map((term) => [term, sought ? rank(me, term, sought) : 1]);
  const shown = scored.filter(([, score]) => score);
  // A stable sort keeps the alphabet within one rank.
  const ordered = sought ? shown.toSorted((a, b) => b[1] - a[1]) : shown;
  const nodes = [];
  if (sought) nodes.push(...ordered.map(([term]) => me.entries.get(term.id)));
  else for (const [group, title] of Object.entries(groups)) {
    const own = ordered.filter(([term]) => term.group === group);
    if (own.length) nodes.push(element("h2", { text: title }), ...own.map(([term]) => me.entries.get(term.id)));
  }
  me.list.replaceChildren(...nodes);
  me.said.textContent = shown.length ? fill(labels.count, { n: shown.length, total: me.kit.terms.length }) : fill(labels.nothing, { query: wanted.find });
  me.clear.hidden = !wanted.find && wanted.group === "all";
  me.root.dataset.ready = String(shown.length);
}

function build(me) {
  const { labels, groups } = me.data;
  me.names = new Map(me.kit.terms.map((term) => [term.id, [term.zh, term.en, ...term.also].map((name) => folded(name).replace(/[\s-]+/g, " "))]));
  me.entries = new Map(me.kit.terms.map((term) => [term.id, entry(me, term)]));
  me.bar = element("div", { class: "filters", role: "search", "aria-label": labels.filters }, [
    searchField("find", labels.find, labels.find_hint, () => sift(me)),
    chooseField("group", labels.group, [["all", labels.any], ...Object.entries(groups)]),
  ]);
  me.said = element("span", { role: "status" });
  me.clear = element("button", { type: "button", text: labels.clear });
  me.clear.onclick = () => {
    me.bar.querySelector("[data-name=find]").value = "";
    setControls({ find: null, group: null });
  };
  me.list = element("div", { class: "list" });
  me.root.replaceChildren(
    element("h1", { text: labels.title }), element("p", { class: "lead", text: labels.lead }),
    me.bar, element("p", { class: "count" }, [me.said, me.clear]), me.list,
  );
}

export default function ({ data, parentElement }) {
  return listPage(parentElement.querySelector(".root"), data, build, sift);
}

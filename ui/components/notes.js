// The list of corrections. Every note is drawn once; filters, kept in the address, hide what they do not ask for.

const DEFAULTS = { find: "", grades: "", level: "all", section: "all", about: "", live: "0", order: "number" };
const GRADES = ["error", "outdated", "imprecise", "term", "contradiction"];

function readerLink(me, note, question) {
  const link = insideLink(pageHref("reader", { q: question, note: note.id, ...(note.core ? {} : { notes: "all" }) }), "");
  link.append(element("span", { class: "number", text: question }), me.kit.titles[question]);
  return link;
}

/** The words of one question that a note stands on; in English also those of the summary that repeat them. */
function placeOf(me, note, question) {
  const { labels } = me.data;
  const places = note.places.filter((place) => place.question === question);
  const quotes = places.map((place) => element("blockquote", { lang: "zh-Hant" }, [place.phrase, ...(rightPlace(note, place) ? [" ", element("strong", { lang: labels.lang, text: me.data.marks.right })] : [])]));
  const english = labels.lang === "en" ? [...new Set(places.map((place) => place.english).filter(Boolean))] : [];
  if (english.length) quotes.push(element("p", { class: "english" }, [labels.summary, ...english.flatMap((words) => [" ", element("q", { text: words })])]));
  return element("div", { class: "place" }, [element("p", { class: "where" }, [readerLink(me, note, question)]), ...quotes]);
}

function rightPlace(note, place) {
  return note.sides?.some((side) => side.right && side.question === place.question && side.phrase === place.phrase);
}

function entry(me, note) {
  const { labels, marks } = me.data;
  const title = element("h2", { id: `note-${note.id}` }, [
    element("span", { class: "number", text: note.id }), element("span", { class: "grade", text: marks[`grade_${note.grade}`] }),
    ...(note.topic ? [element("span", { text: note.topic })] : []), ...(note.core ? [] : [element("span", { class: "level", text: labels.small })]),
  ]);
  const questions = [...new Set(note.places.map((place) => place.question))];
  const also = (note.notes ?? []).flatMap((id) => [" ", insideLink(pageHref("notes", { find: id }), id)]);
  return element("article", { "data-grade": note.grade, "aria-labelledby": title.id, "data-id": note.id }, [
    title,
    ...questions.map((question) => placeOf(me, note, question)),
    ...(note.wrong ? [element("p", {}, [element("strong", { text: marks.wrong }), " ", note.wrong])] : []),
    element("p", { class: "correct" }, [element("strong", { text: marks.correct }), " ", note.correct]),
    ...(note.sources.length ? [element("p", { class: "label", text: note.checked ? marks.sources : marks.unchecked }), sourceList(note.sources)] : []),
    ...(also.length ? [element("p", {}, [marks.see_also, ...also])] : []),
    ...(note.show ? [element("p", { class: "ways" }, [liveLink(note.show, marks)])] : []),
  ]);
}

/** What a note is found by: its number, its words in the document, both statements, its questions and sources. */
function words(me, note) {
  const places = note.places.flatMap((place) => [place.question, place.phrase, place.english, me.kit.titles[place.question]]);
  return folded([note.id, note.topic ?? "", note.wrong ?? "", note.correct, ...places, ...note.sources.map((source) => source.title)].join("\n"));
}

function fits(me, note, wanted) {
  const grades = wanted.grades.split(",").filter(Boolean);
  return (!grades.length || grades.includes(note.grade))
    && (wanted.level === "all" || (wanted.level === "core") === note.core)
    && (wanted.section === "all" || note.places.some((place) => place.section === wanted.section))
    && (!wanted.about || note.places.some((place) => place.question === wanted.about.toUpperCase()))
    && (wanted.live !== "1" || note.show)
    && folded(wanted.find).split(/\s+/).every((word) => me.words.get(note.id).includes(word));
}

function bar(me) {
  const { labels, marks, sections } = me.data;
  const grades = GRADES.map((grade) => tick(marks[`grade_${grade}`], false, () => {
    const picked = [...me.bar.querySelectorAll("[data-name=grades]:checked")].map((box) => box.value);
    setControls({ grades: picked.length && picked.length < GRADES.length ? picked.join(",") : null });
  }, { value: grade, "data-name": "grades" }));
  return element("div", { class: "filters", role: "search", "aria-label": labels.filters }, [
    searchField("find", labels.find, labels.find_hint, () => sift(me)),
    chooseField("section", labels.section, [["all", labels.any], ...Object.entries(sections)]),
    chooseField("about", labels.about, [["", labels.any], ...Object.keys(me.kit.titles).map((id) => [id, id])]),
    chooseField("level", labels.level, [["all", labels.level_all], ["core", labels.level_core], ["small", labels.level_small]]),
    chooseField("order", labels.order, [["number", labels.order_number], ["document", labels.order_document]]),
    element("fieldset", { class: "ticks" }, [element("legend", { text: labels.grades }), ...grades]),
    tick(labels.live, false, (checked) => setControls({ live: checked || null }), { value: "1", "data-name": "live" }),
  ]);
}

/** Hide what the filters leave out, put the rest in order, and say how many there are. */
function sift(me) {
  const wanted = wantedNow(DEFAULTS);
  const field = me.bar.querySelector("[data-name=find]");
  if (field.getRootNode().activeElement === field) wanted.find = field.value.trim();
  syncFields(me.bar, wanted);
  const { labels } = me.data;
  const shown = me.kit.notes.filter((note) => fits(me, note, wanted));
  const ids = new Set(shown.map((note) => note.id));
  for (const [id, node] of me.entries) node.hidden = !ids.has(id);
  if (me.order !== wanted.order) {
    const at = (note) => Object.keys(me.kit.titles).indexOf(note.places[0].question);
    const ordered = wanted.order === "document" ? [...me.kit.notes].sort((a, b) => at(a) - at(b)) : me.kit.notes;
    me.list.append(...ordered.map((note) => me.entries.get(note.id)));
    me.order = wanted.order;
  }
  me.said.textContent = shown.length ? fill(labels.count, { n: shown.length, total: me.kit.notes.length }) : labels.nothing;
  me.clear.hidden = Object.entries(DEFAULTS).every(([name, value]) => wanted[name] === value);
  me.root.dataset.ready = String(shown.length);
}

function build(me) {
  const { labels } = me.data;
  me.words = new Map(me.kit.notes.map((note) => [note.id, words(me, note)]));
  me.entries = new Map(me.kit.notes.map((note) => [note.id, entry(me, note)]));
  me.bar = bar(me);
  me.said = element("span", { role: "status" });
  me.clear = element("button", { type: "button", text: labels.clear });
  me.clear.onclick = () => {
    me.bar.querySelector("[data-name=find]").value = "";
    setControls(Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, null])));
  };
  me.list = element("div", { class: "list" }, [...me.entries.values()]);
  me.order = "number";
  me.root.replaceChildren(
    element("h1", { text: labels.title }), element("p", { class: "lead", text: labels.lead }),
    me.bar, element("p", { class: "count" }, [me.said, me.clear]), me.list,
  );
}

export default function ({ data, parentElement }) {
  return listPage(parentElement.querySelector(".root"), data, build, sift);
}

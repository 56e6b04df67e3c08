// One question of the document as every page shows it: the reader's own language first, the other beside it, with the
// marks of `marks.js`; what to explain first, how long it takes; and a record, kept in this browser, of what was opened.

const RECORD = "illustrated-notes.opened";

/** What of the two languages is shown: "zh", "en" or "both"; in `folded` the other one is a closed heading. */
function textShown(lang) {
  const asked = new URLSearchParams(window.location.search).get("text") ?? "auto";
  if (asked !== "auto") return { mode: asked, folded: false };
  return { mode: "both", folded: lang !== "en" };
}

/** The questions that were opened in this browser: id -> when first, as an ISO time. */
function openedRecord() {
  try {
    const found = JSON.parse(window.localStorage.getItem(RECORD));
    return found && typeof found === "object" && !Array.isArray(found) ? found : {};
  } catch {
    return {};
  }
}

function recordOpened(id) {
  const record = openedRecord();
  if (!id || id in record) return;
  try {
    window.localStorage.setItem(RECORD, JSON.stringify({ ...record, [id]: new Date().toISOString() }));
  } catch { /* a browser that keeps nothing keeps no record */ }
}

/** Hand `use` the texts and what their marks open, read once from the payload `id`. Returns a function that stops. */
function withKit(root, id, use) {
  if (root.payload === id) {
    use(root.kit);
    return () => {};
  }
  return withPayload(id, (bytes) => {
    wireMarks(root, JSON.parse(new TextDecoder().decode(bytes)));
    root.payload = id;
    use(root.kit);
  });
}

/** An address made without them, with how the reader wants the text shown. */
function withChoices(href) {
  const [path, query] = href.split("?");
  const wanted = new URLSearchParams(query);
  const now = new URLSearchParams(window.location.search);
  for (const name of ["notes", "text"]) if (now.has(name)) wanted.set(name, now.get(name));
  return `${path}?${wanted}`;
}

/** A link inside the dashboard that goes on showing the text as it is shown now (`applyChoices` keeps it so). */
function choiceLink(href, attributes = {}, children = []) {
  const link = element("a", { href: withChoices(href), "data-base": href, ...attributes }, children);
  keepInside(link);
  return link;
}

function picker(name, label, options) {
  const select = element("select", {}, options.map(([value, text]) => element("option", { value, text })));
  select.onchange = () => setControls({ [name]: select.value === options[0][0] ? null : select.value });
  return element("label", { class: "pick", "data-control": name }, [element("span", { text: label }), select]);
}

/** The two switches of every text: which notes are marked, and which language stands beside which. */
function readingBar(kit) {
  const { labels } = kit;
  const texts = labels.lang === "en" ? ["auto", "en", "zh"] : ["auto", "both", "en"];
  return element("div", { class: "bar", role: "group", "aria-label": labels.bar, lang: labels.lang }, [
    picker("notes", labels.notes, [["core", labels.notes_core], ["all", labels.notes_all], ["off", labels.notes_off]]),
    picker("text", labels.text, texts.map((name) => [name, labels[`text_${name}`]])),
  ]);
}

/** Bring what is drawn in step with the address: marks on or off, one language or both. */
function applyChoices(root, kit) {
  const asked = new URLSearchParams(window.location.search);
  const { mode, folded } = textShown(kit.labels.lang);
  root.dataset.notes = notesShown();
  root.dataset.text = mode;
  for (const link of root.querySelectorAll("a[data-base]")) link.setAttribute("href", withChoices(link.dataset.base));
  for (const select of root.querySelectorAll(".pick select")) {
    select.value = asked.get(select.parentElement.dataset.control) ?? select.options[0].value;
    // A link may hold what this language does not offer because it is its first choice anyway.
    if (select.selectedIndex < 0) select.selectedIndex = 0;
  }
  const wanted = `${mode} ${folded}`;
  if (root.chosen !== wanted) for (const fold of root.querySelectorAll("details.other")) fold.open = !folded;
  root.chosen = wanted;
}

/** Scroll to what was asked for, now and again whenever heights change (`keepPlace`). */
function hold(me, place) {
  me.place = place;
  place();
}

/** Repeat what was held whenever one of these changes its size: the page's own sheet may arrive after the text, and
 *  until then nothing in it scrolls. It ends when the reader puts a hand on a pane. */
function keepPlace(me, panes, inside) {
  me.sizes?.disconnect();
  me.sizes = new ResizeObserver(() => me.place?.());
  for (const node of [...panes, ...inside]) me.sizes.observe(node);
  for (const kind of ["wheel", "touchmove", "pointerdown", "keydown"]) {
    for (const pane of panes) pane.addEventListener(kind, () => { me.place = null; }, { capture: true, passive: true });
  }
}

function ownAnswer(question, kit) {
  const answer = element("div", { class: "own", lang: kit.labels.lang });
  answer.innerHTML = question.answer;
  // A link to a page goes there in the reader's language and mode.
  const now = new URLSearchParams(window.location.search);
  const kept = ["lang", "present"].filter((name) => now.has(name)).map((name) => [name, now.get(name)]);
  for (const link of answer.querySelectorAll("a[href^='/']")) {
    const [page, query] = link.getAttribute("href").split("?");
    link.replaceWith(choiceLink(`${page}?${new URLSearchParams([...kept, ...new URLSearchParams(query)])}`, {}, link.childNodes));
  }
  return answer;
}

function chineseText(question) {
  const body = element("div", { class: "body", lang: "zh-Hant" });
  body.innerHTML = question.body;
  return body;
}

function englishText(question) {
  const body = element("div", { class: "summary", lang: "en" });
  body.innerHTML = question.summary;
  body.prepend(element("p", { class: "asked", text: question.asked }));
  return body;
}

function chineseTitle(question) {
  const title = element("p", { class: "title", lang: "zh-Hant" });
  title.innerHTML = question.zh;
  return title;
}

/** The text that is not in the reader's language, under a heading that folds it away. */
function otherText(question, kit) {
  const english = kit.labels.lang === "en";
  if (!question.answered) {
    const asked = english ? chineseTitle(question) : element("p", { class: "title", lang: "en", text: question.asked });
    asked.classList.add("other", english ? "zh" : "en");
    return [asked];
  }
  const content = english ? [chineseTitle(question), chineseText(question)] : [element("p", { class: "title", lang: "en", text: question.en }), englishText(question)];
  const { folded } = textShown(kit.labels.lang);
  return [element("details", { class: `other ${english ? "zh" : "en"}`, open: !folded }, [element("summary", { lang: kit.labels.lang, text: kit.labels.other }), ...content])];
}

/** Minutes, what to explain first (`kit.link` makes a link to a question), and whatever the page adds. */
function aids(question, kit, extra = []) {
  const { labels } = kit;
  const first = question.first.map((id) => kit.link(id, { title: kit.titles[id], text: id }));
  return element("p", { class: "aids", lang: labels.lang }, [
    element("span", { text: fill(labels.minutes, { n: question.minutes }), title: labels.minutes_rule }),
    ...(question.against.length ? [element("span", { class: "against" }, [labels.against, ...question.against.flatMap((id) => [" ", element("button", { type: "button", class: "note core contra", "data-note": id })])])] : []),
    ...(first.length ? [element("span", { class: "first" }, [labels.first, ...first.flatMap((link) => [" ", link])])] : []),
    ...extra,
  ]);
}

/** The article of one question. `number` stands before its title, `extra` behind its reading aids; `open` gives what
 *  the page says of a question that the document leaves open. */
function questionArticle(question, kit, { number, open, extra } = {}) {
  const { labels } = kit;
  const english = labels.lang === "en";
  const title = element("h2", { id: `title-${question.id}`, lang: english ? "en" : "zh-Hant" });
  if (english) title.textContent = question.en;
  else title.innerHTML = question.zh;
  title.prepend(number ?? element("span", { class: "number", text: question.id }));
  const own = english ? [englishText(question)] : question.answered ? [chineseText(question)] : [];
  const article = element("article", { "aria-labelledby": title.id, lang: english ? "en" : "zh-Hant" }, [
    title,
    aids(question, kit, extra),
    ...(question.sample ? [element("p", { class: "sample", lang: labels.lang, text: labels.sample })] : []),
    element("div", { class: `mine ${english ? "en" : "zh"}` }, own),
    ...(question.answered ? [] : open(question)),
    ...otherText(question, kit),
  ]);
  nameMarks(article, kit);
  return article;
}

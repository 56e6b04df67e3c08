// What the marks in a text open: a note of the editor or a term's meaning, on a small card in the browser's top layer.
// Marks are spans over the text and empty buttons behind it; the text itself is never touched. A component hands its
// kit over once (`wireMarks`): labels, notes and terms by id, and the texts' own element.

const HOVER_MS = 250;
const LEAVE_MS = 200;

/** How much the reader wants marked: "off", "core" or "all". */
function notesShown() {
  return new URLSearchParams(window.location.search).get("notes") ?? "core";
}

/** Names for the handles in `node`; all terms of one text are one stop for the keyboard. */
function nameMarks(node, kit) {
  for (const button of node.querySelectorAll("button[data-note]")) {
    const note = kit.notes[button.dataset.note];
    button.setAttribute("aria-label", fill(kit.labels.open, { id: note.id, grade: kit.labels[`grade_${note.grade}`] }));
    button.setAttribute("aria-haspopup", "dialog");
  }
  [...node.querySelectorAll("[data-term]")].forEach((term, at) => {
    term.setAttribute("role", "button");
    term.setAttribute("aria-haspopup", "dialog");
    term.tabIndex = at ? -1 : 0;
  });
}

/** Answer the marks under `root` for as long as it lives; the kit may change with the language. */
function wireMarks(root, kit) {
  root.kit = kit;
  if (root.wired) return;
  root.wired = true;
  root.addEventListener("click", (event) => pressed(root, event));
  // A press on the open card's own handle closes the card before its click arrives, which must not open it again.
  root.addEventListener("pointerdown", () => { root.held = root.card?.matches(":popover-open") ? root.opener : null; });
  root.addEventListener("keydown", (event) => keyed(root, event));
  root.addEventListener("pointerover", (event) => { if (event.pointerType === "mouse") hovered(root, event.target.closest("[data-term]")); });
  root.addEventListener("pointerleave", () => hovered(root, null));
  root.addEventListener("focusin", (event) => { if (event.target.matches("[data-term]:focus-visible")) showTip(root, event.target); });
  root.addEventListener("focusout", () => hideTip(root));
}

/** The innermost mark around `target` that the reader wants to see; what is wrong comes before what contradicts it. */
function markAt(target) {
  const shown = notesShown();
  const marks = [];
  for (let mark = target.closest("[data-term], [data-note]"); mark; mark = mark.parentElement?.closest("[data-term], [data-note]")) {
    if (mark.dataset.term || shown === "all" || (shown === "core" && mark.classList.contains("core"))) marks.push(mark);
  }
  return target.matches("button") ? marks[0] : marks.find((mark) => !mark.classList.contains("contra")) ?? marks[0];
}

function pressed(root, event) {
  const { target } = event;
  // Words that set the picture come first, and a hand that selects text wants no card.
  if (target.closest("[data-bind]") && !target.closest("button")) return;
  const mark = markAt(target);
  if (!mark) return;
  if (!mark.matches("button, [role=button]") && String(window.getSelection())) return;
  openMark(root, mark);
}

function keyed(root, event) {
  const term = event.target.closest?.("[data-term]");
  if (!term || event.target !== term) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    openMark(root, term);
  }
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const terms = [...term.closest("article").querySelectorAll("[data-term]")].filter((one) => one.checkVisibility?.() ?? true);
  const next = terms[(terms.indexOf(term) + step + terms.length) % terms.length];
  term.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

/** Open what a mark stands for; a note's phrase opens at the button behind it. */
function openMark(root, mark) {
  hideTip(root);
  const { kit } = root;
  if (mark.dataset.term) return openCard(root, mark, termCard(kit.terms[mark.dataset.term], kit));
  const buttons = [...mark.closest("article").querySelectorAll(`button[data-note="${mark.dataset.note}"]`)];
  const button = mark.matches("button") ? mark : buttons.find((one) => mark.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING);
  return openCard(root, button ?? buttons[0], noteCard(kit.notes[mark.dataset.note], kit));
}

function cardOf(root) {
  if (root.card) return root.card;
  const card = element("div", { class: "card", popover: "auto", role: "dialog", tabindex: "-1", "aria-labelledby": "card-title" });
  const place = () => { if (card.matches(":popover-open")) placeBeside(card, root.opener); };
  card.addEventListener("toggle", (event) => {
    root.opener?.toggleAttribute("data-open", event.newState === "open");
    if (event.newState === "open") return;
    if (card.returning || card.contains(card.getRootNode().activeElement)) root.opener?.focus({ preventScroll: true });
    card.returning = false;
  });
  card.addEventListener("focusout", (event) => { if (event.relatedTarget && !card.contains(event.relatedTarget)) card.hidePopover(); });
  card.addEventListener("keydown", (event) => { card.returning = event.key === "Escape"; });
  window.addEventListener("resize", place);
  window.addEventListener("scroll", place, { capture: true, passive: true });
  root.after(card);
  root.card = card;
  return card;
}

function openCard(root, opener, content) {
  const card = cardOf(root);
  const again = root.held === opener;
  root.held = null;
  if (again) return;
  if (card.matches(":popover-open")) card.hidePopover();
  root.opener = opener;
  const close = element("button", { type: "button", class: "close", text: root.kit.labels.close });
  close.onclick = () => { card.returning = true; card.hidePopover(); };
  card.lang = root.kit.labels.lang;
  card.replaceChildren(...content, close);
  for (const link of card.querySelectorAll("a[href^='/']")) link.addEventListener("click", () => card.hidePopover());
  card.showPopover();
  placeBeside(card, opener);
  card.scrollTop = 0;
  card.focus({ preventScroll: true });
}

/** Below the handle, or above it where there is no room; on a narrow screen the style sheet puts it at the bottom. */
function placeBeside(card, opener) {
  const at = opener?.isConnected ? opener.getClientRects()[0] : null;
  if (!at) return;
  const room = { width: document.documentElement.clientWidth, height: window.innerHeight };
  if (room.width <= 800) { card.style.left = card.style.top = ""; return; }
  const { width, height } = card.getBoundingClientRect();
  const below = at.bottom + 8;
  const top = below + height <= room.height - 8 ? below : at.top - 8 - height;
  card.style.left = `${Math.max(8, Math.min(at.left - 24, room.width - width - 8))}px`;
  card.style.top = `${Math.max(8, Math.min(top, room.height - height - 8))}px`;
}

function insideLink(href, text) {
  const link = element("a", { href, text });
  keepInside(link);
  return link;
}

/** A link with what the reader set for all pages; `query` on top of it. */
function pageHref(page, query) {
  const now = new URLSearchParams(window.location.search);
  const kept = ["lang", "present", "notes", "text"].filter((name) => now.has(name)).map((name) => [name, now.get(name)]);
  return `/${page}?${new URLSearchParams([...kept, ...Object.entries(query).filter(([, value]) => value)])}`;
}

function liveLink(show, labels) {
  return insideLink(pageHref(show.page, { ...show.query, q: show.q }), fill(labels.live, { page: show.title }));
}

/** Where a statement can be read: links to other hosts, which nothing but the reader's own click follows. */
function sourceList(sources) {
  return element("ul", { class: "sources" }, sources.map((source) => element("li", {}, [
    element("a", { href: source.ref, target: "_blank", rel: "noopener noreferrer external", text: source.title }),
    element("span", { class: "ref", text: ` ${source.ref.replace("https://", "")}` }),
  ])));
}

/** What a side says: in Chinese as the document has it; read in English, the summary's words first. */
function quoted(side, lang) {
  const chinese = element("q", { lang: "zh-Hant", text: side.phrase });
  return lang === "en" && side.english ? [element("q", { lang: "en", text: side.english }), " ", chinese] : [chinese];
}

/** The sides of a contradiction: each quoted, with a link to its question and whether it holds. */
function sideList(note, kit, link) {
  return element("ul", { class: "sides" }, note.sides.map((side) => element("li", {}, [
    link(side), " ", ...quoted(side, kit.labels.lang), ...(side.right ? [" ", element("strong", { text: kit.labels.right })] : []),
  ])));
}

function noteCard(note, kit) {
  const { labels } = kit;
  const grade = labels[`grade_${note.grade}`];
  const ways = [...(note.show ? [liveLink(note.show, labels)] : []), insideLink(pageHref("notes", { find: note.id }), labels.all_notes)];
  const link = (side) => kit.link(side.question, { title: kit.titles[side.question] ?? null, text: side.question });
  const said = note.sides
    ? [sideList(note, kit, link), element("p", {}, [element("strong", { text: labels.correct }), " ", note.correct])]
    : [[labels.wrong, note.wrong], [labels.correct, note.correct]].map(([name, text]) => element("p", {}, [element("strong", { text: name }), " ", text]));
  const sources = note.sources.length ? [element("p", { class: "label", text: note.checked ? labels.sources : labels.unchecked }), sourceList(note.sources)] : [];
  const also = (note.notes ?? []).map((id) => insideLink(pageHref("notes", { find: id }), id)).flatMap((one) => [" ", one]);
  return [
    element("h3", { id: "card-title" }, [element("span", { class: "number", text: note.id }), note.topic ? `${grade}${labels.lang === "en" ? ": " : "："}${note.topic}` : grade]),
    ...said, ...sources,
    ...(also.length ? [element("p", {}, [labels.see_also, ...also])] : []),
    element("p", { class: "ways" }, ways),
  ];
}

function termNames(term, labels) {
  return labels.lang === "en" ? [term.en, term.zh] : [term.zh, term.en];
}

function termCard(term, kit) {
  const { labels } = kit;
  const [first, second] = termNames(term, labels);
  const name = element("span", { class: "second", text: second === first ? "" : second });
  const ways = term.page ? [insideLink(pageHref(term.page, {}), fill(labels.live, { page: term.title }))] : [];
  return [
    element("h3", { id: "card-title" }, [first, " ", name]),
    element("p", { text: term.text }),
    element("p", { class: "ways" }, [...ways, insideLink(pageHref("glossary", { find: first }), labels.in_glossary)]),
  ];
}

function tipOf(root) {
  if (root.tip) return root.tip;
  root.tip = element("div", { class: "tip", popover: "manual", role: "tooltip", id: "tip" });
  root.tip.addEventListener("pointerenter", () => window.clearTimeout(root.leaving));
  root.tip.addEventListener("pointerleave", () => hideTip(root));
  window.addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(root); });
  root.after(root.tip);
  return root.tip;
}

function hovered(root, term) {
  window.clearTimeout(root.arriving);
  if (term === root.tipped) return window.clearTimeout(root.leaving);
  if (term) root.arriving = window.setTimeout(() => showTip(root, term), HOVER_MS);
  else if (root.tipped) root.leaving = window.setTimeout(() => hideTip(root), LEAVE_MS);
}

function showTip(root, term) {
  if (!term.isConnected || root.card?.matches(":popover-open")) return;
  hideTip(root);
  const tip = tipOf(root);
  const found = root.kit.terms[term.dataset.term];
  const [first, second] = termNames(found, root.kit.labels);
  tip.lang = root.kit.labels.lang;
  tip.replaceChildren(element("strong", { text: first }), second === first ? "" : ` ${second}`, element("br"), found.text);
  root.tipped = term;
  term.setAttribute("aria-describedby", "tip");
  tip.showPopover();
  placeBeside(tip, term);
}

function hideTip(root) {
  window.clearTimeout(root.arriving);
  window.clearTimeout(root.leaving);
  root.tipped?.removeAttribute("aria-describedby");
  root.tipped = null;
  if (root.tip?.matches(":popover-open")) root.tip.hidePopover();
}

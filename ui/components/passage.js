// The document's own text beside the picture. Bound words set the page's controls; those that match the state the
// page is in are lit. All passages of a concept arrive together, so that turning a page waits for nothing.

/** What stands in place of an answer that the document does not give. */
function unanswered(question, kit, labels) {
  const note = element("p", { class: "missing", lang: labels.lang, text: question.answer ? labels.own_answer : labels.unanswered });
  const links = question.related.map((id) => element("li", { lang: labels.lang }, [kit.link(id, {}, [element("span", { class: "number", text: id }), kit.titles[id]])]));
  const nearest = [element("p", { lang: labels.lang, text: labels.nearest }), element("ul", {}, links)];
  if (!question.answer) return [note, ...nearest];
  const answer = ownAnswer(question, kit);
  for (const node of answer.querySelectorAll("a[href^='?']")) toState(node);
  return [note, answer, ...nearest];
}

/** A link such as ?lens=input changes those controls and leaves the others as they are. */
function toState(node) {
  const changes = Object.fromEntries(new URLSearchParams(node.getAttribute("href")));
  const renew = () => node.setAttribute("href", addressWith(changes));
  node.addEventListener("pointerenter", renew);
  node.addEventListener("focus", renew);
  renew();
  keepInside(node);
}

/** Whether the address holds what a binding sets; what it leaves out stands at its default. */
function holds(binding) {
  const now = new URLSearchParams(window.location.search);
  return Object.entries(binding).every(([name, value]) => now.get(name) === value);
}

function bindWords(body, data) {
  for (const word of body.querySelectorAll("[data-bind]")) {
    const binding = data.bindings[word.dataset.bind];
    if (!binding) continue;
    const lit = holds(binding);
    word.classList.toggle("lit", lit);
    if (word.getAttribute("role") === "button") word.setAttribute("aria-pressed", String(lit));
    word.title = data.labels.bound;
    word.onclick = () => setControls(binding);
    word.onkeydown = (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      setControls(binding);
    };
  }
}

/** Links to questions: those of this page turn the passage, the others open in the reader. */
function questionLink(kit, data) {
  return (id, attributes = {}, children = []) => {
    if (!kit.questions.some((question) => question.id === id)) return choiceLink(data.reader.replace("%q", id), { "data-reader": id, ...attributes }, children);
    const node = element("a", { href: addressWith({ q: id }), "data-question": id, ...attributes }, children);
    keepInside(node);
    return node;
  };
}

function turnTo(root, kit, at, data) {
  const { labels } = data;
  const { questions } = kit;
  const question = questions[at];
  kit.link = questionLink(kit, data);
  const step = (other, text, rel, label) =>
    other ? kit.link(other.id, { rel, text, "aria-label": `${label} ${other.id}` }) : element("span");
  const earlier = questions[at - 1];
  const later = questions[at + 1];
  const reader = choiceLink(data.reader.replace("%q", question.id), { text: labels.reader });
  const foot = element("footer", {}, [step(earlier, `‹ ${earlier?.id}`, "prev", labels.previous), reader, step(later, `${later?.id} ›`, "next", labels.next)]);
  const article = questionArticle(question, kit, { open: (asked) => unanswered(asked, kit, labels) });
  const scroll = element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": labels.passage }, [article]);
  const head = element("div", { class: "head" }, [
    element("p", { class: "place", text: fill(labels.place, { n: at + 1, total: questions.length }) }),
    readingBar(kit),
  ]);
  root.replaceChildren(head, scroll, foot);
  keepPlace(root, [scroll], [article]);
  root.chosen = null;
  recordOpened(question.id);
}

/** Bring the words that are lit into view, within their own pane: the page itself stays where it is. */
function showLit(root) {
  const scroll = root.querySelector(".scroll");
  const lit = [...scroll.querySelectorAll(".lit")].find((word) => word.checkVisibility())?.getBoundingClientRect();
  if (!lit) return;
  const pane = scroll.getBoundingClientRect();
  const gone = lit.bottom > pane.bottom ? lit.bottom - pane.bottom + 8 : Math.min(0, lit.top - pane.top - 8);
  scroll.scrollBy({ top: gone, behavior: "instant" });
}

function draw(root, data) {
  const { kit } = root;
  const at = Math.max(0, kit.questions.findIndex((entry) => entry.id === data.current));
  const shown = `${data.labels.lang} ${kit.questions[at].id}`;
  const turned = root.dataset.shown !== shown;
  if (turned) turnTo(root, kit, at, data);
  root.dataset.shown = shown;
  applyChoices(root, kit);
  // Addresses move with every control; a link made before must not undo what was set since.
  for (const node of root.querySelectorAll("a[data-question]")) node.setAttribute("href", addressWith({ q: node.dataset.question }));
  bindWords(root, data);
  if (turned) hold(root, () => showLit(root));
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const moved = () => { if (root.kit) draw(root, data); };
  window.addEventListener("notes:address", moved);
  const forget = withKit(root, data.text, () => draw(root, data));
  return () => {
    window.removeEventListener("notes:address", moved);
    forget();
  };
}

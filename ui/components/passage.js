// The document's own text beside the picture. Bound words set the page's controls; those that match the state the
// page is in are lit. All passages of a concept arrive together, so that turning a page waits for nothing.

function article(question, labels) {
  const title = element("h2", { id: `title-${question.id}` });
  title.innerHTML = question.heading;
  title.prepend(element("span", { class: "number", text: question.id }));
  const body = element("div", { class: "body", lang: "zh-Hant" });
  body.innerHTML = question.body;
  if (!question.answered) body.replaceChildren(...unanswered(question, labels));
  return element("article", { "aria-labelledby": title.id, lang: "zh-Hant" }, [title, body]);
}

function unanswered(question, labels) {
  const note = element("p", { class: "missing", lang: labels.lang, text: labels.unanswered });
  const links = question.related.map((entry) => element("li", {}, [element("a", { href: addressWith({ q: entry.here ? entry.id : null }), "data-question": entry.here ? entry.id : null, "data-reader": entry.here ? null : entry.id }, [element("span", { class: "number", text: entry.id }), entry.title])]));
  const nearest = [element("p", { lang: labels.lang, text: labels.nearest }), element("ul", {}, links)];
  if (!question.answer) return [note, ...nearest];
  note.textContent = labels.own_answer;
  const answer = element("div", { class: "own", lang: labels.lang });
  answer.innerHTML = question.answer;
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

function link(href, text, extra = {}) {
  const node = element("a", { href, text, ...extra });
  keepInside(node);
  return node;
}

function turnTo(root, questions, at, data) {
  const { labels } = data;
  const question = questions[at];
  const step = (other, text, rel, label) =>
    other ? link(addressWith({ q: other.id }), text, { rel, "data-question": other.id, "aria-label": `${label} ${other.id}` }) : element("span");
  const earlier = questions[at - 1];
  const later = questions[at + 1];
  const foot = element("footer", {}, [
    step(earlier, `‹ ${earlier?.id}`, "prev", labels.previous),
    link(data.reader.replace("%q", question.id), labels.reader),
    step(later, `${later?.id} ›`, "next", labels.next),
  ]);
  const scroll = element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": labels.passage }, [article(question, labels)]);
  const place = element("p", { class: "place", text: fill(labels.place, { n: at + 1, total: questions.length }) });
  root.replaceChildren(place, scroll, foot);
  for (const node of root.querySelectorAll("[data-reader]")) node.setAttribute("href", data.reader.replace("%q", node.dataset.reader));
  for (const node of root.querySelectorAll("article a[data-question], article a[data-reader]")) keepInside(node);
}

function draw(root, questions, data) {
  const at = Math.max(0, questions.findIndex((entry) => entry.id === data.current));
  const shown = `${data.labels.lang} ${questions[at].id}`;
  const turned = root.dataset.shown !== shown;
  if (turned) turnTo(root, questions, at, data);
  root.dataset.shown = shown;
  // Addresses move with every control; a link made before must not undo what was set since.
  for (const node of root.querySelectorAll("a[data-question]")) node.setAttribute("href", addressWith({ q: node.dataset.question }));
  bindWords(root, data);
  if (turned) root.querySelector(".lit")?.scrollIntoView({ block: "nearest" });
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const moved = () => { if (root.questions) draw(root, root.questions, data); };
  window.addEventListener("notes:address", moved);
  const forget = withPayload(data.text, (bytes) => {
    if (root.text !== data.text) root.questions = JSON.parse(new TextDecoder().decode(bytes));
    root.text = data.text;
    draw(root, root.questions, data);
  });
  return () => {
    window.removeEventListener("notes:address", moved);
    forget();
  };
}

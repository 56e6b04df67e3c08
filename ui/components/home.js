// The front page: what this is, the concepts, three ways in.

function inside(href, text) {
  const link = element("a", { href, text });
  keepInside(link);
  return link;
}

function conceptCard(concept, labels) {
  const link = element("a", { href: concept.href, class: "card" }, [
    element("img", { src: concept.picture, alt: concept.alt }),
    element("h3", { text: concept.title }),
    element("p", { text: concept.line }),
    element("p", { class: "questions", text: concept.questions }),
    element("span", { class: "open", text: labels.open, "aria-hidden": "true" }),
  ]);
  keepInside(link);
  return link;
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  root.replaceChildren(
    element("h1", { text: data.heading }),
    element("p", { class: "lead", text: data.lead }),
    element("div", { class: "ways" }, data.ways.map((way) => element("section", {}, [
      element("h2", { text: way.title }), element("p", { text: way.text }), inside(way.href, way.link),
    ]))),
    element("h2", { text: data.labels.concepts }),
    element("div", { class: "cards" }, data.concepts.map((concept) => conceptCard(concept, data.labels))),
    element("h2", { text: data.labels.beside }),
    element("ul", { class: "beside" }, data.beside.map((way) => element("li", {}, [inside(way.href, way.title), ` ${way.text}`]))),
    ...(data.planned ? [element("p", { class: "small", text: data.planned })] : []),
    element("p", { class: "small", text: data.unanswered }),
  );
}

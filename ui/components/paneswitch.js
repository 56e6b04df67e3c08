// How much of the screen the document takes: beside the picture, hidden, or alone.

const SHARES = { beside: null, hidden: 0, only: 100 };

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", data.labels.title);
  root.replaceChildren(element("span", { text: data.labels.title }), ...Object.entries(SHARES).map(([name, share]) => {
    const button = element("button", { type: "button", text: data.labels[name], "aria-pressed": String(name === data.shown) });
    button.onclick = () => setControls({ pane: share });
    return button;
  }));
}

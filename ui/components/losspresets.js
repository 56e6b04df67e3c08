// A row of settings worth seeing, good and bad; the one the page is in says why.

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const { labels } = data;
  const focused = [...root.querySelectorAll("button")].indexOf(root.getRootNode().activeElement);
  const chips = data.presets.map((preset) => {
    const mark = element("span", { class: preset.good ? "mark good" : "mark bad", text: preset.good ? labels.good : labels.bad });
    const chip = toggleButton("", preset.on, () => setControls(preset.set), { title: preset.why });
    chip.append(mark, preset.name);
    return chip;
  });
  const on = data.presets.find((preset) => preset.on);
  root.replaceChildren(
    element("div", { class: "tools", role: "group", "aria-label": labels.title }, [element("span", { class: "hint", text: labels.title }), ...chips]),
    ...(on ? [element("p", { class: "why", role: "status", text: on.why })] : []),
  );
  if (focused >= 0) chips[focused]?.focus();
  root.dataset.on = on?.name ?? "";
}

// Filters of a list that lives in the browser: what is chosen stands in the address, and the list follows it at once.

const TYPING_MS = 350;

function wantedNow(defaults) {
  const query = new URLSearchParams(window.location.search);
  return Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, query.get(name) ?? value]));
}

/** A field to type in: the list follows every letter (`heard`), the address a pause. */
function searchField(name, label, hint, heard) {
  const field = element("input", { type: "search", placeholder: hint, autocomplete: "off", spellcheck: "false", "data-name": name });
  let waiting = 0;
  field.oninput = () => {
    window.clearTimeout(waiting);
    heard();
    waiting = window.setTimeout(() => setControls({ [name]: field.value.trim() || null }), TYPING_MS);
  };
  return element("label", { class: "field" }, [element("span", { text: label }), field]);
}

/** A choice among [value, text] pairs, the first of them the default. */
function chooseField(name, label, options) {
  const select = element("select", { "data-name": name }, options.map(([value, text]) => element("option", { value, text })));
  select.onchange = () => setControls({ [name]: select.value === options[0][0] ? null : select.value });
  return element("label", { class: "field" }, [element("span", { text: label }), select]);
}

function tick(text, checked, changed, attributes = {}) {
  const box = element("input", { type: "checkbox", checked, ...attributes });
  box.onchange = () => changed(box.checked);
  return element("label", { class: "tick" }, [box, text]);
}

/** Letters as they are compared: one case, one width, no marks. */
function folded(text) {
  return text.normalize("NFKC").toLowerCase();
}

/** Show in the fields what the address says; a field in use is left to the hand. */
function syncFields(bar, wanted) {
  for (const field of bar.querySelectorAll("[data-name]")) {
    if (field.matches("input[type=search]") && field.getRootNode().activeElement === field) continue;
    if (field.type === "checkbox") field.checked = wanted[field.dataset.name].split(",").includes(field.value);
    else field.value = wanted[field.dataset.name];
  }
}

/** A page that is a filtered list: `build` draws it once for each payload, `sift` follows the address. */
function listPage(root, data, build, sift) {
  const me = (root.me ??= { root });
  const moved = () => {
    root.classList.toggle("present", new URLSearchParams(window.location.search).get("present") === "1");
    if (me.bar) sift(me);
  };
  window.addEventListener("notes:address", moved);
  const forget = withKit(root, data.text, (kit) => {
    Object.assign(me, { data, kit });
    if (me.built !== data.text) build(me);
    me.built = data.text;
    moved();
  });
  return () => {
    window.removeEventListener("notes:address", moved);
    forget();
  };
}

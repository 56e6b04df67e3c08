// What every component of the house shares: the payload store, the URL as the one place of state, canvas set-up.
// It is put in front of each component's own script by ui/components/__init__.py.

const house = (window.illustratedNotes ??= { payloads: new Map(), waiting: new Map() });

/** Hand `use` the payload called `id`, now or when the store receives it. Returns a function that stops waiting. */
function withPayload(id, use) {
  if (house.payloads.has(id)) {
    use(house.payloads.get(id));
    return () => {};
  }
  const waiting = house.waiting.get(id) ?? new Set();
  house.waiting.set(id, waiting.add(use));
  return () => waiting.delete(use);
}

// The address is the state of the page; whoever shows something of it listens for "notes:address" on the window.
if (!house.address) {
  house.address = () => window.dispatchEvent(new Event("notes:address"));
  for (const name of ["pushState", "replaceState"]) {
    const native = window.history[name].bind(window.history);
    window.history[name] = (...given) => { native(...given); house.address(); };
  }
  window.addEventListener("popstate", house.address);
}

/** Go to a page of the dashboard without loading it anew: Streamlit listens to the browser's own history. */
function visit(url) {
  window.history.pushState({}, "", url);
  window.dispatchEvent(new PopStateEvent("popstate", { state: {} }));
}

/** The current address with some of its parameters changed; a null takes one away. */
function addressWith(changes) {
  const url = new URL(window.location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined) url.searchParams.delete(name);
    else url.searchParams.set(name, value === true ? "1" : value === false ? "0" : String(value));
  }
  return url.pathname + url.search;
}

// When one of Streamlit's own widgets was last used: what happens inside a component shows here as its host.
if (!house.touched) {
  house.touched = -Infinity;
  for (const kind of ["click", "keyup", "focusout"]) {
    document.addEventListener(kind, ({ target }) => { if (!target.shadowRoot) house.touched = performance.now(); }, true);
  }
}

/** True while the server works on a change, or may be about to: the address will change. */
function unsettled() {
  const state = document.querySelector("[data-testid=stApp]")?.dataset.testScriptState;
  return state === "running" || state === "rerunRequested" || performance.now() - house.touched < 300;
}

/** Set controls through the address. An address that is about to change must not be the ground for the next one: that
 *  would undo the change, so what is set waits (not for ever) until the server has published it. */
function setControls(changes) {
  const waiting = Boolean(house.held);
  house.held = { ...house.held, ...changes };
  if (waiting) return;
  const until = performance.now() + 5000;
  const go = () => {
    if (unsettled() && performance.now() < until) return setTimeout(go, 10);
    const held = house.held;
    house.held = null;
    return visit(addressWith(held));
  };
  go();
}

/** Let a plain click on a link stay inside the page; new tabs, copies and middle clicks work as links do. */
function keepInside(link) {
  // Controls may have moved since the link was drawn: a link to a question must not undo them.
  const renew = () => { if (link.dataset.question) link.setAttribute("href", addressWith({ q: link.dataset.question })); };
  link.addEventListener("pointerenter", renew);
  link.addEventListener("focus", renew);
  link.addEventListener("click", (event) => {
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    renew();
    visit(link.getAttribute("href"));
  });
}

function element(tag, attributes = {}, children = []) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") node.textContent = value;
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

const hostOf = (parent) => parent.host ?? parent;

function themeColor(node, name, otherwise) {
  return getComputedStyle(node).getPropertyValue(name).trim() || otherwise;
}

function isDark(node) {
  const probe = themeColor(node, "--st-background-color", "#ffffff");
  const hex = /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(probe);
  if (!hex) return false;
  const [r, g, b] = hex.slice(1).map((part) => parseInt(part, 16));
  return 0.299 * r + 0.587 * g + 0.114 * b < 128;
}

/** Size a canvas for the screen's pixels and return its context, in CSS pixels. */
function paper(canvas, width, height, density = window.devicePixelRatio || 1) {
  canvas.width = Math.max(1, Math.round(width * density));
  canvas.height = Math.max(1, Math.round(height * density));
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.setTransform(density, 0, 0, density, 0, 0);
  return context;
}

function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

// cividis at nine even steps (Nunez, Anderton & Renslow 2018): one scale that colour-blind eyes read the same way.
const CIVIDIS = [
  [0, 34, 78], [18, 53, 112], [59, 73, 109], [87, 93, 109], [112, 113, 115],
  [138, 134, 120], [166, 157, 117], [195, 182, 108], [254, 232, 56],
];

/** 256 colours, packed for an ImageData's 32-bit view; `curve` < 1 lifts small values so that they can be seen. */
function cividisTable(curve = 0.6) {
  const table = new Uint32Array(256);
  for (let i = 0; i < 256; i += 1) {
    const at = (i / 255) ** curve * (CIVIDIS.length - 1);
    const low = Math.min(Math.floor(at), CIVIDIS.length - 2);
    const part = at - low;
    const [r, g, b] = CIVIDIS[low].map((value, channel) => Math.round(value + (CIVIDIS[low + 1][channel] - value) * part));
    table[i] = (255 << 24) | (b << 16) | (g << 8) | r;
  }
  return table;
}

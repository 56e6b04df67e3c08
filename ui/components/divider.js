// The line between document and picture: drag it, move it with the arrow keys, double-click for the usual share.
// Dragging only moves a CSS variable; the server hears of it once, on release.

const USUAL = 38;
const LEAST = 30;
const MOST = 50;

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const handle = root.firstElementChild ?? root.appendChild(element("div", { role: "separator", tabindex: "0", "aria-orientation": "vertical", "aria-valuemin": LEAST, "aria-valuemax": MOST }));
  const panes = document.querySelector(".st-key-panes");
  handle.setAttribute("aria-label", data.label);
  handle.title = data.label;
  let share = data.share;
  const show = (value) => {
    share = Math.round(Math.min(MOST, Math.max(LEAST, value)));
    panes?.style.setProperty("--doc-share", `${share}%`);
    handle.setAttribute("aria-valuenow", share);
  };
  const settle = () => setControls({ pane: share === USUAL ? null : share });
  show(share);

  handle.onpointerdown = (event) => {
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    const box = panes.getBoundingClientRect();
    handle.onpointermove = (move) => show(((move.clientX - box.left) / box.width) * 100);
    handle.onpointerup = handle.onpointercancel = () => {
      handle.onpointermove = handle.onpointerup = handle.onpointercancel = null;
      settle();
    };
  };
  handle.ondblclick = () => { show(USUAL); settle(); };
  handle.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: LEAST - share, End: MOST - share }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    show(share + step);
    clearTimeout(handle.settling);
    handle.settling = setTimeout(settle, 400);
  };
}

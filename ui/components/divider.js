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
  const show = (value) => {
    handle.share = Math.round(Math.min(MOST, Math.max(LEAST, value)));
    panes?.style.setProperty("--doc-share", `${handle.share}%`);
    handle.setAttribute("aria-valuenow", handle.share);
  };
  const settle = () => setControls({ pane: handle.share === USUAL ? null : handle.share });
  // The server repeats what it knows on every run; only when it says something new does the handle follow, for a
  // run that began before the hand moved must not pull it back.
  if (handle.given !== data.share) show(data.share);
  handle.given = data.share;

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
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: LEAST - handle.share, End: MOST - handle.share }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    show(handle.share + step);
    clearTimeout(handle.settling);
    handle.settling = setTimeout(settle, 400);
  };
}

// The line between document and picture: drag it, move it with the arrow keys, double-click for the usual share.
// While the hand moves, only the line does: laying out both panes anew takes Streamlit longer than a frame. They follow
// when the hand rests or lets go; the server hears of it once, on release.

const USUAL = 38;
const LEAST = 30;
const MOST = 50;
const REST_MS = 90;

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const handle = root.firstElementChild ?? root.appendChild(element("div", { role: "separator", tabindex: "0", "aria-orientation": "vertical", "aria-valuemin": LEAST, "aria-valuemax": MOST }));
  const panes = document.querySelector(".st-key-panes");
  handle.setAttribute("aria-label", data.label);
  handle.title = data.label;
  const aim = (value) => {
    handle.share = Math.round(Math.min(MOST, Math.max(LEAST, value)));
    handle.setAttribute("aria-valuenow", handle.share);
  };
  const layOut = () => {
    clearTimeout(handle.resting);
    handle.laidOut = handle.share;
    handle.style.transform = "";
    panes?.style.setProperty("--doc-share", `${handle.share}%`);
  };
  const show = (value) => { aim(value); layOut(); };
  const settle = () => setControls({ pane: handle.share === USUAL ? null : handle.share });
  // The server repeats what it knows on every run; only when it says something new does the handle follow, for a
  // run that began before the hand moved must not pull it back.
  if (handle.given !== data.share) show(data.share);
  handle.given = data.share;

  handle.onpointerdown = (event) => {
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    const box = panes.getBoundingClientRect();
    handle.onpointermove = (move) => {
      const share = Math.min(MOST, Math.max(LEAST, ((move.clientX - box.left) / box.width) * 100));
      aim(share);
      handle.style.transform = `translateX(${((share - handle.laidOut) / 100) * box.width}px)`;
      clearTimeout(handle.resting);
      handle.resting = setTimeout(layOut, REST_MS);
    };
    handle.onpointerup = handle.onpointercancel = () => {
      handle.onpointermove = handle.onpointerup = handle.onpointercancel = null;
      layOut();
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

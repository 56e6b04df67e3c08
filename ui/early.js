// Draws the parts of the first look (early.py) and takes it away when the page has painted the same.
(() => {
  const early = document.getElementById("early");
  const given = JSON.parse(document.getElementById("early-data").textContent);
  const LEAVE_MS = 1500; // a page that ended its run without this picture: an error, another view
  const LONGEST_MS = 20000;

  const chosen = () => {
    try { return JSON.parse(window.localStorage.getItem(`stActiveTheme-${window.location.pathname}-v2`)); } catch { return null; }
  };
  const dark = chosen() === "Dark" || (chosen() !== "Light" && window.matchMedia("(prefers-color-scheme: dark)").matches);
  for (const [name, value] of Object.entries(given.themes[dark ? "dark" : "light"])) early.style.setProperty(name, value);

  const house = (window.illustratedNotes ??= { payloads: new Map(), waiting: new Map() });
  for (const [name, text] of Object.entries(given.payloads)) {
    house.payloads.set(name, Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));
  }
  const stops = given.parts.map(({ place, component, data }) => {
    const host = early.querySelector(`[data-place="${place}"]`);
    const parentElement = host.attachShadow({ mode: "open" });
    const sheet = document.createElement("style");
    sheet.textContent = given.sheets[component];
    const root = document.createElement("div");
    root.className = "root";
    parentElement.append(sheet, root);
    return window.earlyParts[component]({ data, parentElement });
  });

  let ended = 0;
  const leave = () => {
    clearInterval(watching);
    house.painted = null;
    stops.forEach((stop) => stop?.());
    document.getElementById("early-data").remove();
    early.remove();
  };
  // The page's own picture calls this (attention.js) when it is painted.
  house.painted = (root) => { if (!early.contains(root.getRootNode().host)) requestAnimationFrame(leave); };
  const begun = performance.now();
  const watching = setInterval(() => {
    const idle = document.querySelector("[data-testid=stApp][data-test-script-state=notRunning] .st-key-topbar");
    ended = idle ? ended || performance.now() : 0;
    if ((ended && performance.now() - ended > LEAVE_MS) || performance.now() - begun > LONGEST_MS) leave();
  }, 100);
})();

// A picture that another program draws (bertviz), in a frame that can reach neither this page nor any address: the frame
// is told the page's colours and tells how high its picture is.
const LOWEST = 80;
const HIGHEST = 6000;

function themeOf(node) {
  const dark = isDark(node);
  return {
    dark,
    values: {
      ink: themeColor(node, "--st-text-color", "#1b1e23"),
      ground: themeColor(node, "--st-background-color", "#ffffff"),
      soft: dark ? "#3a424e" : "#dfe2e6",
      line: themeColor(node, "--st-border-color", "#c9cdd3"),
      lift: dark ? "45%" : "0%",
      zoom: String(parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 || 1),
    },
  };
}

function show(me, page, title) {
  me.frame?.remove();
  me.drawing.hidden = false;
  me.root.removeAttribute("data-painted");
  me.begun = performance.now();
  me.frame = element("iframe", {
    // Scripts, but an origin of its own: whatever a text might do in there, it cannot touch this page.
    sandbox: "allow-scripts allow-downloads",
    name: JSON.stringify(themeOf(me.root)),
    title,
    srcdoc: page,
  });
  me.root.append(me.frame);
}

function listen(me) {
  window.addEventListener("message", (event) => {
    if (!me.frame || event.source !== me.frame.contentWindow || event.data?.kind !== "bertviz-drawn") return;
    const height = Number(event.data.height);
    if (!Number.isFinite(height)) return;
    me.frame.style.height = `${Math.min(Math.max(height, LOWEST), HIGHEST)}px`;
    me.drawing.hidden = true;
    if (!me.root.hasAttribute("data-painted")) me.root.dataset.paintMs = (performance.now() - me.begun).toFixed(0);
    me.root.dataset.painted = me.view;
  }, { signal: me.stop.signal });
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  let me = root.me;
  if (!me) {
    me = root.me = { root, scripts: new Map(), drawing: element("p", { class: "drawing", role: "status" }) };
    root.append(me.drawing);
    me.theme = new MutationObserver(() => {
      me.frame?.contentWindow?.postMessage({ kind: "bertviz-theme", theme: themeOf(root) }, "*");
    });
  }
  me.stop?.abort();
  me.stop = new AbortController();
  listen(me);
  me.theme.observe(hostOf(parentElement), { attributes: true, attributeFilter: ["style"] });
  me.drawing.textContent = data.labels.drawing;
  me.view = data.view;
  // The scripts are the same for every text and come once; only what follows from the text comes anew.
  const draw = (scripts) => {
    me.scripts.set(data.scripts, scripts);
    const page = data.frame.replace("<!-- scripts -->", () => scripts);
    if (me.page !== page || !me.frame?.isConnected) show(me, page, data.labels.title);
    me.page = page;
  };
  const known = me.scripts.get(data.scripts);
  const forget = known ? () => {} : withPayload(data.scripts, (bytes) => draw(new TextDecoder().decode(bytes)));
  if (known) draw(known);
  return () => { forget(); me.stop.abort(); me.theme.disconnect(); };
}

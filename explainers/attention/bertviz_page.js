// What stands between the data of a page and bertviz's script: its parameters, its loader, the page around it.
(() => {
  const sent = JSON.parse(document.getElementById("sent").textContent);
  const picture = document.getElementById("vis");
  picture.className = sent.view;

  // bertviz loads d3 and jQuery through require.js; they stand in this page already.
  window.require = { config() {} };
  window.requirejs = (names, run) => run(window.jQuery, window.d3);

  // attn[layer][head][query][key]: one byte is a weight times 255.
  const n = sent.tokens.length;
  const bytes = Uint8Array.from(atob(sent.weights), (sign) => sign.charCodeAt(0));
  const weights = Array.from({ length: 256 }, (_, level) => Math.round((level / 255) * 1e4) / 1e4);
  const grid = (length, make) => Array.from({ length }, (_, at) => make(at));
  const row = (start) => grid(n, (key) => weights[bytes[start + key]]);
  const attn = grid(sent.layers, (layer) => grid(sent.heads, (head) =>
    grid(n, (query) => row(((layer * sent.heads + head) * n + query) * n))));

  /** What bertviz calls an attention: every layer and head between two stretches of the tokens. */
  const between = (name, left, right) => ({
    name,
    attn: attn.map((heads) => heads.map((queries) => queries.slice(...left).map((keys) => keys.slice(...right)))),
    left_text: sent.tokens.slice(...left),
    right_text: sent.tokens.slice(...right),
  });
  const a = [0, sent.second ?? n];
  const b = [sent.second ?? n, n];
  const all = { name: null, attn, left_text: sent.tokens, right_text: sent.tokens };
  const pairs = () => [["a_a", a, a], ["b_b", b, b], ["a_b", a, b], ["b_a", b, a]].map((pair) => between(...pair));
  window.bertvizParameters = {
    attention: sent.second === null ? [all] : [all, ...pairs()],
    default_filter: "0",
    display_mode: "light",
    root_div_id: "bertviz",
    layer: sent.layer,
    heads: null,
    include_layers: grid(sent.layers, (at) => at + 1),
    include_heads: grid(sent.heads, (at) => at + 1),
    total_heads: sent.heads,
  };

  // The page around: it says which colours it has, this one says how high it is.
  const colours = ({ dark, values }) => {
    const { style } = document.documentElement;
    style.colorScheme = dark ? "dark" : "light";
    for (const [name, value] of Object.entries(values)) style.setProperty(`--${name}`, value);
  };
  if (window.parent !== window) {
    try { colours(JSON.parse(window.name)); } catch { /* opened by someone else: the colours of the style sheet stay */ }
    window.addEventListener("message", ({ source, data }) => {
      if (source === window.parent && data?.kind === "bertviz-theme") colours(data.theme);
    });
    const root = document.getElementById("bertviz");
    new ResizeObserver(() => {
      const height = Math.ceil(root.getBoundingClientRect().height);
      if (picture.firstChild) window.parent.postMessage({ kind: "bertviz-drawn", height }, "*");
    }).observe(root);
  }

  // The model view is 970 pixels wide; with a view box it fits the page. bertviz draws anew when a filter is chosen.
  new MutationObserver(() => {
    const svg = picture.querySelector("svg");
    if (!svg || sent.view !== "model") return;
    svg.setAttribute("viewBox", `0 0 ${svg.getAttribute("width")} ${svg.getAttribute("height")}`);
  }).observe(picture, { childList: true });

  document.getElementById("save").addEventListener("click", () => {
    const drawn = picture.querySelector("svg");
    const svg = drawn.cloneNode(true);
    for (const line of svg.querySelectorAll("line")) if (!(Number(line.getAttribute("stroke-opacity")) > 0)) line.remove();
    for (const box of svg.querySelectorAll("rect")) if (box.style.opacity === "0") box.remove();
    const { x, y, width, height } = drawn.getBBox();
    const style = document.createElementNS("http://www.w3.org/2000/svg", "style");
    style.textContent = "text { font-family: sans-serif }";
    svg.prepend(style);
    const size = { width: Math.ceil(width), height: Math.ceil(height), viewBox: `${x} ${y} ${width} ${height}` };
    for (const [name, value] of Object.entries(size)) svg.setAttribute(name, value);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" }));
    link.download = `bertviz-${sent.view}.svg`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
})();

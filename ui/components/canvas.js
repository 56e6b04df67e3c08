// What the attention pictures share: reading a payload, naming tokens, and a canvas that shows the part of a tall
// picture that is in view. Only what is seen is drawn, so that 512 tokens cost no more under the pointer than 40.

const TALLEST = 0.7; // of the window: above it a picture scrolls in its own box

/** A payload framed as in explainers/attention/framing.py: its header, and its numbers in a buffer of their own. */
function unframe(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  header.tokens?.forEach((token, index) => { token.index = index; });
  return { header, numbers: bytes.slice(Math.ceil((4 + length) / 4) * 4).buffer };
}

// Many different characters become the same [UNK]; naming the one the reader typed keeps them apart.
const shownAs = (token) => (token.piece === "[UNK]" && token.text ? `${token.text} [UNK]` : token.piece);

function clipped(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  let cut = text;
  while (cut.length > 1 && context.measureText(`${cut}…`).width > room) cut = cut.slice(0, -1);
  return `${cut}…`;
}

function inks(node) {
  const dark = isDark(node);
  return {
    dark,
    text: themeColor(node, "--st-text-color", "#1b1e23"),
    ground: themeColor(node, "--st-background-color", "#ffffff"),
    soft: themeColor(node, "--st-secondary-background-color", "#f4f5f7"),
    border: themeColor(node, "--st-border-color", "#c9cdd3"),
    word: dark ? "#56b4e9" : "#0072b2",
    sink: dark ? "#9aa3ad" : "#7f7f7f",
  };
}

/** Sizes and colours that a picture is drawn with. Reading them makes the browser lay the page out there and then, so
 *  they are kept until the page says that they may have changed (`watchSize`, the theme). */
function lookOf(pane) {
  pane.look ??= {
    width: pane.stage.clientWidth,
    rem: parseFloat(getComputedStyle(document.documentElement).fontSize),
    font: getComputedStyle(pane.canvas).fontFamily,
    ink: inks(pane.canvas),
  };
  return pane.look;
}

/** A box that scrolls, as tall as its picture or TALLEST, with a canvas that stays in its view. */
function scrollingPane(canvas) {
  const full = element("div", { class: "full" }, [canvas]);
  return { canvas, full, stage: element("div", { class: "stage" }, [full]) };
}

/** Fit the canvas to what the pane shows of a picture of this size. Returns the context, emptied, in the pixels of the
 *  screen, and which part is seen: `from`, and `shown` pixels of it. */
function seenOf(pane, width, height, ground) {
  const shown = Math.min(height, Math.floor(window.innerHeight * TALLEST));
  const size = `${width} ${height} ${shown}`;
  if (pane.size !== size) {
    pane.size = size;
    Object.assign(pane.full.style, { width: `${width}px`, height: `${height}px` });
    Object.assign(pane.stage.style, { maxHeight: `${shown}px` });
  }
  const density = window.devicePixelRatio || 1;
  const [across, down] = [Math.round(width * density), Math.round(shown * density)];
  const { canvas } = pane;
  if (canvas.width !== across || canvas.height !== down) paper(canvas, width, shown, density);
  const context = canvas.getContext("2d");
  context.setTransform(density, 0, 0, density, 0, 0);
  context.globalAlpha = 1;
  context.setLineDash([]);
  context.fillStyle = ground;
  context.fillRect(0, 0, width + 1, shown + 1); // sizes are no whole pixels
  return { context, from: height > shown ? pane.stage.scrollTop : 0, shown };
}

/** Scroll so that rows `top` to `bottom` of the picture, under a head of `head` pixels, are in view; `centred`: in its
 *  middle where they were not. */
function scrollTo(pane, top, bottom, head = 0, centred = false) {
  const { stage } = pane;
  const seen = stage.clientHeight;
  if (centred && (top < stage.scrollTop + head || bottom > stage.scrollTop + seen)) stage.scrollTop = (top + bottom - seen) / 2;
  else if (top < stage.scrollTop + head) stage.scrollTop = Math.max(0, top - head);
  else if (bottom > stage.scrollTop + seen) stage.scrollTop = bottom - seen;
}

/** Call `draw(dragging)` when the pane's width or the window's height changes, and once more when the hand has let go. */
function watchSize(me, pane, draw) {
  me.watch?.disconnect();
  let settling = 0;
  me.watch = new ResizeObserver(([entry]) => {
    if (Math.abs(entry.contentRect.width - (pane.look?.width ?? 0)) <= 1) return;
    pane.look = null;
    const dragging = settling > 0; // one change is a new layout, several in a row are a hand
    clearTimeout(settling);
    settling = setTimeout(() => {
      settling = 0;
      if (pane.dragged) draw(false);
    }, 150);
    pane.dragged = dragging;
    draw(dragging);
  });
  me.watch.observe(pane.stage);
  let height = window.innerHeight;
  if (me.onresize) window.removeEventListener("resize", me.onresize);
  me.onresize = () => {
    if (!pane.stage.isConnected) return window.removeEventListener("resize", me.onresize);
    if (window.innerHeight === height) return undefined;
    height = window.innerHeight;
    pane.look = null;
    return draw(false);
  };
  window.addEventListener("resize", me.onresize);
  let asked = 0;
  pane.stage.onscroll = () => {
    if (!asked) asked = requestAnimationFrame(() => { asked = 0; draw(false); });
  };
}

/** Once what was just drawn is on the screen: telling the server makes the page work, and the hand must not wait. */
function afterPaint(act) {
  requestAnimationFrame(() => setTimeout(act));
}

function saveAs(name, blob) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

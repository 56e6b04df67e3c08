// What the pictures of the alignment page share: a payload of several parts, colours, sounds.

/** The JSON head of a payload and its parts as bytes (explainers/alignment/packing.py). */
function unpack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let at = 4 + length;
  const parts = head.sizes.map((size) => {
    const part = bytes.slice(at, at + size);
    at += size + ((4 - (size % 4)) % 4);
    return part;
  });
  return { head, parts };
}

const floatsOf = (part) => new Float32Array(part.buffer);

/** Aligned blue, misaligned vermilion, as the design has it; a step lighter on dark. */
function pairInk(root) {
  const dark = isDark(root);
  return { ...lossInk(root), own: dark ? "#59a8e0" : "#0072b2", wrong: dark ? "#ff7b29" : "#d55e00", quiet: dark ? "#9aa4b1" : "#5b6470", soft: dark ? "#3a424d" : "#c9ced6" };
}

/** Write with the canvas: align, color, weight and size as given; what is wider than `wide` is cut and says so. */
function sayWith(pen, font, ink) {
  return (text, x, y, { align = "left", color = ink.text, weight = 400, size = 12, wide = 0 } = {}) => {
    pen.font = `${weight} ${size}px ${font}`;
    Object.assign(pen, { textAlign: align, textBaseline: "middle", fillStyle: color });
    let shown = text;
    for (let kept = text.length; wide && kept > 0 && pen.measureText(shown).width > wide; kept -= 1) shown = `${text.slice(0, kept - 1)}…`;
    pen.fillText(shown, x, y);
  };
}

/** A text in lines of at most `wide` pixels, broken at spaces or between Chinese characters, `most` lines at most. */
function linesOf(pen, text, wide, most) {
  const parts = text.match(/[\u3400-\u9fff]|[^\s\u3400-\u9fff]+\s?/g) ?? [text];
  const lines = [""];
  for (const part of parts) {
    if (lines.at(-1) && pen.measureText(lines.at(-1) + part.trimEnd()).width > wide) lines.push("");
    lines[lines.length - 1] += part;
  }
  return lines.length > most ? [...lines.slice(0, most - 1), lines.slice(most - 1).join("")] : lines;
}

/** Sounds that are played from a place on: decoded when first asked for. `play(name, from, seconds)` resolves to the
 *  time of the audio clock at which it began; `now()` is that clock. Nothing sounds before the reader asks. */
function soundBox(files) {
  let context = null;
  const decoded = new Map();
  const playing = new Set();
  const stop = () => {
    for (const source of playing) source.stop();
    playing.clear();
  };
  const decode = async (name) => {
    context ??= new AudioContext();
    if (!decoded.has(name)) decoded.set(name, await context.decodeAudioData(files[name].slice().buffer));
    return decoded.get(name);
  };
  /** wait: seconds before it begins. */
  const play = async (name, from = 0, seconds = undefined, wait = 0) => {
    const buffer = await decode(name);
    await context.resume();
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(context.destination);
    const at = context.currentTime + wait;
    source.start(at, Math.max(0, from), seconds);
    playing.add(source);
    source.onended = () => playing.delete(source);
    return at;
  };
  return { play, stop, now: () => context?.currentTime ?? 0, decode };
}

/** A button without a state. */
function plainButton(text, act, attributes = {}) {
  const button = element("button", { type: "button", class: "chip", text, ...attributes });
  button.onclick = act;
  return button;
}

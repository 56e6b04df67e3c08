// Stop-watches inside the page, set up before any of its scripts run, so that the driver's own latency is not counted.
// Times are performance.now(): milliseconds since the navigation began.
//   bench.frames  websocket frames: {at, out, bytes, done}; done: this frame ends a script run
//   bench.paints  {at, shown, value}: a picture says that it is painted; shown: the frame that has it is rendered
//   bench.early   paints of the early look, which stands in the page's HTML and answers no hand
//   bench.heading when the page's h1 is on the screen;  bench.keys: key presses
(() => {
  const bench = (window.bench = { frames: [], paints: [], early: [], keys: [], heading: null, roots: [document] });
  bench.clear = () => { bench.frames = []; bench.paints = []; bench.keys = []; };

  /** Resolves once the frame now being made has gone through style, layout and paint. */
  const rendered = () => new Promise((resolve) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => resolve(performance.now());
    channel.port2.postMessage(null);
  }));
  bench.rendered = rendered;

  // ForwardMsg is a protobuf; its field 6, script_finished, ends a script run. Only the top level is walked.
  function endsRun(buffer) {
    const bytes = new Uint8Array(buffer);
    let at = 0;
    const varint = () => {
      let value = 0;
      for (let scale = 1; at < bytes.length; scale *= 128) {
        const byte = bytes[at];
        at += 1;
        value += (byte & 127) * scale;
        if (byte < 128) break;
      }
      return value;
    };
    while (at < bytes.length) {
      const tag = varint();
      if (tag >>> 3 === 6) return true;
      const kind = tag & 7;
      const length = kind === 0 || kind === 2 ? varint() : kind === 5 ? 4 : 8;
      if (kind !== 0) at += length;
    }
    return false;
  }

  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        const at = performance.now();
        const binary = data instanceof ArrayBuffer;
        bench.frames.push({ at, out: false, bytes: binary ? data.byteLength : data.length, done: binary && endsRun(data) });
      });
    }
    send(data) {
      bench.frames.push({ at: performance.now(), out: true, bytes: data.byteLength ?? data.length, done: false });
      super.send(data);
    }
  };

  addEventListener("keydown", (event) => bench.keys.push({ at: event.timeStamp, key: event.key }), { capture: true });

  function painted(value, list = bench.paints) {
    const paint = { at: performance.now(), shown: null, value };
    list.push(paint);
    rendered().then((at) => { paint.shown = at; });
  }

  let looking = false;
  function lookForHeading() {
    if (bench.heading !== null || looking) return;
    const found = bench.roots.map((root) => root.querySelector("h1")).find(Boolean);
    if (!found) return;
    looking = true;
    rendered().then((at) => {
      looking = false;
      const box = found.getBoundingClientRect();
      if (box.height > 0 && getComputedStyle(found).visibility === "visible") bench.heading = at;
      else setTimeout(lookForHeading, 5);
    });
  }

  function onChanges(changes) {
    for (const { type, target, attributeName } of changes) {
      const early = target.getRootNode().host?.closest("#early");
      if (type === "attributes") painted(target.getAttribute(attributeName), early ? bench.early : bench.paints);
      else if (type === "characterData") noteText(target.data);
      else target.querySelectorAll?.("p").forEach((node) => noteText(node.textContent));
    }
    lookForHeading();
  }

  // The plain pages paint by writing a line that begins with "layer".
  let last = "";
  function noteText(text) {
    if (!text.startsWith("layer ") || text === last) return;
    last = text;
    painted(text);
  }

  const watch = (root) => new MutationObserver(onChanges).observe(root, {
    subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["data-painted"],
  });
  watch(document);
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (...given) {
    const root = attach.apply(this, given);
    bench.roots.push(root);
    watch(root);
    return root;
  };

  bench.find = (selector) => bench.roots.filter((root) => root.isConnected).map((root) => root.querySelector(selector)).find(Boolean);

  /** Do `act()` before a frame, as a held mouse does. work: from that frame's beginning to its rendering; next: until
   *  the frame after it begins. */
  bench.frame = (act) => new Promise((resolve) => {
    let begun = 0;
    const found = {};
    const note = (what) => {
      found[what] = performance.now() - begun;
      if (found.work && found.next) resolve(found);
    };
    requestAnimationFrame(() => { begun = performance.now(); });
    act();
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => note("work");
      channel.port2.postMessage(null);
      requestAnimationFrame(() => note("next"));
    });
  });

  /** Do `act(i)` at the start of `count` frames. work: until that frame is rendered; next: until the next frame begins. */
  bench.each = async (count, act) => {
    const times = [];
    for (let i = 0; i < count; i += 1) {
      const time = await new Promise((resolve) => requestAnimationFrame(() => {
        const begun = performance.now();
        const channel = new MessageChannel();
        const measured = {};
        const note = (name) => {
          measured[name] = performance.now() - begun;
          if (measured.work && measured.next) resolve(measured);
        };
        channel.port1.onmessage = () => note("work");
        requestAnimationFrame(() => note("next"));
        act(i);
        measured.handler = performance.now() - begun;
        channel.port2.postMessage(null);
      }));
      times.push(time);
    }
    return times;
  };
})();

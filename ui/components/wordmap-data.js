// What the linked maps know: words with their true neighbours, and every setting's maps, packed as in
// explainers/embeddings/layouts.py. Payloads of one set of words add up; none is sent twice.

const MAP_TOPICS = ["people", "living", "places", "things", "time", "mind", "deeds", "qualities", "other"];
const MAP_SPEECH = ["noun", "verb", "adjective", "adverb", "other"];
// Okabe and Ito's colours, darker on white and lighter on black where they would be hard to see; the last is "other".
const MAP_HUES = {
  light: ["#d55e00", "#00805d", "#0072b2", "#a8567f", "#8a7500", "#3588b5", "#a35f00", "#444b54", "#8b939c"],
  dark: ["#ff8a3d", "#2fc79b", "#56a8e0", "#e39cc3", "#f0e442", "#8fd0f5", "#e69f00", "#ffffff", "#7c858f"],
};
const SETTING_NAMES = ["method", "n_neighbors", "min_dist", "metric", "seed", "dims"];

/** The header and the parts of a bundle, each part as a view of its bytes. */
function unbundle(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const part = (name) => {
    const [start, size] = head.parts[name] ?? [0, 0];
    return bytes.slice(4 + length + start, 4 + length + start + size);
  };
  return { head, part };
}

/** Put what has arrived to what is known of this set of words. */
function gatherMaps(known, bytes) {
  const maps = known ?? { layouts: new Map(), read: new Map() };
  const { head, part } = unbundle(bytes);
  if (head.words) {
    Object.assign(maps, {
      words: head.words, count: head.words.length, spaces: head.spaces, closest: head.closest,
      near: new Uint16Array(part("near").buffer), cosines: part("cosines"), counts: new Uint32Array(part("counts").buffer),
      topics: head.parts.topics ? part("topics") : null,
      speech: head.parts.parts_of_speech ? part("parts_of_speech") : null,
      index: new Map(head.words.map((word, at) => [word, at])),
    });
  }
  for (const entry of head.layouts) {
    maps.layouts.set(entry.key, { ...entry, numbers: part(entry.key), tenths: part(`${entry.key}-kept`) });
    maps.read.delete(entry.key); // a map that still grows comes again and again
  }
  return maps;
}

/** The setting nearest to the one wanted among those that are there: as Maps.find in layouts.py. */
function findSetting(maps, wanted) {
  let best = null;
  for (const { key, setting } of maps.layouts.values()) {
    const ratio = Math.abs(Math.log((setting.n_neighbors || 1) / (wanted.n_neighbors || 1)));
    const far = [
      Number(setting.dims !== wanted.dims), Number(setting.method !== wanted.method), Number(setting.metric !== wanted.metric),
      Number(setting.seed !== wanted.seed), Math.round(ratio * 1e6), Math.abs(setting.min_dist - wanted.min_dist),
    ];
    const at = best ? far.findIndex((value, place) => value !== best.far[place]) : 0;
    if (!best || (at >= 0 && far[at] < best.far[at])) best = { far, key };
  }
  return best && maps.layouts.get(best.key);
}

/** Values that a name takes among the settings of a method, in order. */
function stopsOf(maps, name, method, dims) {
  const found = [...maps.layouts.values()].filter(({ setting }) => setting.method === method && setting.dims === dims);
  return [...new Set(found.map(({ setting }) => setting[name]))].sort((a, b) => (a > b ? 1 : -1));
}

/** Coordinates of all spaces at one setting: a Float32Array of words times three for each space. Kept for a while. */
function placesAt(maps, layout) {
  if (maps.read.has(layout.key)) return maps.read.get(layout.key);
  const { dims } = layout.setting;
  const total = maps.spaces * maps.count * dims;
  const places = Array.from({ length: maps.spaces }, () => new Float32Array(maps.count * 3));
  const small = layout.bits === 16 ? new Uint16Array(layout.numbers.buffer) : new Uint32Array(layout.numbers.buffer);
  for (let i = 0, space = 0, word = 0, axis = 0; i < total; i += 1) {
    const value = layout.bits === 16 ? small[i] : (small[(i / 3) | 0] >>> (10 * (i % 3))) & 1023;
    places[space][word * 3 + axis] = layout.low[axis] + value * layout.step;
    axis += 1;
    if (axis === dims) { axis = 0; word += 1; }
    if (word === maps.count) { word = 0; space += 1; }
  }
  const kept = Array.from({ length: maps.spaces }, (_, space) => {
    const made = new Uint8Array(maps.count);
    for (let word = 0; word < maps.count; word += 1) {
      const at = space * maps.count + word;
      made[word] = (layout.tenths[at >> 1] >> (4 * (at & 1))) & 15;
    }
    return made;
  });
  const found = { places, kept, ...extentOf(places) };
  maps.read.set(layout.key, found);
  if (maps.read.size > 24) maps.read.delete(maps.read.keys().next().value);
  return found;
}

/** What holds all but a few of the words of all spaces: `reach`, half the side of the cube around the centre, and `box`,
 * low and high in x and in y. */
function extentOf(places) {
  const count = places[0].length / 3;
  const along = [0, 1, 2].map((axis) => {
    const all = new Float32Array(places.length * count);
    places.forEach((space, at) => { for (let i = 0; i < count; i += 1) all[at * count + i] = space[3 * i + axis]; });
    return all.sort();
  });
  const cut = Math.floor(along[0].length * 0.0025);
  const ends = along.map((all) => [all[cut], all[all.length - 1 - cut]]);
  return { reach: Math.max(...ends.flat().map(Math.abs)) * 1.04, box: [ends[0][0], ends[0][1], ends[1][0], ends[1][1]] };
}

/** True nearest neighbours of a word in a space, nearest first: [place, cosine] each. */
function trueNear(maps, space, word) {
  const from = (space * maps.count + word) * maps.closest;
  return Array.from({ length: maps.closest }, (_, i) => [maps.near[from + i], maps.cosines[from + i] / 255]);
}

/** For each word the number of its colour, and the colours: classes, or a scale of 32 steps with its ends. */
function coloursOf(me, panel) {
  const { maps, state, ink } = me;
  const hues = ink.dark ? MAP_HUES.dark : MAP_HUES.light;
  const classes = { topic: maps.topics, speech: maps.speech }[state.colour];
  if (classes) {
    const last = (state.colour === "topic" ? MAP_TOPICS : MAP_SPEECH).length - 1;
    return { index: classes, table: [...hues.slice(0, last), hues[8]] };
  }
  const steps = 32;
  const table = Array.from({ length: steps }, (_, i) => cividisAt(ink.dark ? 0.42 + (0.58 * i) / (steps - 1) : (0.66 * i) / (steps - 1)));
  const index = new Uint8Array(maps.count);
  if (state.colour === "faithful") {
    const { kept } = panel;
    for (let i = 0; i < index.length; i += 1) index[i] = Math.round((kept[i] / 10) * (steps - 1));
  } else {
    const [low, high] = [Math.log(maps.counts.reduce((a, b) => Math.min(a, b)) || 1), Math.log(maps.counts.reduce((a, b) => Math.max(a, b)) || 1)];
    for (let i = 0; i < index.length; i += 1) index[i] = Math.round(((Math.log(maps.counts[i] || 1) - low) / (high - low || 1)) * (steps - 1));
  }
  return { index, table };
}

function cividisAt(part) {
  const at = part * (CIVIDIS.length - 1);
  const low = Math.min(Math.floor(at), CIVIDIS.length - 2);
  const mixed = CIVIDIS[low].map((value, channel) => Math.round(value + (CIVIDIS[low + 1][channel] - value) * (at - low)));
  return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

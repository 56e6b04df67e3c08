// One number in every format, as bits that can be flipped: the twin of explainers/quantization/formats.py (a test compares
// the two). Whoever flips a bit changes the number, and all other formats follow.

const FORMATS = [
  { name: "fp32", bits: 32, exponent: 8, mantissa: 23, infinite: true },
  { name: "fp16", bits: 16, exponent: 5, mantissa: 10, infinite: true },
  { name: "bf16", bits: 16, exponent: 8, mantissa: 7, infinite: true },
  { name: "e4m3", bits: 8, exponent: 4, mantissa: 3, infinite: false },
  { name: "e5m2", bits: 8, exponent: 5, mantissa: 2, infinite: true },
  { name: "int8", bits: 8, exponent: 0, mantissa: 7, infinite: false },
  { name: "int4", bits: 4, exponent: 0, mantissa: 3, infinite: false },
];
const TRIED = ["0.1", "0.3333333333333333", "1", "65504", "70000", "448", "1e-7", "-0.0"];
const [LOWEST_POWER, HIGHEST_POWER] = [-152, 130];

const half = ({ bits }) => 2 ** (bits - 1);
const lowestExponent = ({ exponent }) => 2 - 2 ** (exponent - 1);

function decode(form, code) {
  if (!form.exponent) return code >= half(form) ? code - 2 * half(form) : code;
  const sign = code >= half(form) ? -1 : 1;
  const rest = code % half(form);
  const [stored, mantissa] = [Math.floor(rest / 2 ** form.mantissa), rest % 2 ** form.mantissa];
  const top = stored === 2 ** form.exponent - 1;
  if (top && form.infinite) return mantissa ? NaN : sign * Infinity;
  if (top && mantissa === 2 ** form.mantissa - 1) return NaN;
  return sign * ((stored ? 1 : 0) + mantissa / 2 ** form.mantissa) * 2 ** (Math.max(stored, 1) - 1 + lowestExponent(form));
}

/** Power of two of the leading bit, exactly. */
function powerOf(size) {
  let power = Math.floor(Math.log2(size));
  if (2 ** power > size) power -= 1;
  return 2 ** (power + 1) <= size ? power + 1 : power;
}

function roundEven(value) {
  const low = Math.floor(value);
  const over = value - low;
  return over > 0.5 || (over === 0.5 && low % 2) ? low + 1 : low;
}

function encode(form, value) {
  if (!form.exponent) {
    const held = Number.isNaN(value) ? 0 : Math.sign(value) * roundEven(Math.abs(Math.min(half(form) - 1, Math.max(-half(form), value))));
    return held < 0 ? held + 2 * half(form) : held + 0;
  }
  const sign = value < 0 || Object.is(value, -0) ? half(form) : 0;
  const top = (2 ** form.exponent - 1) * 2 ** form.mantissa;
  const ones = top + 2 ** form.mantissa - 1;
  const beyond = form.infinite ? top : ones;
  if (Number.isNaN(value)) return form.infinite ? top + 2 ** (form.mantissa - 1) : ones;
  const size = Math.abs(value);
  if (size === Infinity) return sign + beyond;
  if (!size) return sign;
  const power = Math.max(powerOf(size), lowestExponent(form));
  const steps = roundEven(size / 2 ** (power - form.mantissa));
  return sign + Math.min(beyond, steps + (power - lowestExponent(form)) * 2 ** form.mantissa);
}

function spacing(form, value) {
  if (!form.exponent) return 1;
  const nearest = Math.abs(decode(form, encode(form, value)));
  if (!Number.isFinite(nearest)) return NaN;
  return 2 ** (Math.max(nearest ? powerOf(nearest) : -Infinity, lowestExponent(form)) - form.mantissa);
}

const largestOf = (form) => decode(form, !form.exponent ? half(form) - 1 : half(form) - 1 - (form.infinite ? 2 ** form.mantissa : 1));
const smallestOf = (form) => (form.exponent ? 2 ** (lowestExponent(form) - form.mantissa) : 1);

/** A number as the address spells it, and back; what cannot be read is null. */
function spell(value) {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0.0" : String(value);
}

function parse(text) {
  const plain = text.trim().replace("−", "-").replace("∞", "inf").toLowerCase();
  const special = { nan: NaN, "+nan": NaN, inf: Infinity, "+inf": Infinity, "-inf": -Infinity, infinity: Infinity, "-infinity": -Infinity }[plain];
  if (special !== undefined) return special;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(plain) ? Number(plain) : null;
}

const told = (value) => (Number.isNaN(value) ? "NaN" : Number.isFinite(value) ? (Object.is(value, -0) ? "−0" : digits(value, 7)) : value > 0 ? "∞" : "−∞");
const kindOf = (form, place) => (place === 0 ? "sign" : place <= form.exponent ? "exponent" : "mantissa");

function fillRow(me, row) {
  const { form } = row;
  const value = me.value;
  const code = encode(form, value);
  const found = decode(form, code);
  const text = code.toString(2).padStart(form.bits, "0");
  row.bits.forEach((button, place) => {
    write(button, text[place]);
    button.setAttribute("aria-pressed", String(text[place] === "1"));
  });
  write(row.value, told(found));
  const off = found - value;
  write(row.off, off && Number.isFinite(off) ? fill(me.labels.off, { off: told(off) }) : Object.is(found, value) || found === value ? me.labels.exact : me.labels.beyond);
  write(row.step, fill(me.labels.step, { step: told(spacing(form, value)) }));
  row.mark.hidden = !Number.isFinite(found) || !found;
  if (!row.mark.hidden) row.mark.style.left = `${placeOf(Math.abs(found))}%`;
}

const placeOf = (size) => (100 * (Math.log2(size) - LOWEST_POWER)) / (HIGHEST_POWER - LOWEST_POWER);

function draw(me) {
  const begun = performance.now();
  const value = parse(me.state.number);
  me.input.setAttribute("aria-invalid", String(value === null));
  me.wrong.hidden = value !== null;
  if (value !== null) {
    me.value = value;
    me.rows.forEach((row) => fillRow(me, row));
  }
  if (me.input !== me.root.getRootNode().activeElement) me.input.value = me.state.number;
  me.root.dataset.drawMs = (performance.now() - begun).toFixed(2);
  me.root.dataset.codes = me.rows.map(({ form }) => encode(form, me.value ?? 0)).join(" ");
}

function set(me, number) {
  change(me, { number });
  draw(me);
  tell(me, 300);
}

function rowOf(me, form) {
  const row = { form };
  row.bits = Array.from({ length: form.bits }, (_, place) => {
    const name = kindOf(form, place);
    const button = element("button", { type: "button", class: `bit ${name}`, "aria-label": fill(me.labels.bit, { form: me.labels[`name_${form.name}`], n: form.bits - 1 - place, kind: me.labels[name] }) });
    button.onclick = () => {
      const code = encode(form, me.value);
      const weight = 2 ** (form.bits - 1 - place);
      const on = Math.floor(code / weight) % 2;
      set(me, spell(decode(form, code + (on ? -weight : weight))));
    };
    return button;
  });
  for (const name of ["value", "off", "step"]) row[name] = element("span", { class: `value ${name}` });
  row.mark = element("i", { class: "mark" });
  const [from, to] = [placeOf(smallestOf(form)), placeOf(largestOf(form))];
  const span = element("span", { class: "span", style: `left:${from}%;width:${to - from}%` });
  const ends = element("span", { class: "hint", text: fill(me.labels.range, { low: told(smallestOf(form)), high: told(largestOf(form)) }) });
  return Object.assign(row, {
    node: element("div", { class: "form", role: "group", "aria-label": me.labels[`name_${form.name}`] }, [
      element("div", { class: "name", text: me.labels[`name_${form.name}`] }),
      element("div", { class: "bits" }, row.bits),
      element("div", { class: "says" }, [row.value, row.off, row.step, ends]),
      element("div", { class: "range", "aria-hidden": "true" }, [span, row.mark]),
    ]),
  });
}

function build(me) {
  const { labels } = me;
  me.input = element("input", { type: "text", class: "number", "aria-label": labels.number, maxlength: "40", spellcheck: "false", autocomplete: "off" });
  me.input.oninput = () => { change(me, { number: me.input.value }); draw(me); };
  me.input.onchange = () => tell(me);
  me.input.disabled = me.hide.includes("number");
  me.wrong = element("p", { class: "wrong", role: "alert", text: labels.wrong, hidden: true });
  const tried = TRIED.map((text) => {
    const button = element("button", { type: "button", class: "chip", text: text.slice(0, 9) });
    button.onclick = () => { me.input.value = text; set(me, text); };
    return button;
  });
  me.rows = FORMATS.map((form) => rowOf(me, form));
  const legend = ["sign", "exponent", "mantissa"].map((name) => element("span", { class: `key of-${name}`, text: labels[name] }));
  me.root.replaceChildren(
    element("div", { class: "tools" }, [element("label", { class: "choice" }, [element("span", { class: "hint", text: labels.number }), me.input]), ...tried]),
    me.wrong,
    element("div", { class: "legend" }, [...legend, element("span", { class: "key of-range", text: labels.legend_range })]),
    element("div", { class: "forms" }, me.rows.map(({ node }) => node)),
  );
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const me = (root.me ??= { root, value: 0 });
  const relabelled = JSON.stringify([me.labels, me.hide]) !== JSON.stringify([data.labels, data.hide]);
  Object.assign(me, { labels: data.labels, hide: data.hide });
  adopt(me, data);
  if (relabelled) build(me);
  draw(me);
  root.dataset.painted = me.state.number;
}

// Receives one payload as raw bytes and keeps it for the pictures of the page, so that a control that only moves
// within the payload never sends it again. Frame: uint32 length of the name, the name, padding to 4, the payload.

const KEEP = 8; // a reader steps back and forth between a few sentences, not between hundreds

export default function ({ data }) {
  if (!(data instanceof Uint8Array)) return;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const length = view.getUint32(0, true);
  const id = new TextDecoder().decode(data.subarray(4, 4 + length));
  const start = Math.ceil((4 + length) / 4) * 4;
  house.payloads.delete(id);
  house.payloads.set(id, data.subarray(start));
  while (house.payloads.size > KEEP) house.payloads.delete(house.payloads.keys().next().value);
  const waiting = house.waiting.get(id);
  house.waiting.delete(id);
  waiting?.forEach((use) => use(house.payloads.get(id)));
}

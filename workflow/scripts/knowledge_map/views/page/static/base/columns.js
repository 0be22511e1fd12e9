// The columns that the page carries, from their bytes to numbers and texts. A Python module of the same page packs them.

const ABSENT = 0xffffff; // the row of a neighbor that is not there
const UNKNOWN = 255; // stands for a trust or stretch that is missing
const FOLLOWS = "="; // stands for an address that follows from the title
const STEPS = 65535; // positions are whole steps of 1 / STEPS

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** @typedef {{ prefix: string, underscores: boolean }} AddressRule how addresses follow from titles */

/**
 * Return the bytes of a column.
 * @param {string} base64 of its zlib stream
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function inflateText(base64) {
  return await inflate(bytesOf(base64));
}

/**
 * Return the bytes of a zlib stream; reject where it is damaged or cut short.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * @param {string} base64
 * @returns {Uint8Array<ArrayBuffer>}
 */
function bytesOf(base64) {
  if (typeof Uint8Array.fromBase64 === "function") return Uint8Array.fromBase64(base64); // browsers since 2025
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/**
 * Return the text of UTF-8 bytes.
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function decodeText(bytes) {
  return decoder.decode(bytes);
}

/**
 * Return a function that gives the text of a row; it makes no text before it is asked for.
 * @param {Uint8Array} bytes all texts, one after another, as UTF-8
 * @param {Uint8Array<ArrayBuffer>} lengths of each text in bytes, uint32
 * @returns {(row: number) => string}
 */
export function textReader(bytes, lengths) {
  const ends = new Uint32Array(lengths.buffer);
  for (let row = 1; row < ends.length; row++) ends[row] += ends[row - 1];
  return (row) => decodeText(bytes.subarray(row ? ends[row - 1] : 0, ends[row]));
}

/**
 * Return the coordinate of a whole number of steps, in map units.
 * @param {number} steps 0 to 65535
 * @returns {number}
 */
export function coordinateOf(steps) {
  return steps / STEPS;
}

/**
 * Return the whole number of steps nearest to a coordinate.
 * @param {number} coordinate 0 to 1, in map units
 * @returns {number}
 */
export function stepsOf(coordinate) {
  return Math.round(STEPS * coordinate);
}

/**
 * Return x and y of every row in steps.
 * @param {Uint8Array<ArrayBuffer>} bytes all x, then all y, in uint16
 * @returns {{ x: Uint16Array<ArrayBuffer>, y: Uint16Array<ArrayBuffer> }}
 */
export function unpackPositions(bytes) {
  const steps = new Uint16Array(bytes.buffer), count = steps.length / 2;
  return { x: steps.subarray(0, count), y: steps.subarray(count) };
}

/**
 * Return the similarities of every row to its first neighbor, then to its second, and so on, in steps of 1/255.
 * @param {Uint8Array<ArrayBuffer>} bytes similarities fall along a list: each is stored as how far it falls, modulo 256
 * @param {number} count of rows
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function unpackSimilarities(bytes, count) {
  const similarities = bytes.slice();
  for (let at = count; at < similarities.length; at++) similarities[at] = similarities[at - count] - similarities[at];
  return similarities;
}

/**
 * Return the neighbors of a row, nearest first.
 * @param {Uint8Array} bytes the same number of rows for each row, in three bytes each, the lowest first
 * @param {number} row
 * @param {number} each how many of them a row has
 * @returns {number[]}
 */
export function neighborsOf(bytes, row, each) {
  const neighbors = [];
  for (let at = 3 * row * each; at < 3 * (row + 1) * each; at += 3) {
    const neighbor = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
    if (neighbor !== ABSENT) neighbors.push(neighbor);
  }
  return neighbors;
}

/**
 * Return the trust that a byte stands for.
 * @param {number} byte
 * @returns {number | null} 0 to 1; null where it is unknown
 */
export function trustOf(byte) {
  return byte === UNKNOWN ? null : byte / 254;
}

/**
 * Return the stretch that a byte stands for.
 * @param {number} byte in sixteenths of a doubling, 128 being 1
 * @returns {number | null} null where it is unknown
 */
export function stretchOf(byte) {
  return byte === UNKNOWN ? null : 2 ** ((byte - 128) / 16);
}

/**
 * Return the address of an item, or "" where it has none of the web.
 * @param {string} stored as the column has it
 * @param {string} title
 * @param {AddressRule | null} rule
 * @returns {string}
 */
export function addressOf(stored, title, rule) {
  const follows = stored === FOLLOWS && rule !== null;
  const address = follows ? rule.prefix + quoted(rule.underscores ? title.replaceAll(" ", "_") : title) : stored;
  return /^https?:\/\//i.test(address) ? address : "";
}

/**
 * Return a title as it stands in an address: everything but letters, digits and _.-~/ as %XX, which is Python's `quote`.
 * @param {string} title
 * @returns {string}
 */
function quoted(title) {
  const escape = (/** @type {string} */ sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(title).replaceAll("%2F", "/").replace(/[!'()*]/g, escape);
}

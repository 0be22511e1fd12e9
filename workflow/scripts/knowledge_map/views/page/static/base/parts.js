// The files of a page of tiles: columns one behind the other, under a head; named by the digests of their content.

import { unpackNumbers } from "./carried.js";
import { decodeText, textReader } from "./columns.js";

const DIGEST = 8; // bytes

/** @typedef {Map<string, Uint8Array<ArrayBuffer>>} Parts the columns of a file by their names */

/**
 * Return what a file holds: a head, and columns. Throws where it does not hold what its head says.
 * @param {Uint8Array<ArrayBuffer>} bytes a line of JSON, and the columns one behind the other
 * @returns {{ kind: string, count?: number, parts: Parts }}
 */
export function unpackParts(bytes) {
  let at = bytes.indexOf(10) + 1;
  const { parts: lengths, ...head } = JSON.parse(decodeText(bytes.subarray(0, at)));
  /** @type {Parts} */
  const parts = new Map();
  for (const [name, length] of lengths) parts.set(name, bytes.slice(at, at += length));
  if (at !== bytes.length) throw new Error("the length is another one than the head says");
  return { ...head, parts };
}

/**
 * Return the texts of a file.
 * @param {Parts} parts
 * @param {string} name
 * @returns {(row: number) => string}
 */
export function textsOf(parts, name) {
  const lengths = unpackNumbers(/** @type {Uint8Array<ArrayBuffer>} */ (parts.get(`${name}-lengths`)), 4);
  return textReader(/** @type {Uint8Array} */ (parts.get(name)), new Uint8Array(lengths.buffer));
}

/**
 * Return the name of a file.
 * @param {Uint8Array} digests of many files, one behind the other
 * @param {number} number of the file among them
 * @returns {string}
 */
export function nameAt(digests, number) {
  const digest = digests.subarray(DIGEST * number, DIGEST * (number + 1));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// The elements that carry data into the page; each leaves the page as it is read.

import { CategoryColumn, NumberColumn, TagColumn, TextColumn, unpackNumbers } from "./carried.js";
import { inflateText, textReader } from "./columns.js";
import { element } from "./dom.js";

/**
 * Return the bytes of a column.
 * @param {string} name
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function takeColumn(name) {
  const carrier = element(`data-${name}`), base64 = carrier.textContent ?? "";
  carrier.remove();
  return await inflateText(base64);
}

/**
 * Return how many texts a column has, and what gives the text of a row.
 * @param {string} name
 * @returns {Promise<{ count: number, textOf: (row: number) => string }>}
 */
export async function takeTexts(name) {
  const [bytes, lengths] = await Promise.all([takeColumn(name), takeColumn(`${name}-lengths`)]);
  return { count: lengths.length / 4, textOf: textReader(bytes, lengths) };
}

/**
 * Return columns of so many articles, which are still to be filled, with the names of their classes.
 * @param {import("./carried.js").Head[]} heads
 * @param {number} count
 * @param {(number: number, row: number) => string} textOf returns the text of a column that is only read, by the column's number
 * @returns {Promise<import("./carried.js").CarriedColumn[]>}
 */
export async function takeEmptyCarried(heads, count, textOf) {
  return await Promise.all(heads.map(async (head, number) => {
    const { name, kind, missing, bytes = 1 } = head;
    if (kind === "text") return new TextColumn(name, missing, (row) => textOf(number, row));
    const numbers = unpackNumbers(new Uint8Array(count * (bytes || 4)), bytes);
    if (kind === "number" || kind === "date") return new NumberColumn(head, numbers);
    const names = await takeTexts(`carried-${number}-names`);
    if (kind === "tags") {
      return new TagColumn(name, missing, names, unpackNumbers(new Uint8Array(0), bytes), new Uint8Array(count));
    }
    return new CategoryColumn(name, missing, names, numbers);
  }));
}

/**
 * Return the columns that the articles carry.
 * @param {import("./carried.js").Head[]} heads
 * @returns {Promise<import("./carried.js").CarriedColumn[]>}
 */
export async function takeCarried(heads) {
  return await Promise.all(heads.map((head, number) => takeOne(head, `carried-${number}`)));
}

/**
 * @param {import("./carried.js").Head} head
 * @param {string} key begins the names of what carries the values
 */
async function takeOne(head, key) {
  const { name, kind, missing, bytes = 1 } = head;
  if (kind === "text") return new TextColumn(name, missing, (await takeTexts(key)).textOf);
  const numbers = unpackNumbers(await takeColumn(key), bytes);
  if (kind === "number" || kind === "date") return new NumberColumn(head, numbers);
  const names = await takeTexts(`${key}-names`);
  if (kind === "tags") return new TagColumn(name, missing, names, numbers, await takeColumn(`${key}-each`));
  return new CategoryColumn(name, missing, names, numbers);
}

// Items as a table for spreadsheets.

import { NumberColumn } from "../base/carried.js";
import { store } from "../base/store.js";

const COLUMNS = ["title", "kind", "source", "url", "x", "y"];

/**
 * Yield the lines of a table of items.
 * @param {number[]} rows
 * @param {string} separator
 * @returns {Generator<string, void>}
 */
export function* tableLines(rows, separator) {
  yield `${[...COLUMNS, ...store.carried.map(({ name }) => tableCell(name))].join(separator)}\r\n`;
  for (const row of rows) {
    const isQuestion = store.isQuestion(row), source = isQuestion ? "" : store.sources[store.source[row]];
    const kind = isQuestion ? "question" : store.isPlaced(row) ? "placed" : "article";
    const texts = [store.title(row), kind, source, store.url(row)].map(tableCell);
    const carried = store.carried.map((column) => isQuestion ? "" : carriedCell(column, row));
    yield `${[...texts, ...store.position(row).map((value) => value.toFixed(5)), ...carried].join(separator)}\r\n`;
  }
}

/**
 * @param {import("../base/carried.js").CarriedColumn} column
 * @param {number} row
 */
function carriedCell(column, row) {
  return column instanceof NumberColumn ? column.dataOf(row) : tableCell(column.textOf(row));
}

/**
 * Return a text as a field of a table: always in quotes, and never something that a spreadsheet would compute.
 * @param {string} value
 * @returns {string}
 */
function tableCell(value) {
  const text = String(value); // a source beyond those listed has no name
  return `"${(/^[\s\0]*[=+\-@\t\r\n]/.test(text) ? "'" + text : text).replaceAll('"', '""')}"`;
}

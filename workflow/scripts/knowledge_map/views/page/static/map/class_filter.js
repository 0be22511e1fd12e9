// Filters by the classes of a column: categories and tags that are ticked, and runs of bins.

import { NumberColumn } from "../base/carried.js";
import { shorten } from "../base/text.js";
import { filter } from "./filter.js";

/** @typedef {import("../base/carried.js").ClassedColumn} ClassedColumn */

const NAMED = 2; // classes that the text of a condition names
const LONGEST = 24; // characters of a class

/**
 * Return the key of a column's condition.
 * @param {ClassedColumn} column
 * @returns {string}
 */
export function conditionKey(column) {
  return `column ${column.name}`;
}

/**
 * Return which classes are allowed, 0 or 1 for each and, behind them, for no value.
 * @param {ClassedColumn} column
 * @returns {Uint8Array}
 */
export function allowedClasses(column) {
  return filter.condition(conditionKey(column))?.allowed ?? new Uint8Array(column.classCount + 1).fill(1);
}

/**
 * Keep the articles in these classes; all classes are no condition.
 * @param {ClassedColumn} column
 * @param {Uint8Array} allowed
 */
export function allowClasses(column, allowed) {
  const isAll = allowed.every((each) => each);
  filter.set(
    conditionKey(column),
    isAll ? null : {
      text: conditionText(column, allowed),
      bits: column.rowsIn(allowed),
      holds: (row) => column.isIn(row, allowed),
      allowed,
    },
  );
}

/**
 * Switch classes on or off together: off where all of them are on.
 * @param {ClassedColumn} column
 * @param {number[]} classes
 */
export function toggleClasses(column, classes) {
  const allowed = allowedClasses(column).slice(), isOn = classes.every((each) => allowed[each]);
  for (const each of classes) allowed[each] = Number(!isOn);
  allowClasses(column, allowed);
}

/**
 * Keep these classes only.
 * @param {ClassedColumn} column
 * @param {number[]} classes
 */
export function allowOnly(column, classes) {
  const allowed = new Uint8Array(column.classCount + 1);
  for (const each of classes) allowed[each] = 1;
  allowClasses(column, allowed);
}

/**
 * Keep a run of bins; articles without a value are kept only where the run has all bins.
 * @param {NumberColumn} column
 * @param {number} first
 * @param {number} last
 */
export function allowRange(column, first, last) {
  const allowed = new Uint8Array(column.classCount + 1).fill(1, first, last + 1);
  if (first === 0 && last === column.classCount - 1) allowed[column.classCount] = 1;
  allowClasses(column, allowed);
}

/**
 * Return the run from the first bin that is allowed to the last one.
 * @param {NumberColumn} column
 * @returns {[number, number]}
 */
export function allowedRange(column) {
  const bins = allowedClasses(column).subarray(0, column.classCount);
  return [Math.max(bins.indexOf(1), 0), Math.max(bins.lastIndexOf(1), 0)];
}

/**
 * Return what a condition says, such as "Year: 1990–1999" or "Field: without physics".
 * @param {ClassedColumn} column
 * @param {Uint8Array} allowed
 */
function conditionText(column, allowed) {
  const none = column.classCount, hasNone = column.missing > 0 && allowed[none] === 1;
  if (column instanceof NumberColumn) {
    const bins = allowed.subarray(0, none);
    if (!bins.includes(1)) return `${column.name}: ${hasNone ? "no value" : "nothing"}`;
    const text = `${column.name}: ${column.rangeName(bins.indexOf(1), bins.lastIndexOf(1))}`;
    return bins.includes(0) && hasNone ? `${text}, or no value` : text;
  }
  const isNamed = (/** @type {number} */ each) => each < none || column.missing > 0;
  /** @type {[number[], number[]]} */
  const [on, off] = [[], []];
  for (let each = 0; each <= none; each++) if (isNamed(each)) (allowed[each] ? on : off).push(each);
  return `${column.name}: ${on.length > off.length ? "without " : ""}${classNames(column, on.length > off.length ? off : on)}`;
}

/**
 * @param {ClassedColumn} column
 * @param {number[]} classes
 */
function classNames(column, classes) {
  const names = classes.slice(0, NAMED).map((each) =>
    each < column.classCount ? shorten(column.className(each), LONGEST) : "no value"
  );
  const rest = classes.length - names.length;
  return [...names, ...(rest ? [`${rest} more`] : [])].join(", ") || "nothing";
}

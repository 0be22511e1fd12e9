// Filters by the classes of a column: categories and tags that are ticked, and runs of bins.

import { NumberColumn } from "../base/carried.js";
import { store } from "../base/store.js";
import { shorten } from "../base/text.js";
import { filter } from "./filter.js";

/** @typedef {import("../base/carried.js").ClassedColumn} ClassedColumn */
/** @typedef {import("./filter.js").Condition} Condition */
/** @typedef {import("./filter.js").Record} Record */

const NAMED = 2; // classes that the text of a condition names
const LONGEST = 24; // characters of a class

/**
 * Return what names a column on this page: in the filter, among the colours and in addresses.
 * @param {ClassedColumn} column
 * @returns {string}
 */
export function columnKey(column) {
  if (column === store.sourceColumn) return "source";
  return column === store.trustColumn ? "trust" : `column ${column.name}`;
}

/**
 * Return which classes are allowed, 0 or 1 for each and, behind them, for no value.
 * @param {ClassedColumn} column
 * @returns {Uint8Array}
 */
export function allowedClasses(column) {
  return filter.condition(columnKey(column))?.allowed ?? new Uint8Array(column.classCount + 1).fill(1);
}

/**
 * Keep the articles in these classes; all classes are no condition.
 * @param {ClassedColumn} column
 * @param {Uint8Array} allowed
 */
export function allowClasses(column, allowed) {
  filter.set(columnKey(column), classCondition(column, allowed));
}

/**
 * Return the condition that articles are in these classes; all classes are no condition.
 * @param {ClassedColumn} column
 * @param {Uint8Array} allowed
 * @returns {Condition | null}
 */
function classCondition(column, allowed) {
  if (allowed.every((each) => each)) return null;
  return {
    text: conditionText(column, allowed),
    bits: column.rowsIn(allowed),
    holds: (row) => column.isIn(row, allowed),
    record: classRecord(column, allowed),
    allowed,
  };
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
 * Return which classes are allowed by what they are called, so that the record holds on a map with other classes, too: the ends of a
 * run of bins and whether articles without a value are kept; or the names of those that are "only" kept or kept "without", whichever
 * are fewer, null for no value.
 * @param {ClassedColumn} column
 * @param {Uint8Array} allowed
 * @returns {Record}
 */
function classRecord(column, allowed) {
  const none = column.classCount, key = columnKey(column), bins = allowed.subarray(0, none);
  if (column instanceof NumberColumn) {
    const run = bins.includes(1) ? [column.edges[bins.indexOf(1)], column.edges[bins.lastIndexOf(1) + 1]] : [null, null];
    return [key, ...run, allowed[none]];
  }
  const isOn = allowed.reduce((sum, each) => sum + each, 0) <= allowed.length / 2, wanted = Number(isOn);
  const classes = [...allowed.keys()].filter((each) => allowed[each] === wanted);
  return [key, isOn ? "only" : "without", ...classes.map((each) => each < none ? column.className(each) : null)];
}

/**
 * Return the condition that a record stands for, which comes from outside; null where this page has nothing of the kind.
 * @param {unknown[]} record
 * @returns {[string, Condition] | null} with its key
 */
export function conditionOf([key, ...said]) {
  const column = store.classed.find((each) => columnKey(each) === key);
  if (!column) return null;
  const allowed = column instanceof NumberColumn ? binsOf(column, said) : classesOf(column, said);
  const condition = allowed && classCondition(column, allowed);
  return condition && [columnKey(column), condition];
}

/**
 * @param {NumberColumn} column
 * @param {unknown[]} said
 */
function binsOf(column, [begin, end, hasNone]) {
  const { edges, classCount } = column, allowed = new Uint8Array(classCount + 1);
  allowed[classCount] = Number(hasNone === 1);
  if (begin === null && end === null) return allowed;
  if (typeof begin !== "number" || typeof end !== "number") return null;
  for (let bin = 0; bin < classCount; bin++) allowed[bin] = Number(edges[bin] < end && edges[bin + 1] > begin);
  return allowed.includes(1) ? allowed : null;
}

/**
 * @param {Exclude<ClassedColumn, NumberColumn>} column
 * @param {unknown[]} said
 */
function classesOf(column, [how, ...names]) {
  if (how !== "only" && how !== "without") return null;
  const wanted = new Set(names), allowed = new Uint8Array(column.classCount + 1);
  let found = 0;
  for (let each = 0; each < allowed.length; each++) {
    const isNamed = wanted.has(each < column.classCount ? column.className(each) : null);
    found += Number(isNamed);
    allowed[each] = Number(isNamed === (how === "only"));
  }
  return found || !names.length ? allowed : null;
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

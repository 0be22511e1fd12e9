// The filter in the address: a part for each condition. What an address holds comes from outside, and is taken as far as it makes sense.

import { showToast } from "../base/toast.js";
import { conditionOf } from "../map/class_filter.js";
import { filter } from "../map/filter.js";
import { titleCondition, WORDS } from "./search.js";
import { AREA, selectionOf } from "./selection.js";

/** @typedef {import("../map/filter.js").Condition} Condition */

const PART = "filter"; // the name of a part
const LONGEST_WORDS = 200; // characters

/**
 * Put the conditions into an address.
 * @param {URLSearchParams} parts
 */
export function writeFilter(parts) {
  for (const [, { record }] of filter.conditions()) parts.append(PART, JSON.stringify(record));
}

/**
 * Filter as an address says.
 * @param {URLSearchParams} parts
 */
export function readFilter(parts) {
  const before = new URLSearchParams(), wanted = parts.getAll(PART);
  writeFilter(before);
  if (String(before.getAll(PART)) === String(wanted)) return;
  const conditions = wanted.map(readCondition), known = conditions.filter((condition) => condition !== null);
  filter.setAll(known);
  if (known.length < wanted.length) showToast("Part of the filter in this link is not of this map, and was left out.");
}

/**
 * Return the condition that a part stands for, with its key; null where there is none such on this page.
 * @param {string} text
 * @returns {[string, Condition] | null}
 */
function readCondition(text) {
  const record = parsed(text);
  if (!Array.isArray(record)) return null;
  const [about, words] = record;
  if (about === WORDS) {
    const isText = typeof words === "string" && words.trim() && words.length <= LONGEST_WORDS;
    const condition = isText ? titleCondition(words) : null;
    return condition && [WORDS, condition];
  }
  const selection = selectionOf(record);
  return selection ? [AREA, selection] : conditionOf(record);
}

/** @param {string} json */
function parsed(json) {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

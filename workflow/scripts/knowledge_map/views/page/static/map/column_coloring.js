// How articles are coloured by a column: by the commonest classes, by a scale, or by whether they have a tag.

import { countBits } from "../base/bits.js";
import { CategoryColumn, TagColumn } from "../base/carried.js";
import { parseColor } from "../base/colors.js";
import { signal } from "../base/signal.js";
import { store } from "../base/store.js";
import { counted } from "../base/text.js";
import { allowedClasses, columnKey } from "./class_filter.js";
import { filter } from "./filter.js";
import { classColor, COLORED_CLASSES, missingColor, scaleColor, sequentialColors } from "./palette.js";

/** @typedef {import("../base/carried.js").ClassedColumn} ClassedColumn */
/** @typedef {import("../base/carried.js").NumberColumn} NumberColumn */
/** @typedef {import("./coloring.js").Coloring} Coloring */
/** @typedef {import("./coloring.js").KeyEntry} KeyEntry */

const MISSING = 253; // value of articles without a category
const HAS = 0, HAS_NOT = 1, NO_TAGS = 2; // values of articles coloured by one tag

/** Another tag of a column was chosen to colour by. */
/** @type {import("../base/signal.js").Signal<[TagColumn]>} */
export const tagChosen = signal();

/** @type {Map<TagColumn, number>} the tag of a column by which articles are coloured */
const chosenTags = new Map();

/**
 * Return how many articles are in each class, of those that the conditions of other columns keep.
 * @param {ClassedColumn} column
 */
function countsOf(column) {
  return column.countClasses(filter.bitsWithout(columnKey(column)));
}

/**
 * Return the entry of no value, where there are articles without any.
 * @param {ClassedColumn} column
 * @param {Uint32Array} counts
 * @returns {KeyEntry[]}
 */
function missingEntry(column, counts) {
  const none = column.classCount, isOn = allowedClasses(column)[none] === 1;
  return column.missing ? [{ color: missingColor(), text: "no value", count: counts[none], classes: [none], isOn }] : [];
}

/**
 * @param {CategoryColumn} column
 * @returns {Coloring}
 */
function byCategory(column) {
  const none = column.classCount, listed = Math.min(none, COLORED_CLASSES), rest = none - listed;
  return {
    measure: (values, first, end) => {
      const { classes } = column;
      for (let row = first; row < end; row++) {
        values[row] = classes[row] === none ? MISSING : Math.min(classes[row], COLORED_CLASSES);
      }
    },
    colorOf: (value) => parseColor(value === MISSING ? missingColor() : classColor(value)),
    key: () => {
      const allowed = allowedClasses(column), counts = countsOf(column);
      /** @type {(text: string, classes: number[]) => KeyEntry} */
      const entry = (text, classes) => ({
        color: classColor(Math.min(classes[0], COLORED_CLASSES)),
        text,
        count: classes.reduce((sum, each) => sum + counts[each], 0),
        classes,
        isOn: classes.some((each) => allowed[each]),
      });
      const entries = Array.from({ length: listed }, (_, each) => entry(column.className(each), [each]));
      if (rest) entries.push(entry(counted(rest, "other"), Array.from({ length: rest }, (_, n) => listed + n)));
      return { title: column.name, column, entries: [...entries, ...missingEntry(column, counts)] };
    },
  };
}

/**
 * @param {NumberColumn} column
 * @returns {Coloring}
 */
function byNumber(column) {
  const last = column.classCount - 1;
  return {
    measure: (values, first, end) => values.set(column.classes.subarray(first, end), first),
    colorOf: (value) => value > last ? parseColor(missingColor()) : scaleColor(sequentialColors(), last ? value / last : 0.5),
    key: () => {
      const counts = countsOf(column), allowed = allowedClasses(column), kept = counts.map((count, bin) => count * allowed[bin]);
      const [low, high] = [column.rangeName(0, 0), column.rangeName(last, last)];
      const bars = { all: counts.subarray(0, last + 1), kept: kept.subarray(0, last + 1) };
      return { title: column.name, column, stops: sequentialColors(), low, high, bars, entries: missingEntry(column, counts) };
    },
  };
}

/**
 * @param {TagColumn} column
 * @returns {Coloring}
 */
function byTag(column) {
  return {
    measure: (values, first, end) => {
      const tag = chosenTag(column);
      for (let row = first; row < end; row++) {
        const tags = column.tagsOf(row);
        values[row] = !tags.length ? NO_TAGS : tags.includes(tag) ? HAS : HAS_NOT;
      }
    },
    colorOf: (value) => parseColor([classColor(0), classColor(COLORED_CLASSES), missingColor()][value] ?? missingColor()),
    key: () => {
      const counts = countsOf(column), tag = chosenTag(column), bits = filter.bitsWithout(columnKey(column));
      const none = counts[column.classCount], kept = bits ? countBits(bits) : filter.total;
      return {
        title: column.name,
        column,
        entries: [
          { color: classColor(0), text: `has ${column.className(tag)}`, count: counts[tag] },
          { color: classColor(COLORED_CLASSES), text: "has not", count: kept - counts[tag] - none },
          ...(column.missing ? [{ color: missingColor(), text: "no tags", count: none }] : []),
        ],
      };
    },
  };
}

/**
 * Return the tag of a column by which articles are coloured, the commonest unless another was chosen.
 * @param {TagColumn} column
 * @returns {number}
 */
export function chosenTag(column) {
  return chosenTags.get(column) ?? 0;
}

/**
 * Colour by a tag of a column.
 * @param {TagColumn} column
 * @param {number} tag
 */
export function chooseTag(column, tag) {
  chosenTags.set(column, tag);
  tagChosen(column);
}

/**
 * Return the column of tags by which a name colours, or null.
 * @param {string} name
 */
function tagColumnOf(name) {
  for (const column of store.classed) if (column instanceof TagColumn && columnKey(column) === name) return column;
  return null;
}

/**
 * Return the tag by which a name colours, or "" where it colours by something else.
 * @param {string} name
 * @returns {string}
 */
export function tagNameOf(name) {
  const column = tagColumnOf(name);
  return column ? column.className(chosenTag(column)) : "";
}

/**
 * Colour by a tag, where a name colours by tags and one is called so.
 * @param {string} name
 * @param {string} tagName
 */
export function chooseTagNamed(name, tagName) {
  const column = tagColumnOf(name), count = column?.classCount ?? 0;
  for (let tag = 0; column && tag < count; tag++) if (column.className(tag) === tagName) return chooseTag(column, tag);
}

/**
 * Return how articles are coloured by a column.
 * @param {ClassedColumn} column
 * @returns {Coloring}
 */
export function columnColoring(column) {
  if (column instanceof TagColumn) return byTag(column);
  return column instanceof CategoryColumn ? byCategory(column) : byNumber(column);
}

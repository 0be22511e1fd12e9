// What the colours of the articles tell. Every article has a value from 0 to 253; those filtered out and those selected have their own.

import { countBits } from "../base/bits.js";
import { CategoryColumn, TagColumn } from "../base/carried.js";
import { parseColor } from "../base/colors.js";
import { signal } from "../base/signal.js";
import { store } from "../base/store.js";
import { counted } from "../base/text.js";
import { theme } from "../base/theme.js";
import { allowedClasses, conditionKey } from "./class_filter.js";
import { densityAt } from "./density.js";
import { filter } from "./filter.js";
import { classColor, COLORED_CLASSES, distanceColors, missingColor, scaleColor, sequentialColors } from "./palette.js";

/** @typedef {import("../base/carried.js").ClassedColumn} ClassedColumn */
/** @typedef {import("../base/carried.js").NumberColumn} NumberColumn */
/**
 * @typedef {object} KeyEntry a colour and what has it
 * @property {string} color
 * @property {string} text
 * @property {number} [count] articles that have it
 * @property {number[]} [classes] these classes of the column, which may be switched off
 * @property {boolean} [isOn] they are not switched off
 */
/**
 * @typedef {object} ColorKey what the colours tell
 * @property {string} title
 * @property {string[]} [stops] colours of a scale
 * @property {string} [low] the lower end of the scale
 * @property {string} [high] the upper end of the scale
 * @property {KeyEntry[]} [entries] colours with a meaning each
 * @property {ClassedColumn} [column] that the colours are about
 * @property {{ all: Uint32Array, kept: Uint32Array }} [bars] articles in each bin of the scale, without the column's own condition and with it
 */
/**
 * @typedef {object} Coloring
 * @property {(values: Uint8Array) => void} measure sets the value of every article
 * @property {(value: number) => number[]} colorOf the colour of a value
 * @property {() => ColorKey} key
 */

const SELECTED = 255;
const FADED = 254;
const HIGHEST = 253;
const OPACITY = 190; // of 255
const FADED_OPACITY = 45; // of 255
const HAS = 0, HAS_NOT = 1, NO_TAGS = 2; // values of articles coloured by one tag

/** @type {Record<string, Coloring>} */
const FIXED = {
  plain: {
    measure: (values) => values.fill(0),
    colorOf: () => parseColor(theme.colors.point),
    key: () => ({ title: "Articles", stops: densityColors(), low: "few", high: "many" }),
  },
  kind: {
    measure: (values) => values.fill(0),
    colorOf: () => parseColor(classColor(0)),
    key: () => {
      const questions = store.questions.length ? [{ color: theme.colors.accent, text: "Question" }] : [];
      return { title: "Kind", entries: [{ color: classColor(0), text: "Article" }, ...questions] };
    },
  },
  density: {
    measure: (values) => {
      for (let row = 0; row < values.length; row++) values[row] = Math.round(HIGHEST * densityAt(store.x[row], store.y[row]));
    },
    colorOf: (value) => scaleColor(sequentialColors(), value / HIGHEST),
    key: () => ({ title: "Articles around", stops: sequentialColors(), low: "few", high: "many" }),
  },
  distance: {
    measure: (values) => values.set(distances ??= measureDistances()),
    colorOf: (value) => scaleColor(distanceColors(), value / HIGHEST),
    key: () => ({ title: "Nearest question", stops: distanceColors(), low: "near", high: "far" }),
  },
};

/** The values of all articles, uint8, and red, green, blue and opacity of each of the 256 values. */
/** @type {import("../base/signal.js").Signal<[Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>]>} */
export const colorsChanged = signal();
/** Something else was chosen to colour by. */
/** @type {import("../base/signal.js").Signal<[string]>} */
export const coloringChosen = signal();

/** @type {Record<string, Coloring>} what one can colour by, by the names in the menu */
const colorings = { ...FIXED };
let chosen = "plain";
let values = new Uint8Array(0);
/** @type {number[]} */
let selected = [];
/** @type {Uint8Array | null} */
let distances = null;
/** @type {Map<TagColumn, number>} the tag of a column by which articles are coloured */
const chosenTags = new Map();

/** Return the colours of the density beneath the points, from sparse to dense. */
export function densityColors() {
  return ["shade-low", "shade-middle", "shade-high"].map((name) => theme.colors[name]);
}

/** Return how far each article is from the nearest question on the map, on a root scale, the farthest being 253. */
function measureDistances() {
  const squared = new Float32Array(store.articleCount).fill(Infinity);
  for (const { row } of store.questions) {
    const [x, y] = store.position(row);
    for (let article = 0; article < store.articleCount; article++) {
      const distance = (store.x[article] - x) ** 2 + (store.y[article] - y) ** 2;
      if (distance < squared[article]) squared[article] = distance;
    }
  }
  const farthest = squared.reduce((a, b) => Math.max(a, b)) || 1;
  return Uint8Array.from(squared, (value) => HIGHEST * (value / farthest) ** 0.25);
}

// ---- By a column ----

/**
 * Return how many articles are in each class, of those that the conditions of other columns keep.
 * @param {ClassedColumn} column
 */
function countsOf(column) {
  return column.countClasses(filter.bitsWithout(conditionKey(column)));
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
    measure: (values) => {
      const { classes } = column;
      for (let row = 0; row < values.length; row++) {
        values[row] = classes[row] === none ? HIGHEST : Math.min(classes[row], COLORED_CLASSES);
      }
    },
    colorOf: (value) => parseColor(value === HIGHEST ? missingColor() : classColor(value)),
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
    measure: (values) => values.set(column.classes),
    colorOf: (value) => value > last ? parseColor(missingColor()) : scaleColor(sequentialColors(), last ? value / last : 0.5),
    key: () => {
      const counts = countsOf(column), kept = filter.bits ? column.countClasses(filter.bits) : counts;
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
    measure: (values) => {
      const tag = chosenTag(column);
      for (let row = 0; row < values.length; row++) {
        const tags = column.tagsOf(row);
        values[row] = !tags.length ? NO_TAGS : tags.includes(tag) ? HAS : HAS_NOT;
      }
    },
    colorOf: (value) => parseColor([classColor(0), classColor(COLORED_CLASSES), missingColor()][value] ?? missingColor()),
    key: () => {
      const counts = countsOf(column), tag = chosenTag(column), bits = filter.bitsWithout(conditionKey(column));
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
 * Return the tag by which articles are coloured.
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
  chooseColoring(coloringName(column));
}

/** Return the column of tags by which articles are coloured, if they are. */
function coloredTags() {
  for (const column of store.classed) if (column instanceof TagColumn && coloringName(column) === chosen) return column;
  return null;
}

/**
 * Return the tag by which articles are coloured now, or "" where they are coloured by something else.
 * @returns {string}
 */
export function chosenTagName() {
  const column = coloredTags();
  return column ? column.className(chosenTag(column)) : "";
}

/**
 * Colour by the tag of a name, where articles are coloured by tags and one is called so.
 * @param {string} name
 */
export function chooseTagNamed(name) {
  const column = coloredTags(), count = column?.classCount ?? 0;
  for (let tag = 0; column && tag < count; tag++) if (column.className(tag) === name) return chooseTag(column, tag);
}

/**
 * Return the name by which articles are coloured by a column.
 * @param {ClassedColumn} column
 * @returns {string}
 */
export function coloringName(column) {
  if (column === store.sourceColumn) return "source";
  return column === store.trustColumn ? "trust" : `column ${column.name}`;
}

/**
 * @param {ClassedColumn} column
 * @returns {Coloring}
 */
function byColumn(column) {
  if (column instanceof TagColumn) return byTag(column);
  return column instanceof CategoryColumn ? byCategory(column) : byNumber(column);
}

// ---- The colours ----

function measureValues() {
  values = new Uint8Array(store.articleCount);
  colorings[chosen].measure(values);
  tellColors();
}

/** Tell the colours: what is filtered out is faint, what is selected has the accent colour. */
function tellColors() {
  const shown = filter.bits || selected.length ? values.slice() : values;
  if (filter.bits) { for (let row = 0; row < shown.length; row++) if (!filter.keeps(row)) shown[row] = FADED; }
  for (const row of selected) shown[row] = SELECTED;
  const palette = new Uint8Array(4 * 256);
  for (let value = 0; value <= HIGHEST; value++) palette.set([...colorings[chosen].colorOf(value), OPACITY], 4 * value);
  palette.set([...parseColor(theme.colors.faint), FADED_OPACITY], 4 * FADED);
  palette.set([...parseColor(theme.colors.accent), 255], 4 * SELECTED);
  colorsChanged(shown, palette);
}

/**
 * Colour the articles; by what this page does not have is ignored.
 * @param {string} name
 */
export function chooseColoring(name) {
  if (!Object.hasOwn(colorings, name) || (name === "distance" && !store.questions.length)) return;
  chosen = name;
  measureValues();
  coloringChosen(chosen);
}

/**
 * Return the name of what the articles are coloured by.
 * @returns {string}
 */
export function chosenColoring() {
  return chosen;
}

/**
 * Return whether all articles have one colour, over their density.
 * @returns {boolean}
 */
export function isPlain() {
  return chosen === "plain";
}

/**
 * Return what the colours tell.
 * @returns {ColorKey}
 */
export function colorKey() {
  return colorings[chosen].key();
}

/**
 * Show these articles as selected.
 * @param {number[]} rows
 */
export function selectArticles(rows) {
  selected = rows;
  tellColors();
}

/**
 * Return the values of some articles, 0 to 253.
 * @param {number[]} rows
 * @returns {number[]}
 */
export function articleValues(rows) {
  return rows.map((row) => values[row]);
}

/** Colour the articles for the first time, and again with every change of the theme and the filter. */
export function startColoring() {
  for (const column of [store.sourceColumn, store.trustColumn, ...store.classed]) {
    colorings[coloringName(column)] = byColumn(column);
  }
  measureValues();
  theme.changed.listen(tellColors);
  filter.changed.listen(() => chosen === "density" ? measureValues() : tellColors());
}

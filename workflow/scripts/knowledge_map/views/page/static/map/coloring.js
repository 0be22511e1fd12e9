// What the colours of the articles tell. Every article has a value from 0 to 253; those filtered out and those selected have their own.

import { addBit, emptyBits, fullBits, visitChanges } from "../base/bits.js";
import { parseColor } from "../base/colors.js";
import { signal } from "../base/signal.js";
import { store } from "../base/store.js";
import { theme } from "../base/theme.js";
import { columnKey } from "./class_filter.js";
import { columnColoring, tagChosen } from "./column_coloring.js";
import { densityAt } from "./density.js";
import { filter } from "./filter.js";
import { classColor, distanceColors, scaleColor, sequentialColors } from "./palette.js";

/** @typedef {import("../base/carried.js").ClassedColumn} ClassedColumn */
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
 * @property {(values: Uint8Array, first: number, end: number) => void} measure sets the values of articles from a row to the one behind the last
 * @property {(value: number) => number[]} colorOf the colour of a value
 * @property {() => ColorKey} key
 */

const SELECTED = 255;
const FADED = 254;
const HIGHEST = 253;
const OPACITY = 190; // of 255
const FADED_OPACITY = 45; // of 255

/** @type {Record<string, Coloring>} */
const FIXED = {
  plain: {
    measure: (values, first, end) => values.fill(0, first, end),
    colorOf: () => parseColor(theme.colors.point),
    key: () => ({ title: "Articles", stops: densityColors(), low: "few", high: "many" }),
  },
  kind: {
    measure: (values, first, end) => {
      const placed = store.articleCount - store.placedCount;
      for (let row = first; row < end; row++) values[row] = Number(row >= placed);
    },
    colorOf: (value) => parseColor(classColor(Math.min(value, 1))),
    key: () => {
      const articles = ["Article", "Article placed afterwards"].slice(0, store.placedCount ? 2 : 1);
      const questions = store.questions.length ? [{ color: theme.colors.accent, text: "Question" }] : [];
      return { title: "Kind", entries: [...articles.map((text, kind) => ({ color: classColor(kind), text })), ...questions] };
    },
  },
  density: {
    measure: (values, first, end) => {
      for (let row = first; row < end; row++) values[row] = Math.round(HIGHEST * densityAt(store.xOf(row), store.yOf(row)));
    },
    colorOf: (value) => scaleColor(sequentialColors(), value / HIGHEST),
    key: () => ({ title: "Articles around", stops: sequentialColors(), low: "few", high: "many" }),
  },
  distance: {
    measure: measureDistances,
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
/** The values as they are shown: those of articles that are filtered out are faded. */
let shown = new Uint8Array(0);
let shownBits = emptyBits(0); // the articles that are not faded there
let everything = emptyBits(0);
/** @type {number[]} */
let selected = [];
let farthest = 0; // the squared distance of the article farthest from all questions

/** Return the colours of the density beneath the points, from sparse to dense. */
export function densityColors() {
  return ["shade-low", "shade-middle", "shade-high"].map((name) => theme.colors[name]);
}

/**
 * Set how far articles are from the nearest question on the map, on a root scale, the farthest of those that are there at first being 253.
 * @param {Uint8Array} values
 * @param {number} first
 * @param {number} end
 */
function measureDistances(values, first, end) {
  const squared = new Float32Array(end - first).fill(Infinity);
  for (const { row } of store.questions) {
    const [x, y] = store.position(row);
    for (let at = 0; at < squared.length; at++) {
      const distance = (store.xOf(first + at) - x) ** 2 + (store.yOf(first + at) - y) ** 2;
      if (distance < squared[at]) squared[at] = distance;
    }
  }
  farthest ||= squared.reduce((a, b) => Math.max(a, b), 0);
  squared.forEach((value, at) => values[first + at] = HIGHEST * Math.min(1, value / (farthest || 1)) ** 0.25);
}

// ---- The colours ----

function measureValues() {
  values = new Uint8Array(store.articleCount);
  for (const [first, end] of store.runs()) colorings[chosen].measure(values, first, end);
  [shown, shownBits] = [values.slice(), filter.present?.slice() ?? everything];
  tellColors();
}

/** Tell the colours: what is filtered out is faint, what is selected has the accent colour. */
function tellColors() {
  const bits = filter.bits ?? everything;
  visitChanges(shownBits, bits, (row, isIn) => shown[row] = isIn ? values[row] : FADED);
  shownBits = bits;
  const told = selected.length ? shown.slice() : shown;
  for (const row of selected) told[row] = SELECTED;
  const palette = new Uint8Array(4 * 256);
  for (let value = 0; value <= HIGHEST; value++) palette.set([...colorings[chosen].colorOf(value), OPACITY], 4 * value);
  palette.set([...parseColor(theme.colors.faint), FADED_OPACITY], 4 * FADED);
  palette.set([...parseColor(theme.colors.accent), 255], 4 * SELECTED);
  colorsChanged(told, palette);
}

/**
 * Colour articles that came; until the filter is asked, they are shown as if it kept them.
 * @param {number} first
 * @param {number} end
 */
function colorArrived(first, end) {
  colorings[chosen].measure(values, first, end);
  shown.set(values.subarray(first, end), first);
  shownBits = shownBits.slice();
  for (let row = first; row < end; row++) addBit(shownBits, row);
  for (const row of selected) if (row >= first && row < end) shown[row] = SELECTED;
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

/** Return the columns that one can colour by. */
function columns() {
  return [...store.classed, store.sourceColumn, store.trustColumn];
}

/**
 * Return the column that the articles are coloured by, or null.
 * @returns {ClassedColumn | null}
 */
export function chosenColumn() {
  return columns().find((column) => columnKey(column) === chosen) ?? null;
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
  everything = fullBits(store.articleCount);
  for (const column of columns()) colorings[columnKey(column)] = columnColoring(column);
  measureValues();
  store.tiles?.arrived.listen(colorArrived);
  theme.changed.listen(tellColors);
  tagChosen.listen((column) => chooseColoring(columnKey(column)));
  filter.changed.listen(() => chosen === "density" ? measureValues() : tellColors());
}

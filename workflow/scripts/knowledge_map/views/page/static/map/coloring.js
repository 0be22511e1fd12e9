// What the colours of the articles tell. Every article has a value from 0 to 254; those selected have 255.

import { interpolateColor, parseColor } from "../base/colors.js";
import { signal } from "../base/signal.js";
import { store } from "../base/store.js";
import { theme } from "../base/theme.js";
import { densityAt } from "./density.js";

/** @typedef {"plain" | "source" | "kind" | "density" | "distance"} Kind what one can colour by */
/**
 * @typedef {object} ColorKey what the colours tell: a scale of colours, or a list of them
 * @property {string} title
 * @property {string[]} [stops] colours of a scale
 * @property {string} [low] the lower end of the scale
 * @property {string} [high] the upper end of the scale
 * @property {[string, string][]} [categories] colour and name
 */
/**
 * @typedef {object} Coloring
 * @property {() => void} [prepare]
 * @property {(row: number) => number} valueOf the value of an article
 * @property {(value: number) => number[]} colorOf the colour of a value
 * @property {() => ColorKey} key
 */
/** @typedef {{ light: string[], dark: string[] }} Scheme */

const SELECTED = 255;
const HIGHEST = 254;
const OPACITY = 190; // of 255
const LISTED = 7; // sources that have a colour of their own

/** @type {Scheme} */
const CATEGORIES = {
  light: "#0f6e84 #c8553d #7a5ea8 #5b8c2a #b07c10 #c14f8b #3b6fc4 #70706c".split(" "),
  dark: "#5cc4d8 #ff8f73 #b79df0 #a3d36c #e9b949 #f08fc4 #7fa8f5 #a5a5a0".split(" "),
};
/** @type {Scheme} */
const DENSITY = {
  light: "#cfe3c3 #74bfae #2788a3 #1a4b7d #1b1f52".split(" "),
  dark: "#1c3a52 #1f6f86 #35a79c #9ad77f #f6f3b0".split(" "),
};
/** @type {Scheme} */
const DISTANCE = {
  light: "#7c1d5a #c03e67 #e97f5c #edb877 #d9c9a8".split(" "),
  dark: "#ffe3b3 #ffab6b #e9657a #93407f #46305f".split(" "),
};

/** @param {Scheme} scheme */
const colorsOf = (scheme) => scheme[theme.dark ? "dark" : "light"];
/** @param {number} number of a source */
const categoryOf = (number) => Math.min(number, LISTED);

/** @type {Record<Kind, Coloring>} */
const COLORINGS = {
  plain: {
    valueOf: () => 0,
    colorOf: () => parseColor(theme.colors.point),
    key: () => ({ title: "Articles", stops: densityColors(), low: "few", high: "many" }),
  },
  kind: {
    valueOf: () => 0,
    colorOf: () => parseColor(colorsOf(CATEGORIES)[0]),
    key: () => {
      /** @type {[string, string][]} */
      const questions = store.questions.length ? [[theme.colors.accent, "Question"]] : [];
      return { title: "Kind", categories: [[colorsOf(CATEGORIES)[0], "Article"], ...questions] };
    },
  },
  source: {
    valueOf: (row) => categoryOf(store.source[row]),
    colorOf: (value) => parseColor(colorsOf(CATEGORIES)[categoryOf(value)]),
    key: () => {
      const names = store.sources.length > LISTED ? [...store.sources.slice(0, LISTED), "others"] : store.sources;
      return { title: "Source", categories: names.map((name, n) => [colorsOf(CATEGORIES)[n], name]) };
    },
  },
  density: {
    valueOf: (row) => Math.round(HIGHEST * densityAt(...store.position(row))),
    colorOf: (value) => interpolateColor(colorsOf(DENSITY).map(parseColor), value / HIGHEST),
    key: () => ({ title: "Articles around", stops: colorsOf(DENSITY), low: "few", high: "many" }),
  },
  distance: {
    prepare: () => {
      distances ??= measureDistances();
    },
    valueOf: (row) => distances?.[row] ?? 0,
    colorOf: (value) => interpolateColor(colorsOf(DISTANCE).map(parseColor), value / HIGHEST),
    key: () => ({ title: "Nearest question", stops: colorsOf(DISTANCE), low: "near", high: "far" }),
  },
};

/** The values of all articles, uint8, and red, green, blue and opacity of each of the 256 values. */
/** @type {import("../base/signal.js").Signal<[Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>]>} */
export const colorsChanged = signal();
/** Another kind was chosen. */
/** @type {import("../base/signal.js").Signal<[Kind]>} */
export const coloringChosen = signal();

/** @type {Kind} */
let chosen = "plain";
let values = new Uint8Array(0);
/** @type {number[]} */
let selected = [];
/** @type {Uint8Array | null} */
let distances = null;

/** Return the colours of the density beneath the points, from sparse to dense. */
export function densityColors() {
  return ["shade-low", "shade-middle", "shade-high"].map((name) => theme.colors[name]);
}

/** Return how far each article is from the nearest question on the map, on a root scale, the farthest being 254. */
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

function measureValues() {
  const { prepare, valueOf } = COLORINGS[chosen];
  prepare?.();
  values = Uint8Array.from({ length: store.articleCount }, (_, row) => valueOf(row));
  tellColors();
}

/** Tell the colours, with the selection in the accent colour. */
function tellColors() {
  const marked = selected.length ? values.slice() : values;
  for (const row of selected) marked[row] = SELECTED;
  const palette = new Uint8Array(4 * 256);
  for (let value = 0; value < SELECTED; value++) palette.set([...COLORINGS[chosen].colorOf(value), OPACITY], 4 * value);
  palette.set([...parseColor(theme.colors.accent), 255], 4 * SELECTED);
  colorsChanged(marked, palette);
}

/**
 * Colour the articles by a kind; one that this page does not have is ignored.
 * @param {string} name
 */
export function chooseColoring(name) {
  if (!Object.hasOwn(COLORINGS, name) || (name === "distance" && !store.questions.length)) return;
  chosen = /** @type {Kind} */ (name);
  measureValues();
  coloringChosen(chosen);
}

/**
 * Return what the articles are coloured by.
 * @returns {Kind}
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
  return COLORINGS[chosen].key();
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
 * Return the values of some articles, 0 to 254.
 * @param {number[]} rows
 * @returns {number[]}
 */
export function articleValues(rows) {
  return rows.map((row) => values[row]);
}

/** Colour the articles for the first time, and again with every change of the theme. */
export function startColoring() {
  measureValues();
  theme.changed.listen(tellColors);
}

// The colours of classes and of scales, on light and on dark paper.

import { interpolateColor, parseColor } from "../base/colors.js";
import { theme } from "../base/theme.js";

/** @typedef {import("../base/colors.js").Rgb} Rgb */
/** @typedef {{ light: string[], dark: string[] }} Scheme */

/** Classes that have a colour of their own. A test sees that people with any colour deficiency can tell these apart. */
/** @type {Scheme} */
export const CATEGORIES = {
  light: "#0078c3 #f0a500 #870000 #00d2ff #3c0f96 #e1693c #875a78 #2d1ee1 #00a5e1 #b43c1e #5a3c5a #a5c396".split(" "),
  dark: "#5aa5e1 #b43c00 #f0d200 #96ffff #7800ff #875a78 #a5c396 #d2694b #d2a500 #5a78d2 #69d2f0 #d2f0a5".split(" "),
};
/** @type {Scheme} */
const REST = { light: ["#8d8d8d"], dark: ["#8d8d8d"] };
/** @type {Scheme} */
const MISSING = { light: ["#bdbdb8"], dark: ["#4e555a"] };
/** From little to much: lightness changes in even steps. */
/** @type {Scheme} */
const SEQUENTIAL = {
  light: "#cfe3c3 #74bfae #2788a3 #1a4b7d #1b1f52".split(" "),
  dark: "#1c3a52 #1f6f86 #35a79c #9ad77f #f6f3b0".split(" "),
};
/** From near to far. */
/** @type {Scheme} */
const DISTANCE = {
  light: "#7c1d5a #c03e67 #e97f5c #edb877 #d9c9a8".split(" "),
  dark: "#ffe3b3 #ffab6b #e9657a #93407f #46305f".split(" "),
};

/** @param {Scheme} scheme */
const colorsOf = (scheme) => scheme[theme.dark ? "dark" : "light"];

/** How many classes have a colour of their own. */
export const COLORED_CLASSES = CATEGORIES.light.length;

/**
 * Return the colour #rrggbb of a class by its rank; those behind the coloured ones share one.
 * @param {number} rank
 * @returns {string}
 */
export function classColor(rank) {
  return colorsOf(CATEGORIES)[rank] ?? colorsOf(REST)[0];
}

/**
 * Return the colour #rrggbb of no value.
 * @returns {string}
 */
export function missingColor() {
  return colorsOf(MISSING)[0];
}

/**
 * Return the colours of a scale from little to much.
 * @returns {string[]}
 */
export function sequentialColors() {
  return colorsOf(SEQUENTIAL);
}

/**
 * Return the colours of a scale from near to far.
 * @returns {string[]}
 */
export function distanceColors() {
  return colorsOf(DISTANCE);
}

/**
 * Return the colour of a share of a scale.
 * @param {string[]} stops
 * @param {number} share 0 to 1
 * @returns {Rgb}
 */
export function scaleColor(stops, share) {
  return interpolateColor(stops.map(parseColor), share);
}

// Colours as red, green and blue, each 0 to 255.

import { clamp } from "./numbers.js";

/** @typedef {number[]} Rgb red, green and blue */

/**
 * Return red, green and blue of a colour #rrggbb.
 * @param {string} hex
 * @returns {Rgb}
 */
export function parseColor(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

/**
 * Return the colour at a position between colours that are evenly spaced.
 * @param {Rgb[]} stops
 * @param {number} position 0, the first colour, to 1, the last one
 * @returns {Rgb}
 */
export function interpolateColor(stops, position) {
  const at = clamp(position, 0, 1) * (stops.length - 1), below = Math.min(Math.floor(at), stops.length - 2);
  return stops[below].map((value, c) => Math.round(value + (stops[below + 1][c] - value) * (at - below)));
}

// The estimate of knowledge as a layer of the map: its colour is what is known, and it fades into the paper with uncertainty.

import { interpolateColor, parseColor } from "../base/colors.js";
import { createCanvas, element } from "../base/dom.js";
import { theme } from "../base/theme.js";
import { MARGIN } from "../map/density.js";
import { shownLayer } from "../map/renderer.js";

/** @typedef {import("./estimate.js").KnowledgeEstimate} KnowledgeEstimate */

const SIDE = 128; // positions along the longer side of what is estimated
const SIZE = 1024; // pixels of a side of the layer
const FULL = 0.75; // certainty that is shown without any fading

/** Return the colours from nothing known to all known. */
function ramp() {
  return [0, 1, 2, 3, 4].map((n) => parseColor(theme.colors[`known-${n}`]));
}

/** @param {number} certainty */
function opacityOf(certainty) {
  return Math.min(1, certainty / FULL) ** 0.8;
}

/**
 * Return a canvas of estimates, the lowest row first.
 * @param {{ known: ArrayLike<number>, certainty: ArrayLike<number> }} estimates
 * @param {number} columns
 * @param {number} rows
 */
function painted({ known, certainty }, columns, rows) {
  const image = new ImageData(columns, rows), stops = ramp();
  for (let at = 0; at < known.length; at++) {
    const pixel = 4 * ((rows - 1 - Math.floor(at / columns)) * columns + (at % columns));
    image.data.set(interpolateColor(stops, known[at]), pixel);
    image.data[pixel + 3] = 255 * opacityOf(certainty[at]);
  }
  const [canvas, pen] = createCanvas(columns, rows);
  pen.putImageData(image, 0, 0);
  return canvas;
}

/**
 * Return a picture of the estimate, over the map and its margin.
 * @param {KnowledgeEstimate} estimate
 */
function drawEstimate(estimate) {
  const [left, right, bottom, top] = estimate.box, step = Math.max(right - left, top - bottom) / (SIDE - 1);
  const columns = 2 + Math.ceil((right - left) / step), rows = 2 + Math.ceil((top - bottom) / step);
  const picture = painted(estimate.raster(columns, rows), columns, rows);
  const [canvas, pen] = createCanvas(SIZE, SIZE), unit = SIZE / (1 + 2 * MARGIN);
  // A pixel of the picture has its position in its middle.
  const [wide, high] = [(right - left) / (columns - 1), (top - bottom) / (rows - 1)];
  const [x, y] = [(left - wide / 2 + MARGIN) * unit, (1 + MARGIN - top - high / 2) * unit];
  pen.drawImage(picture, x, y, (right - left + wide) * unit, (top - bottom + high) * unit);
  return canvas;
}

/**
 * Return a key to the colours: known from left to right, certain at the top and uncertain at the bottom.
 * @returns {HTMLCanvasElement}
 */
export function knowledgeSwatch() {
  const columns = 96, rows = 24, all = Array.from({ length: columns * rows }, (_, at) => at);
  const known = all.map((at) => (at % columns) / (columns - 1));
  const certainty = all.map((at) => (FULL * Math.floor(at / columns)) / (rows - 1));
  const canvas = painted({ known, certainty }, columns, rows);
  canvas.className = "swatch";
  canvas.role = "img";
  canvas.ariaLabel = "Colours from little known to much known, fading where the estimate is uncertain";
  return canvas;
}

/**
 * Return the colour of a share known, for a style.
 * @param {number} known 0 to 1
 * @returns {string}
 */
export function knowledgeColor(known) {
  return `rgb(${interpolateColor(ramp(), known)})`;
}

/**
 * Show the estimate on the map, with its key; null takes it from there.
 * @param {KnowledgeEstimate | null} estimate
 */
export function showKnowledge(estimate) {
  if (!estimate && !shownLayer.value) return; // nothing changes
  const key = knowledgeSwatch();
  element("heat-key").hidden = !estimate;
  element("heat-swatch").replaceWith(Object.assign(key, { id: "heat-swatch" }));
  shownLayer.set(estimate && { picture: drawEstimate(estimate), key });
}

// The density of the articles that the filter keeps, over the map and a margin around it: counted, blurred and on a log scale.

import { hasBit } from "../base/bits.js";
import { interpolateColor, parseColor } from "../base/colors.js";
import { createCanvas } from "../base/dom.js";
import { store } from "../base/store.js";
import { filter } from "./filter.js";

/** Map units around the map that every picture beneath the points covers too: pictures reach from -MARGIN to 1 + MARGIN. */
export const MARGIN = 0.1;

const SIZE = 480; // cells of a side
const RADIUS = 0.075; // of the blur for one article, in sides; the more articles, the smaller
const PASSES = 6; // three boxes each way come near a Gaussian
const PEAK = 0.98; // quantile of the density that counts as the highest
const SAMPLED = 7; // of so many cells one is looked at for it

let levels = new Float32Array(SIZE * SIZE);
let cells = new Uint32Array(0); // the cell of every article
const RASTER = 400; // cells of a side of the raster of a page of tiles, as wide as those of the density, and without the margin

/** @param {number} coordinate in map units */
const cellOf = (coordinate) => Math.floor(((coordinate + MARGIN) / (1 + 2 * MARGIN)) * SIZE);

/** Count the articles that are kept. */
function measureDensity() {
  const count = store.density ? store.articleCount : filter.count;
  const radius = Math.max(1, Math.round((RADIUS * SIZE) / Math.max(count, 1) ** 0.25));
  levels = new Float32Array(SIZE * SIZE);
  const { bits } = filter;
  store.density?.forEach((count, cell) =>
    levels[indexOf((cell % RASTER + 0.5) / RASTER, (Math.floor(cell / RASTER) + 0.5) / RASTER)] = count
  );
  for (let row = 0; row < cells.length; row++) if (!bits || hasBit(bits, row)) levels[cells[row]]++;
  for (let pass = 0; pass < PASSES; pass++) levels = blurredRows(levels, radius);
  const highest = levels.reduce((a, b) => Math.max(a, b));
  const dense = levels.filter((value, cell) => cell % SAMPLED === 0 && value > 1e-3 * highest).sort();
  const peak = dense[Math.floor(PEAK * dense.length)] || 1;
  levels = levels.map((value) => Math.log1p(8 * Math.min(1, value / peak)) / Math.log(9));
}

/** Measure the density now and with every change of the filter; that of a page of tiles is of all articles, always. */
export function startDensity() {
  if (store.density) return measureDensity();
  cells = Uint32Array.from({ length: store.articleCount }, (_, row) => indexOf(store.x[row], store.y[row]));
  measureDensity();
  filter.changed.listen(measureDensity);
}

/**
 * @param {number} x
 * @param {number} y
 */
function indexOf(x, y) {
  return (SIZE - 1 - cellOf(y)) * SIZE + cellOf(x);
}

/**
 * Return the density at a position.
 * @param {number} x
 * @param {number} y
 * @returns {number} 0 to 1
 */
export function densityAt(x, y) {
  return levels[indexOf(x, y)];
}

/**
 * Return how many articles lie in each cell of a grid over a box, the lowest row first; in a page of tiles about so many.
 * @param {import("../base/geometry.js").Box} box
 * @param {number} side cells of a side of the grid
 * @returns {Float64Array}
 */
export function countArticles([left, right, bottom, top], side) {
  const counts = new Float64Array(side * side);
  /** @type {(x: number, y: number, count: number) => void} */
  const add = (x, y, count) => {
    if (x < left || x > right || y < bottom || y > top) return;
    const [column, row] = [(x - left) / (right - left || 1), (y - bottom) / (top - bottom || 1)].map((share) => {
      return Math.min(Math.floor(share * side), side - 1);
    });
    counts[row * side + column] += count;
  };
  store.density?.forEach((count, cell) => add((cell % RASTER + 0.5) / RASTER, (Math.floor(cell / RASTER) + 0.5) / RASTER, count));
  if (!store.density) { for (let row = 0; row < store.articleCount; row++) add(store.x[row], store.y[row], 1); }
  return counts;
}

/**
 * Return a picture of the density, over the map and its margin.
 * @param {string[]} colors from sparse to dense, #rrggbb
 * @param {number} strength 0 to 1
 * @returns {HTMLCanvasElement}
 */
export function drawDensity(colors, strength) {
  const stops = colors.map(parseColor), image = new ImageData(SIZE, SIZE);
  const table = Array.from({ length: 256 }, (_, n) => interpolateColor(stops, n / 255));
  for (let pixel = 0; pixel < levels.length; pixel++) {
    const level = levels[pixel], color = table[Math.round(255 * level)];
    for (let c = 0; c < 3; c++) image.data[4 * pixel + c] = color[c];
    image.data[4 * pixel + 3] = 255 * strength * Math.min(1, 6 * level);
  }
  const [canvas, pen] = createCanvas(SIZE, SIZE);
  pen.putImageData(image, 0, 0);
  return canvas;
}

/**
 * Return an image with its rows averaged over 2 * radius + 1 pixels, transposed.
 * @param {Float32Array} image
 * @param {number} radius
 */
function blurredRows(image, radius) {
  const out = new Float32Array(image.length), span = 2 * radius + 1;
  for (let row = 0; row < SIZE; row++) {
    for (let at = 0, sum = 0; at < SIZE + radius; at++) {
      if (at < SIZE) sum += image[row * SIZE + at];
      if (at >= span) sum -= image[row * SIZE + at - span];
      if (at >= radius) out[(at - radius) * SIZE + row] = sum / span;
    }
  }
  return out;
}

// The density of the articles that the filter keeps, over the map and a margin around it: counted, blurred and on a log scale.

import { emptyBits, fullBits, visitChanges } from "../base/bits.js";
import { interpolateColor, parseColor } from "../base/colors.js";
import { createCanvas } from "../base/dom.js";
import { store } from "../base/store.js";
import { filter } from "./filter.js";

/** Map units around the map that every picture beneath the points covers too: pictures reach from -MARGIN to 1 + MARGIN. */
export const MARGIN = 0.1;

const SIZE = 480; // cells of a side
const CELLS = SIZE * SIZE;
const RADIUS = 0.075; // of the blur for one article, in sides; the more articles, the smaller
const PASSES = 3; // so many boxes come near a Gaussian
const PEAK = 0.98; // quantile of the density that counts as the highest
const SAMPLED = 7; // of so many cells one is looked at for it
const LEAST = 1e-3; // of the highest density: cells with less do not count for it

const STEPS = 4096; // from no density to the highest; level 0 to 255 of each
const LEVELS = Uint8Array.from({ length: STEPS + 1 }, (_, step) => (255 * Math.log1p((8 * step) / STEPS)) / Math.log(9) + 0.5);

const levels = new Uint8Array(CELLS); // of every cell, 0 to 255
const counts = new Float32Array(CELLS); // articles in every cell
let cells = new Uint32Array(0); // the cell of every article
const RASTER = 400; // cells of a side of the raster of a page of tiles, as wide as those of the density, and without the margin
let counted = emptyBits(0); // the articles that are counted
let everything = emptyBits(0);

const [canvas, pen] = createCanvas(SIZE, SIZE);
const image = new ImageData(SIZE, SIZE);

/** @param {number} coordinate in map units */
const cellOf = (coordinate) => Math.floor(((coordinate + MARGIN) / (1 + 2 * MARGIN)) * SIZE);

/**
 * Return the middle of a cell of the raster, in map units.
 * @param {number} cell
 * @returns {[number, number]}
 */
const middleOf = (cell) => [(cell % RASTER + 0.5) / RASTER, (Math.floor(cell / RASTER) + 0.5) / RASTER];

/** Count the articles that are kept: those that came, and those that went. */
function measureDensity() {
  const kept = filter.bits ?? everything, count = store.density ? store.articleCount : filter.count;
  if (!store.density) visitChanges(counted, kept, (row, isIn) => counts[cells[row]] += isIn ? 1 : -1);
  counted = kept;
  const radius = Math.max(1, Math.round((RADIUS * SIZE) / Math.max(count, 1) ** 0.25));
  const blurred = blurredRows(blurredRows(counts, radius), radius), scale = STEPS / peakOf(blurred);
  for (let cell = 0; cell < CELLS; cell++) levels[cell] = LEVELS[Math.min(STEPS, Math.round(blurred[cell] * scale))];
}

/**
 * Return the density that counts as the highest.
 * @param {Float32Array} blurred
 */
function peakOf(blurred) {
  let highest = 0, above = 0;
  for (let cell = 0; cell < CELLS; cell += SAMPLED) highest = Math.max(highest, blurred[cell]);
  const steps = new Uint32Array(STEPS + 1); // cells of about so much of the highest density
  for (let cell = 0; cell < CELLS; cell += SAMPLED) {
    if (blurred[cell] <= LEAST * highest) continue;
    steps[Math.ceil((STEPS * blurred[cell]) / highest)]++;
    above += 1 - PEAK; // as many are to be denser than the peak
  }
  let step = STEPS;
  while (step > 1 && steps[step] < above) above -= steps[step--];
  return (highest * step) / STEPS || 1;
}

/** Measure the density now and with every change of the filter; that of a page of tiles is of all articles, always. */
export function startDensity() {
  store.density?.forEach((count, cell) => counts[indexOf(...middleOf(cell))] = count);
  if (store.density) return measureDensity();
  cells = Uint32Array.from({ length: store.articleCount }, (_, row) => indexOf(store.xOf(row), store.yOf(row)));
  [counted, everything] = [emptyBits(cells.length), fullBits(cells.length)];
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
  return levels[indexOf(x, y)] / 255;
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
  store.density?.forEach((count, cell) => add(...middleOf(cell), count));
  if (!store.density) { for (let row = 0; row < store.articleCount; row++) add(store.xOf(row), store.yOf(row), 1); }
  return counts;
}

/**
 * Return a picture of the density, over the map and its margin. It is the same canvas each time.
 * @param {string[]} colors from sparse to dense, #rrggbb
 * @param {number} strength 0 to 1
 * @returns {HTMLCanvasElement}
 */
export function drawDensity(colors, strength) {
  const stops = colors.map(parseColor), table = new Uint8ClampedArray(4 * 256);
  for (let n = 0; n < 256; n++) {
    table.set([...interpolateColor(stops, n / 255), 255 * strength * Math.min(1, (6 * n) / 255)], 4 * n);
  }
  const pixels = new Uint32Array(image.data.buffer), packed = new Uint32Array(table.buffer); // four bytes in one number
  for (let pixel = 0; pixel < CELLS; pixel++) pixels[pixel] = packed[levels[pixel]];
  pen.putImageData(image, 0, 0);
  return canvas;
}

/**
 * Return an image with its rows averaged over 2 * radius + 1 pixels, several times, transposed.
 * @param {Float32Array} image
 * @param {number} radius
 */
function blurredRows(image, radius) {
  const out = new Float32Array(CELLS), begin = radius + 1, length = SIZE + 2 * radius + 1;
  let line = new Float32Array(length), blurred = new Float32Array(length); // with zeros before and behind
  for (let row = 0; row < SIZE; row++) {
    line.set(image.subarray(row * SIZE, (row + 1) * SIZE), begin);
    for (let pass = 0; pass < PASSES; pass++) {
      average(line, blurred, radius);
      [line, blurred] = [blurred, line];
    }
    for (let at = 0; at < SIZE; at++) out[at * SIZE + row] = line[begin + at];
  }
  return out;
}

/**
 * Average a line over 2 * radius + 1 pixels; before it stand radius + 1 zeros, behind it radius.
 * @param {Float32Array} line
 * @param {Float32Array} out
 * @param {number} radius
 */
function average(line, out, radius) {
  const begin = radius + 1, span = 2 * radius + 1, share = 1 / span;
  let sum = 0;
  for (let at = begin; at < span; at++) sum += line[at];
  for (let at = 0; at < SIZE; at++) {
    sum += line[at + span] - line[at];
    out[begin + at] = sum * share;
  }
}

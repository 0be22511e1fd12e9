// Labels on the map: coarse ones large, finer ones as one zooms in, and at last the titles; none covers another.

import { clamp } from "../base/numbers.js";
import { store } from "../base/store.js";
import { shorten } from "../base/text.js";
import { FONT, theme } from "../base/theme.js";
import { camera } from "./camera.js";
import { filter } from "./filter.js";
import { countOf } from "./spatial_index.js";

/** @typedef {[number, number, number, number]} ScreenBox left, right, top and bottom, in pixels */
/** @typedef {import("../base/store.js").Label} Label */

const NARROWEST = 84; // pixels a cell must be wide for its label to be written
const MOST_TITLES = 250; // articles on the screen that are written by title
const LONGEST_TITLE = 34; // characters
const LEAST_KEPT = 0.5; // of the share of all articles that the filter keeps: a label of whose articles less is kept is not written
const MOST_WIDTHS = 20_000; // widths of texts that are remembered

/** @type {Map<string, number>} */
const widths = new Map();
/** @type {import("../base/store.js").LabelLevel[]} */
let levels = [];
/** @type {string[]} */
let written = [];
/** @type {{ label: Label, box: ScreenBox }[]} the labels on the screen that name areas */
let named = [];
/** Whether single articles are written, too. */
let hasTitles = false;

/** @type {Map<Label, boolean>} whether the filter, as it is now, keeps enough of a label's articles */
const keptLabels = new Map();

/** Line up the levels of the map and, as far as they are finer, those of the question region; coarse to fine. */
function lineUp() {
  const finest = store.levels.at(-1)?.width ?? Infinity;
  const finer = store.regionLevels.filter(({ width }) => width < 0.9 * finest);
  levels = [...store.levels, ...finer].sort((a, b) => b.width - a.width);
}

/** Take the labels, and follow the filter. */
export function startLabels() {
  lineUp();
  store.labelsArrived.listen(lineUp);
  filter.changed.listen(() => keptLabels.clear());
}

/**
 * Return the width of a text of one pixel's font size.
 * @param {CanvasRenderingContext2D} pen
 * @param {string} text
 * @param {number} weight
 */
function widthOf(pen, text, weight) {
  const key = weight + text;
  let width = widths.get(key);
  if (width === undefined) {
    if (widths.size > MOST_WIDTHS) widths.clear();
    pen.font = `${weight} 20px ${FONT}`;
    width = pen.measureText(text).width / 20;
    widths.set(key, width);
  }
  return width;
}

/**
 * Write the labels that find room.
 * @param {CanvasRenderingContext2D} pen
 * @param {ScreenBox[]} taken boxes where no label may be; those of the labels are added
 * @param {Uint32Array[] | null} runs the articles on the screen; null where only some of them are shown
 */
export function drawLabels(pen, taken, runs) {
  [written, named] = [[], []];
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.lineJoin = "round";
  const known = new Set();
  for (const { width, labels } of levels) {
    const pixels = width * camera.scale;
    if (pixels < NARROWEST || pixels > 2 * Math.max(camera.width, camera.height)) continue;
    const size = clamp(11.5 + 2 * Math.log2(pixels / NARROWEST), 12, 20), weight = pixels > 2 * NARROWEST ? 600 : 500;
    for (const label of labels) {
      // A title names an area as it names its article: nobody should take it for a subject.
      const [ink, bold] = label.from === "titles" ? [theme.colors.faint, 400] : [theme.colors.ink, weight];
      const [x, y] = camera.toScreen(label.x, label.y);
      if (!isNearScreen(x, y) || known.has(label.text) || !isKept(label)) continue;
      const box = write(pen, label.text, x, y, size, bold, ink, taken);
      if (!box) continue;
      known.add(label.text);
      named.push({ label, box });
    }
  }
  hasTitles = runs !== null && countOf(runs) <= MOST_TITLES;
  if (!runs || !hasTitles) return;
  for (const run of runs) {
    for (const row of run) {
      const [x, y] = camera.toScreen(...store.position(row));
      if (!isNearScreen(x, y) || !filter.keeps(row) || known.has(store.title(row))) continue;
      write(pen, shorten(store.title(row), LONGEST_TITLE), x, y + 13, 12, 400, theme.colors.faint, taken);
    }
  }
}

/**
 * Return whether the filter keeps enough of the articles to which a label applies.
 * @param {Label} label
 */
function isKept(label) {
  let isKept = keptLabels.get(label);
  if (isKept === undefined) {
    const { rows } = label, kept = rows ? filter.countKept(rows) : 0;
    isKept = !filter.isOn || !rows || (kept > 0 && kept / rows.length >= (LEAST_KEPT * filter.count) / filter.total);
    keptLabels.set(label, isKept);
  }
  return isKept;
}

/**
 * @param {number} x in pixels
 * @param {number} y in pixels
 */
function isNearScreen(x, y) {
  return x > -150 && x < camera.width + 150 && y > -30 && y < camera.height + 30;
}

/**
 * Write a text around x, y if there is room; return the box that it takes up, or null.
 * @param {CanvasRenderingContext2D} pen
 * @param {string} text
 * @param {number} x in pixels
 * @param {number} y in pixels
 * @param {number} size in pixels
 * @param {number} weight
 * @param {string} color
 * @param {ScreenBox[]} taken
 * @returns {ScreenBox | null}
 */
function write(pen, text, x, y, size, weight, color, taken) {
  if (!isNearScreen(x, y)) return null;
  const half = (widthOf(pen, text, weight) * size) / 2 + 6, high = 0.75 * size + 2;
  /** @type {ScreenBox} */
  const box = [x - half, x + half, y - high, y + high];
  if (taken.some((other) => box[0] < other[1] && other[0] < box[1] && box[2] < other[3] && other[2] < box[3])) return null;
  taken.push(box);
  pen.font = `${weight} ${size.toFixed(1)}px ${FONT}`;
  pen.globalAlpha = 0.8;
  pen.lineWidth = 3.5;
  pen.strokeStyle = theme.colors.paper;
  pen.strokeText(text, x, y);
  pen.globalAlpha = 1;
  pen.fillStyle = color;
  pen.fillText(text, x, y);
  if (x > 0 && x < camera.width && y > 0 && y < camera.height) written.push(text);
  return box;
}

/**
 * Return the labels on the screen, in the order in which they found room.
 * @returns {string[]}
 */
export function writtenLabels() {
  return written;
}

/**
 * Return the label under a place on the screen, or null.
 * @param {number} x in pixels
 * @param {number} y in pixels
 * @returns {Label | null}
 */
export function labelAt(x, y) {
  return named.find(({ box: [left, right, top, bottom] }) => left <= x && x <= right && top <= y && y <= bottom)?.label ?? null;
}

/**
 * Return whether single articles are written by title.
 * @returns {boolean}
 */
export function hasArticleTitles() {
  return hasTitles;
}

// Which points lie where: grids of cells, one over the map of a page of one file, one over each tile of a page of tiles.

import { touches } from "../base/geometry.js";
import { clamp } from "../base/numbers.js";

/** @typedef {import("../base/geometry.js").Box} Box */
/** @typedef {(row: number) => number} Coordinate of a row, in map units */

const SIDE = 128; // cells of a grid over the whole map
const FAR = 3; // map units: no point is farther from a position

/** Points of a square in cells: cell c holds the rows order[starts[c]] to order[starts[c + 1] - 1]. */
class Grid {
  #left;
  #bottom;
  #side;
  /** Cells of a map unit. */
  #cells;
  /** @type {Uint32Array} */
  #order;
  /** @type {Uint32Array} */
  #starts;
  /** @type {Box} */
  box;

  /**
   * @param {Box} box
   * @param {number} side cells of a side
   * @param {Coordinate} xOf
   * @param {Coordinate} yOf
   * @param {number} first of the rows whose points it holds
   * @param {number} end the row behind the last of them
   */
  constructor(box, side, xOf, yOf, first, end) {
    this.box = box;
    [this.#left, , this.#bottom] = box;
    this.#side = side;
    this.#cells = side / (box[1] - box[0]);
    const starts = new Uint32Array(side * side + 1), order = new Uint32Array(end - first);
    /** @param {number} row */
    const cell = (row) => this.#row(yOf(row)) * side + this.#column(xOf(row));
    for (let row = first; row < end; row++) starts[cell(row) + 1]++;
    for (let at = 0; at < side * side; at++) starts[at + 1] += starts[at];
    const filled = starts.slice();
    for (let row = first; row < end; row++) order[filled[cell(row)]++] = row;
    [this.#starts, this.#order] = [starts, order];
  }

  /** @param {number} x */
  #column(x) {
    return clamp(Math.floor((x - this.#left) * this.#cells), 0, this.#side - 1);
  }

  /** @param {number} y */
  #row(y) {
    return clamp(Math.floor((y - this.#bottom) * this.#cells), 0, this.#side - 1);
  }

  /**
   * Return the points in the cells that touch a box, as runs of rows; beyond the grid's own box nothing lies.
   * @param {Box} box
   * @returns {Uint32Array[]}
   */
  runsIn([left, right, bottom, top]) {
    const runs = [], side = this.#side;
    for (let row = this.#row(bottom); row <= this.#row(top); row++) {
      const first = this.#starts[row * side + this.#column(left)], last = this.#starts[row * side + this.#column(right) + 1];
      if (first < last) runs.push(this.#order.subarray(first, last));
    }
    return runs;
  }
}

export class SpatialIndex {
  /** @type {Coordinate} */
  #xOf = () => 0;
  /** @type {Coordinate} */
  #yOf = () => 0;
  /** @type {Map<number, Grid>} */
  #grids = new Map();
  /** @type {number[] | null} the grids whose points are shown; null is all */
  #shown = null;

  /**
   * Take what tells the positions of all rows, and the points of the first `count` of them.
   * @param {Coordinate} xOf
   * @param {Coordinate} yOf
   * @param {number} count
   */
  fill(xOf, yOf, count) {
    [this.#xOf, this.#yOf] = [xOf, yOf];
    if (count) this.add(0, [0, 1, 0, 1], SIDE, 0, count);
  }

  /**
   * Take points of a square.
   * @param {number} key names them
   * @param {Box} box
   * @param {number} side cells of a side
   * @param {number} first of their rows
   * @param {number} end the row behind the last of them
   */
  add(key, box, side, first, end) {
    this.#grids.set(key, new Grid(box, side, this.#xOf, this.#yOf, first, end));
  }

  /**
   * Drop the points of a key.
   * @param {number} key
   */
  remove(key) {
    this.#grids.delete(key);
  }

  /**
   * Choose which points are shown: only these are found in a box and at a position.
   * @param {number[]} keys
   */
  show(keys) {
    this.#shown = keys;
  }

  /**
   * Return the points that are shown in the cells that touch a box, as runs of rows.
   * @param {Box} box
   * @returns {Uint32Array[]}
   */
  runsIn(box) {
    return this.#runs(box, this.#shown ?? this.#grids.keys());
  }

  /**
   * Return the rows of the points nearest to a position, shown or not, nearest first.
   * @param {number} x
   * @param {number} y
   * @param {number} count at most so many
   * @returns {number[]}
   */
  nearest(x, y, count) {
    for (let reach = 1 / SIDE;; reach *= 2) {
      const found = [];
      for (const run of this.#runs(boxAround(x, y, reach), this.#grids.keys())) {
        for (const row of run) {
          const distance = Math.hypot(this.#xOf(row) - x, this.#yOf(row) - y);
          if (distance <= reach) found.push([distance, row]);
        }
      }
      if (found.length >= count || reach > FAR) return found.sort((a, b) => a[0] - b[0]).slice(0, count).map(([, row]) => row);
    }
  }

  /**
   * Return the row of the point nearest to a position that is shown, or -1 where none is within `reach` map units.
   * @param {number} x
   * @param {number} y
   * @param {number} reach
   * @returns {number}
   */
  pointAt(x, y, reach) {
    let best = -1, nearest = reach * reach;
    for (const run of this.runsIn(boxAround(x, y, reach))) {
      for (const row of run) {
        const distance = (this.#xOf(row) - x) ** 2 + (this.#yOf(row) - y) ** 2;
        if (distance <= nearest) [best, nearest] = [row, distance];
      }
    }
    return best;
  }

  /**
   * @param {Box} box
   * @param {Iterable<number>} keys
   */
  #runs(box, keys) {
    const runs = [];
    for (const key of keys) {
      const grid = this.#grids.get(key);
      if (grid && touches(grid.box, box)) runs.push(...grid.runsIn(box));
    }
    return runs;
  }
}

/**
 * @param {number} x
 * @param {number} y
 * @param {number} reach
 * @returns {Box}
 */
function boxAround(x, y, reach) {
  return [x - reach, x + reach, y - reach, y + reach];
}

/**
 * Return how many points there are in runs of rows.
 * @param {Uint32Array[]} runs
 * @returns {number}
 */
export function countOf(runs) {
  return runs.reduce((sum, run) => sum + run.length, 0);
}

/** Where the articles of this page lie. */
export const articleIndex = new SpatialIndex();

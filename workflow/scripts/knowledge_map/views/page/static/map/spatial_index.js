// Which points lie where: a grid whose cell c holds the rows order[starts[c]] to order[starts[c + 1] - 1].

import { clamp } from "../base/numbers.js";

const SIDE = 128; // cells
const FAR = 3; // map units: no point is farther from a position

/** @param {number} value in map units */
const cellOf = (value) => clamp(Math.floor(value * SIDE), 0, SIDE - 1);

export class SpatialIndex {
  #x = new Float32Array(0);
  #y = new Float32Array(0);
  #order = new Uint32Array(0);
  #starts = new Uint32Array(SIDE * SIDE + 1);

  /**
   * Take the positions of the first `count` rows, in map units.
   * @param {Float32Array<ArrayBuffer>} x
   * @param {Float32Array<ArrayBuffer>} y
   * @param {number} count
   */
  fill(x, y, count) {
    [this.#x, this.#y] = [x, y];
    const starts = new Uint32Array(SIDE * SIDE + 1), order = new Uint32Array(count);
    /** @param {number} row */
    const cell = (row) => cellOf(y[row]) * SIDE + cellOf(x[row]);
    for (let row = 0; row < count; row++) starts[cell(row) + 1]++;
    for (let at = 0; at < SIDE * SIDE; at++) starts[at + 1] += starts[at];
    const filled = starts.slice();
    for (let row = 0; row < count; row++) order[filled[cell(row)]++] = row;
    [this.#starts, this.#order] = [starts, order];
  }

  /**
   * Return the points in the cells that touch a box, as runs of rows.
   * @param {import("../base/geometry.js").Box} box
   * @returns {Uint32Array[]}
   */
  runsIn([left, right, bottom, top]) {
    const runs = [];
    for (let row = cellOf(bottom); row <= cellOf(top); row++) {
      const first = this.#starts[row * SIDE + cellOf(left)], last = this.#starts[row * SIDE + cellOf(right) + 1];
      if (first < last) runs.push(this.#order.subarray(first, last));
    }
    return runs;
  }

  /**
   * Return the rows of the points nearest to a position, nearest first.
   * @param {number} x
   * @param {number} y
   * @param {number} count at most so many
   * @returns {number[]}
   */
  nearest(x, y, count) {
    for (let reach = 1 / SIDE;; reach *= 2) {
      const found = [];
      for (const run of this.#runsAround(x, y, reach)) {
        for (const row of run) {
          const distance = Math.hypot(this.#x[row] - x, this.#y[row] - y);
          if (distance <= reach) found.push([distance, row]);
        }
      }
      if (found.length >= count || reach > FAR) return found.sort((a, b) => a[0] - b[0]).slice(0, count).map(([, row]) => row);
    }
  }

  /**
   * Return the row of the point nearest to a position, or -1 where none is within `reach` map units.
   * @param {number} x
   * @param {number} y
   * @param {number} reach
   * @returns {number}
   */
  pointAt(x, y, reach) {
    let best = -1, nearest = reach * reach;
    for (const run of this.#runsAround(x, y, reach)) {
      for (const row of run) {
        const distance = (this.#x[row] - x) ** 2 + (this.#y[row] - y) ** 2;
        if (distance <= nearest) [best, nearest] = [row, distance];
      }
    }
    return best;
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} reach
   */
  #runsAround(x, y, reach) {
    return this.runsIn([x - reach, x + reach, y - reach, y + reach]);
  }
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

// The tiles of the map: a quadtree in which every article stands in one tile, coarse tiles holding an even sample.

import { coordinateOf } from "./columns.js";
import { touches } from "./geometry.js";

/** @typedef {import("./geometry.js").Box} Box */

const BITS = 16; // levels down to a tile of one step of a position

/** The tiles by number: coarse before fine, those of a level in Morton order, so that the children of a tile stand together. */
export class Quadtree {
  /** How far below the root each tile is. */
  level;
  /** The first row of each tile, and the one behind the last row; the rows of a tile stand together. */
  first;
  /** @type {Uint32Array} */
  #x;
  /** @type {Uint32Array} */
  #y;
  #children;
  /** @type {Uint32Array} */
  #firstChild;

  /**
   * @param {Uint8Array} children which ones each tile has, as bits: lower left, lower right, upper left, upper right
   * @param {Uint32Array} counts how many articles each tile has
   */
  constructor(children, counts) {
    const tiles = children.length;
    this.#children = children;
    this.level = new Uint8Array(tiles);
    [this.#x, this.#y, this.#firstChild] = [new Uint32Array(tiles), new Uint32Array(tiles), new Uint32Array(tiles)];
    this.first = new Uint32Array(tiles + 1);
    for (let tile = 0, next = 1; tile < tiles; tile++) {
      this.first[tile + 1] = this.first[tile] + counts[tile];
      this.#firstChild[tile] = next;
      for (let corner = 0; corner < 4; corner++) {
        if (!((children[tile] >> corner) & 1)) continue;
        this.level[next] = this.level[tile] + 1;
        this.#x[next] = 2 * this.#x[tile] + (corner & 1);
        this.#y[next] = 2 * this.#y[tile] + (corner >> 1);
        next++;
      }
    }
  }

  /** How many tiles there are. */
  get count() {
    return this.level.length;
  }

  /**
   * Return how many articles a tile has.
   * @param {number} tile
   */
  size(tile) {
    return this.first[tile + 1] - this.first[tile];
  }

  /**
   * Return the square of a tile, in map units.
   * @param {number} tile
   * @returns {Box}
   */
  box(tile) {
    const side = 2 ** (BITS - this.level[tile]), x = side * this.#x[tile], y = side * this.#y[tile];
    return /** @type {Box} */ ([x, x + side, y, y + side].map(coordinateOf));
  }

  /**
   * Return the tile of an article.
   * @param {number} row
   * @returns {number}
   */
  tileOf(row) {
    let low = 0, high = this.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.first[middle] <= row) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /**
   * Return the tiles that touch a view and are no narrower than `least`, coarse before fine, and of a level those in the middle first.
   * @param {Box} view
   * @param {number} least in map units
   * @returns {number[]}
   */
  inView(view, least) {
    const [left, right, bottom, top] = view, [x, y] = [(left + right) / 2, (bottom + top) / 2];
    /** @type {[number, number][]} */
    const found = []; // tile, and how far its middle is from that of the box
    const waiting = [0];
    for (let tile = waiting.pop(); tile !== undefined; tile = waiting.pop()) {
      const box = this.box(tile), [west, east, south, north] = box;
      if (tile && (east - west < least || !touches(box, view))) continue;
      found.push([tile, Math.hypot((west + east) / 2 - x, (south + north) / 2 - y)]);
      waiting.push(...this.#childrenOf(tile));
    }
    return found.sort(([a, far], [b, near]) => this.level[a] - this.level[b] || far - near || a - b).map(([tile]) => tile);
  }

  /**
   * Return whether all tiles that touch a box are among some, which hold with each tile those above it.
   * @param {Box} box
   * @param {(tile: number) => boolean} isIn
   * @returns {boolean}
   */
  hasAllIn(box, isIn) {
    const waiting = [0];
    for (let tile = waiting.pop(); tile !== undefined; tile = waiting.pop()) {
      if (!isIn(tile)) return false;
      for (const child of this.#childrenOf(tile)) if (touches(this.box(child), box)) waiting.push(child);
    }
    return true;
  }

  /**
   * Return the tiles in which a position lies, coarse before fine.
   * @param {number} x in map units
   * @param {number} y in map units
   * @returns {number[]}
   */
  pathTo(x, y) {
    const path = [];
    for (let /** @type {number | undefined} */ tile = 0; tile !== undefined;) {
      path.push(tile);
      tile = this.#childrenOf(tile).find((child) => {
        const [west, east, south, north] = this.box(child);
        return x >= west && x < east && y >= south && y < north;
      });
    }
    return path;
  }

  /** @param {number} tile */
  #childrenOf(tile) {
    let mask = this.#children[tile], count = 0;
    for (; mask; mask &= mask - 1) count++;
    return Array.from({ length: count }, (_, n) => this.#firstChild[tile] + n);
  }
}

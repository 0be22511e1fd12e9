// What stands in for `points` where there is no WebGL: the picture beneath, and a sample of the articles.

import { contextOf, pixelRatio } from "../base/dom.js";
import { store } from "../base/store.js";
import { camera } from "./camera.js";
import { MARGIN } from "./density.js";
import { articleIndex, countOf } from "./spatial_index.js";

/** @typedef {import("./points.js").Painter} Painter */

const MOST = 20_000; // articles that are drawn

/**
 * Return what draws the articles of the store without WebGL, and the canvas on which it does.
 * @param {HTMLCanvasElement} target a canvas; another one takes its place
 * @returns {{ painter: Painter, canvas: HTMLCanvasElement }}
 */
export function createCanvasPoints(target) {
  // A canvas that was asked for WebGL in vain gives no other context in some browsers.
  const canvas = /** @type {HTMLCanvasElement} */ (target.cloneNode());
  target.replaceWith(canvas);
  return { painter: new CanvasPoints(contextOf(canvas)), canvas };
}

/** @implements {Painter} */
class CanvasPoints {
  #pen;
  /** @type {HTMLCanvasElement | null} */
  #picture = null;
  #values = new Uint8Array(0);
  /** @type {string[]} */
  #colors = [];

  /** @param {CanvasRenderingContext2D} pen */
  constructor(pen) {
    this.#pen = pen;
  }

  add() {} // the index knows which articles are there and shown

  remove() {}

  show() {}

  /** @param {HTMLCanvasElement} picture */
  setPicture(picture) {
    this.#picture = picture;
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} values
   * @param {Uint8Array} palette
   */
  setColors(values, palette) {
    /** @param {number} n */
    const color = (n) => `rgb(${palette.slice(4 * n, 4 * n + 3).join(" ")} / ${palette[4 * n + 3] / 255})`;
    this.#values = values;
    this.#colors = Array.from({ length: 256 }, (_, n) => color(n));
  }

  /**
   * @param {number} _share all of the sample is drawn
   * @param {number} size
   * @param {number} _strength
   * @param {string} paper
   */
  draw(_share, size, _strength, paper) {
    const pen = this.#pen, ratio = pixelRatio(), side = (1 + 2 * MARGIN) * camera.scale;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = paper;
    pen.fillRect(0, 0, camera.width, camera.height);
    if (this.#picture) pen.drawImage(this.#picture, ...camera.toScreen(-MARGIN, 1 + MARGIN), side, side);
    const runs = articleIndex.runsIn(camera.visibleBox()), step = Math.ceil(countOf(runs) / MOST);
    let seen = 0;
    for (const run of runs) {
      for (const row of run) {
        if (seen++ % step) continue;
        const [x, y] = camera.toScreen(...store.position(row));
        pen.fillStyle = this.#colors[this.#values[row]];
        pen.fillRect(x - size / 2, y - size / 2, size, size);
      }
    }
  }
}

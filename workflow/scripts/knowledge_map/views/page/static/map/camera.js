// The camera: which position of the map is in the middle of the screen, and how many pixels a map unit takes.

import { clamp } from "../base/numbers.js";
import { signal } from "../base/signal.js";

/** @typedef {import("../base/geometry.js").Box} Box */
/** @typedef {[number, number, number]} View x and y in the middle of the screen, and the scale */
/** @typedef {{ left: number, right: number, top: number, bottom: number }} Insets pixels at the edges that are covered */

const SMALLEST_SCALE = 0.3; // of the shorter side of the screen
const LARGEST_SCALE = 150; // of the longer side of the screen
const MARGIN = 0.9; // the part of the free screen that a box fills
const SMALLEST_SIDE = 0.02; // map units: a box with a shorter side is shown as one of this side
const EDGE = 20; // pixels within which a position is not well in view

export class Camera {
  /** x of the middle of the screen, in map units. */
  x = 0.5;
  /** y of the middle of the screen, in map units, upward. */
  y = 0.5;
  /** Pixels to a map unit. */
  scale = 500;
  /** Pixels of the screen. */
  width = 0;
  /** Pixels of the screen. */
  height = 0;
  /** @type {import("../base/signal.js").Signal<[]>} what is in view changed */
  changed = signal();
  /** @type {import("../base/signal.js").Signal<[]>} a flight should end here */
  interrupted = signal();

  /**
   * Return where a position of the map is on the screen, in pixels.
   * @param {number} x
   * @param {number} y
   * @returns {[number, number]}
   */
  toScreen(x, y) {
    return [this.width / 2 + (x - this.x) * this.scale, this.height / 2 - (y - this.y) * this.scale];
  }

  /**
   * Return the position of the map at a place of the screen.
   * @param {number} screenX in pixels
   * @param {number} screenY in pixels
   * @returns {[number, number]}
   */
  toMap(screenX, screenY) {
    return [this.x + (screenX - this.width / 2) / this.scale, this.y - (screenY - this.height / 2) / this.scale];
  }

  /**
   * Return the box of the map on the screen.
   * @returns {Box}
   */
  visibleBox() {
    const [left, top] = this.toMap(0, 0), [right, bottom] = this.toMap(this.width, this.height);
    return [left, right, bottom, top];
  }

  /**
   * Return the scale nearest to `scale` that is allowed.
   * @param {number} scale
   * @returns {number}
   */
  clampScale(scale) {
    return clamp(scale, SMALLEST_SCALE * this.#shorterSide, LARGEST_SCALE * Math.max(this.width, this.height));
  }

  get #shorterSide() {
    return Math.min(this.width, this.height);
  }

  /** The scale as a number that does not depend on the screen: shorter sides of the screen to a map unit. */
  get zoomLevel() {
    return this.scale / this.#shorterSide;
  }

  /**
   * Return the scale of a `zoomLevel`.
   * @param {number} level
   * @returns {number}
   */
  scaleOf(level) {
    return this.clampScale(level * this.#shorterSide);
  }

  /**
   * Take the map along with a pointer.
   * @param {number} byX pixels to the right
   * @param {number} byY pixels downward
   */
  pan(byX, byY) {
    this.interrupted();
    this.x = clamp(this.x - byX / this.scale, 0, 1);
    this.y = clamp(this.y + byY / this.scale, 0, 1);
    this.changed();
  }

  /**
   * Zoom around a place of the screen, which stays where it is.
   * @param {number} factor
   * @param {number} screenX in pixels; by default the middle
   * @param {number} screenY in pixels; by default the middle
   */
  zoom(factor, screenX = this.width / 2, screenY = this.height / 2) {
    this.interrupted();
    const [x, y] = this.toMap(screenX, screenY);
    this.scale = this.clampScale(this.scale * factor);
    this.x = x - (screenX - this.width / 2) / this.scale;
    this.y = y + (screenY - this.height / 2) / this.scale;
    this.changed();
  }

  /**
   * Show a view at once.
   * @param {number} x
   * @param {number} y
   * @param {number} scale
   */
  jumpTo(x, y, scale) {
    this.interrupted();
    this.follow(clamp(x, -0.5, 1.5), clamp(y, -0.5, 1.5), this.clampScale(scale));
  }

  /**
   * Show a view on the way of a flight.
   * @param {number} x
   * @param {number} y
   * @param {number} scale
   */
  follow(x, y, scale) {
    [this.x, this.y, this.scale] = [x, y, scale];
    this.changed();
  }

  /**
   * Return the view in which a position lies in the middle of what is not covered.
   * @param {number} x
   * @param {number} y
   * @param {number} scale
   * @param {Insets} covered
   * @returns {View}
   */
  viewOf(x, y, scale, covered) {
    const allowed = this.clampScale(scale);
    return [x - (covered.left - covered.right) / 2 / allowed, y + (covered.top - covered.bottom) / 2 / allowed, allowed];
  }

  /**
   * Return the view that shows a box in the middle of what is not covered.
   * @param {Box} box
   * @param {Insets} covered
   * @returns {View}
   */
  viewOfBox([left, right, bottom, top], covered) {
    const across = (this.width - covered.left - covered.right) / Math.max(right - left, SMALLEST_SIDE);
    const along = (this.height - covered.top - covered.bottom) / Math.max(top - bottom, SMALLEST_SIDE);
    return this.viewOf((left + right) / 2, (bottom + top) / 2, MARGIN * Math.min(across, along), covered);
  }

  /**
   * Return whether a position lies well within what is not covered.
   * @param {number} x
   * @param {number} y
   * @param {Insets} covered
   * @returns {boolean}
   */
  hasInView(x, y, { left, right, top, bottom }) {
    const [atX, atY] = this.toScreen(x, y);
    const isAcross = atX > left + EDGE && atX < this.width - right - EDGE;
    return isAcross && atY > top + EDGE && atY < this.height - bottom - EDGE;
  }
}

/** The camera of this page. */
export const camera = new Camera();

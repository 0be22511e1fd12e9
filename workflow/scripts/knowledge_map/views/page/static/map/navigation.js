// Where the camera goes: to items, to boxes, to the whole map; beside what covers the screen.

import { clamp } from "../base/numbers.js";
import { signal } from "../base/signal.js";
import { store } from "../base/store.js";
import { camera } from "./camera.js";
import { viewBetween } from "./flight.js";

/** @typedef {import("./camera.js").View} View */
/** @typedef {import("./camera.js").Insets} Insets */
/** @typedef {import("../base/geometry.js").Box} Box */

const DURATION = 450; // of a flight, in milliseconds
const NARROW = 700; // pixels of a screen on which things lie above and below each other

/** A flight to a view began. */
/** @type {import("../base/signal.js").Signal<[View]>} */
export const flightBegan = signal();

/** @type {Record<"first" | "last", (() => DOMRect) | null>} */
const overlays = { first: null, last: null };
let frame = 0;

/**
 * Tell of an element that covers an edge of the map: `first` the left one, `last` the right one; on a narrow screen top and bottom.
 * @param {"first" | "last"} edge
 * @param {() => DOMRect} measure returns what the element covers now; nothing where it is hidden
 */
export function registerOverlay(edge, measure) {
  overlays[edge] = measure;
}

/**
 * Return how much of the screen's edges is covered.
 * @returns {Insets}
 */
function coveredEdges() {
  const first = overlays.first?.() ?? new DOMRect(), last = overlays.last?.() ?? new DOMRect(), isOpen = last.width > 0;
  if (camera.width <= NARROW) return { left: 0, right: 0, top: first.bottom, bottom: isOpen ? camera.height - last.top : 0 };
  return { left: first.right, right: isOpen ? camera.width - last.left : 0, top: 0, bottom: 0 };
}

/**
 * Return whether a flight has not yet come to its end.
 * @returns {boolean}
 */
export function isFlying() {
  return frame !== 0;
}

function endFlight() {
  cancelAnimationFrame(frame);
  frame = 0;
}
camera.interrupted.listen(endFlight);

/**
 * Fly to a view, or show it at once where less motion is wanted.
 * @param {View} view
 */
function flyToView([x, y, scale]) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return camera.jumpTo(x, y, scale);
  /** @type {View} */
  const from = [camera.x, camera.y, camera.scale];
  /** @type {View} */
  const to = [x, y, camera.clampScale(scale)];
  const begin = performance.now();
  /** @param {number} now milliseconds */
  const step = (now) => {
    const part = clamp((now - begin) / DURATION, 0, 1);
    frame = part < 1 ? requestAnimationFrame(step) : 0;
    camera.follow(...viewBetween(from, to, part));
  };
  endFlight();
  frame = requestAnimationFrame(step);
  flightBegan(to);
}

/**
 * Fly so that a position lies in the middle of what is not covered.
 * @param {number} x
 * @param {number} y
 * @param {number} scale pixels to a map unit; by default the present one
 */
export function flyTo(x, y, scale = camera.scale) {
  flyToView(camera.viewOf(x, y, scale, coveredEdges()));
}

/**
 * Zoom smoothly around the middle of the screen.
 * @param {number} factor
 */
export function zoomBy(factor) {
  flyToView([camera.x, camera.y, camera.scale * factor]);
}

/**
 * Return the view that shows a box, beside what covers the screen.
 * @param {Box} box
 * @returns {View}
 */
export function viewOfBox(box) {
  return camera.viewOfBox(box, coveredEdges());
}

/**
 * Return whether a position lies well within what is not covered.
 * @param {number} x
 * @param {number} y
 * @returns {boolean}
 */
export function isInView(x, y) {
  return camera.hasInView(x, y, coveredEdges());
}

/**
 * Return the box that all items fill.
 * @returns {Box}
 */
export function boxOfAll() {
  return store.bounds;
}

/**
 * Return the box of the question region, or that of all items where there is none.
 * @returns {Box}
 */
export function boxOfQuestions() {
  const { region } = store;
  return region ? [region.x_min, region.x_max, region.y_min, region.y_max] : boxOfAll();
}

/**
 * Fly so that a box fills what is not covered.
 * @param {Box} box
 */
export function flyToBox(box) {
  flyToView(viewOfBox(box));
}

/** Fly to the whole map. */
export function showWhole() {
  flyToBox(boxOfAll());
}

/** Fly to the questions. */
export function showQuestions() {
  flyToBox(boxOfQuestions());
}

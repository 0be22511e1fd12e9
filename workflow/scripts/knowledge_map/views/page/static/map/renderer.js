// The map on the screen: points beneath, and above them labels and markers on a canvas of their own.

import { canvasElement, contextOf, createCanvas, element, pixelRatio } from "../base/dom.js";
import { clamp } from "../base/numbers.js";
import { signal, state } from "../base/signal.js";
import { store } from "../base/store.js";
import { theme } from "../base/theme.js";
import { camera } from "./camera.js";
import { colorsChanged, densityColors, isPlain } from "./coloring.js";
import { drawDensity } from "./density.js";
import { filter } from "./filter.js";
import { drawLabels } from "./labels.js";
import { drawMarkers, questionAt, questionStates } from "./markers.js";
import { boxOfQuestions, isFlying, viewOfBox } from "./navigation.js";
import { createPoints } from "./points.js";
import { createCanvasPoints } from "./points_canvas.js";
import { articleIndex } from "./spatial_index.js";

/**
 * @typedef {object} Layer what is shown beneath the points in place of the density
 * @property {HTMLCanvasElement} picture covers the map and its margin
 * @property {HTMLCanvasElement | null} key to its colours
 */

const CALM = 160; // milliseconds without movement after which all points are drawn
const START = 40_000; // points drawn at first while the map moves; then as many as the machine keeps up with
const LEAST = 10_000; // points drawn at least while the map moves
const SLOW = 45; // milliseconds of a frame after which fewer points are drawn
const QUICK = 25; // milliseconds of a frame below which more points are drawn
const DRIFT = 200; // pixels that what is written is carried along before it is written anew
const POINT_REACH = 12; // pixels around a point within which it is pointed at

/** The layer that is shown, or null for the density. */
export const shownLayer = state(/** @type {Layer | null} */ (null));
/** The map has come to rest. */
/** @type {import("../base/signal.js").Signal<[]>} */
export const mapSettled = signal();
/** The map was drawn: others draw over it with the pen, in pixels of the screen. */
/** @type {import("../base/signal.js").Signal<[CanvasRenderingContext2D]>} */
export const mapDrawn = signal();

/** Another picture is shown beneath the points; it covers the map and its margin. */
/** @type {import("../base/signal.js").Signal<[HTMLCanvasElement]>} */
export const pictureChanged = signal();

const overlay = canvasElement("names"), pen = contextOf(overlay);
let ground = canvasElement("ground");
/** @type {import("./points.js").Painter} */
let painter;
let frame = 0, lastFrame = 0; // the frame that is due, and when the last one was
/** @type {ReturnType<typeof setTimeout> | undefined} */
let calm; // the timer until the map is at rest
/** @type {number | null} */
let share = null; // of the points, drawn while the map moves
let drawnShare = 1; // of the points on the screen
let points = { count: 0, density: 0, isSample: false }; // how many are shown, in all and on a square of one map unit
let isMoving = false, isStale = true; // whether what is written must be written anew
let written = { x: 0, y: 0, scale: 0 }; // the view for which it was written
let selected = -1;

// ---- Drawing ----

/** Draw all of the map anew with the next frame. */
export function redraw() {
  isStale = true;
  schedule();
}

function schedule() {
  frame ||= requestAnimationFrame(nextFrame);
}

/** @param {number} now milliseconds */
function nextFrame(now) {
  frame = 0;
  if (isMoving) {
    const took = now - lastFrame, factor = took > SLOW ? 0.7 : took < QUICK ? 1.25 : 1, count = Math.max(points.count, 1);
    share ??= Math.min(1, START / count);
    if (took < 1000) share = clamp(share * factor, Math.min(1, LEAST / count), 1);
  }
  lastFrame = now;
  drawGround(isMoving ? share ?? 1 : 1);
  if (isStale || !drift()) draw();
}

/** While the map is dragged, carry along what is written on it instead of writing it anew; false where that will not do. */
function drift() {
  const [x, y] = [(written.x - camera.x) * camera.scale, (camera.y - written.y) * camera.scale];
  if (!isMoving || written.scale !== camera.scale || Math.max(Math.abs(x), Math.abs(y)) > DRIFT) return false;
  overlay.style.transform = `translate(${x}px, ${y}px)`;
  return true;
}

function viewChanged() {
  if (!isMoving) lastFrame = -1e9;
  isMoving = true;
  schedule();
  clearTimeout(calm);
  calm = setTimeout(comeToRest, CALM);
}

function comeToRest() {
  if (isFlying()) return; // its frames take long; it ends with another change
  isMoving = false;
  if (drawnShare < 1 || overlay.style.transform) redraw(); // else all is drawn as it stays
  mapSettled();
}

/** Write on the map: labels, markers and what others draw. */
function draw() {
  const ratio = pixelRatio();
  isStale = false;
  written = { x: camera.x, y: camera.y, scale: camera.scale };
  overlay.style.transform = "";
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, camera.width, camera.height);
  if (store.region) drawRegion(store.region);
  const taken = drawMarkers(pen);
  if (selected >= 0 && !store.isQuestion(selected)) taken.push(drawSelected());
  drawLabels(pen, taken, points.isSample ? null : articleIndex.runsIn(camera.visibleBox()));
  mapDrawn(pen);
}

/**
 * Draw picture and points: larger and stronger the farther they are apart, and fainter over a layer.
 * @param {number} share of the points
 */
function drawGround(share) {
  drawnShare = share;
  const size = clamp((0.22 * camera.scale) / Math.sqrt(points.density), 1.5, 8);
  const cover = (points.density * size ** 2) / camera.scale ** 2;
  const [ink, least, most] = shownLayer.value && isPlain() ? [0.07, 0.12, 0.6] : [0.4, 0.35, 1];
  painter.draw(share, size, clamp(ink / cover / Math.max(share, 0.2), least, most), theme.colors.paper);
}

/** @param {import("../base/store.js").Region} region */
function drawRegion({ x_min, x_max, y_min, y_max }) {
  pen.strokeStyle = theme.colors.accent;
  pen.lineWidth = 1.2;
  pen.globalAlpha = 0.7;
  pen.setLineDash([6, 4]);
  pen.strokeRect(...camera.toScreen(x_min, y_max), (x_max - x_min) * camera.scale, (y_max - y_min) * camera.scale);
  pen.setLineDash([]);
  pen.globalAlpha = 1;
}

/**
 * Ring the item that is selected; return the box that the ring takes up.
 * @returns {import("./labels.js").ScreenBox}
 */
function drawSelected() {
  const [x, y] = camera.toScreen(...store.position(selected));
  for (const { color, width } of [{ color: theme.colors.paper, width: 5 }, { color: theme.colors.accent, width: 2.5 }]) {
    pen.strokeStyle = color;
    pen.lineWidth = width;
    pen.beginPath();
    pen.arc(x, y, 8, 0, 7);
    pen.stroke();
  }
  return [x - 10, x + 10, y - 10, y + 10];
}

function showPicture() {
  const picture = shownLayer.value?.picture ?? drawDensity(densityColors(), isPlain() ? 1 : 0.3);
  painter.setPicture(picture);
  pictureChanged(picture);
  redraw();
}

function resize() {
  const ratio = pixelRatio(), isFirst = !camera.width, { clientWidth, clientHeight } = overlay;
  if (!clientWidth || !clientHeight) return; // hidden, as while a page is printed
  const size = [clientWidth, clientHeight].map((length) => Math.round(length * ratio));
  const now = [camera.width, camera.height, overlay.width, overlay.height];
  if ([clientWidth, clientHeight, ...size].every((length, side) => length === now[side])) return;
  [camera.width, camera.height] = [clientWidth, clientHeight];
  for (const canvas of [ground, overlay]) [canvas.width, canvas.height] = size;
  if (isFirst) return camera.jumpTo(...viewOfBox(boxOfQuestions())); // it is drawn with the first frame
  drawGround(1); // at once: a canvas that is resized is empty
  draw();
}

// ---- The articles that are drawn ----

/** The articles as points, which come and go together by keys. */
export const articlePoints = {
  /** @type {import("./points.js").Painter["add"]} */
  add: (key, first, end) => painter.add(key, first, end),
  /** @type {import("./points.js").Painter["remove"]} */
  remove: (key) => painter.remove(key),
  /**
   * Choose which points are drawn.
   * @param {number[]} keys
   * @param {number} count of the points
   * @param {number} density how many of them there are on a square of one map unit, where they are
   * @param {boolean} [isSample] not all articles in view are among them
   */
  show: (keys, count, density, isSample = false) => {
    painter.show(keys);
    points = { count, density, isSample };
  },
};

// ---- What others may ask ----

/**
 * Ring an item on the map; -1 for none.
 * @param {number} row
 */
export function ringSelected(row) {
  selected = row;
  redraw();
}

/**
 * Return the item at a place of the screen, or -1; markers of questions come first.
 * @param {number} screenX in pixels
 * @param {number} screenY in pixels
 * @returns {number}
 */
export function itemAt(screenX, screenY) {
  if (isMoving) draw(); // markers must be where they are seen
  const number = questionAt(screenX, screenY);
  if (number >= 0) return store.questions[number].row;
  return articleIndex.pointAt(...camera.toMap(screenX, screenY), POINT_REACH / camera.scale);
}

/**
 * Return a canvas with what is on the screen.
 * @returns {HTMLCanvasElement}
 */
export function mapPicture() {
  drawGround(1);
  draw();
  const [copy, both] = createCanvas(overlay.width, overlay.height);
  both.drawImage(ground, 0, 0);
  both.drawImage(overlay, 0, 0);
  return copy;
}

/**
 * Return whether all is drawn as it will stay.
 * @returns {boolean}
 */
export function isAtRest() {
  return !isMoving && !frame && !isFlying();
}

/** Choose how points are drawn, and listen to what changes the map. */
export function startRenderer() {
  const webgl = createPoints(ground, camera.changed);
  if (webgl) painter = webgl;
  else {
    ({ painter, canvas: ground } = createCanvasPoints(ground));
    element("no-webgl").hidden = false;
  }
  camera.changed.listen(viewChanged);
  filter.changed.listen(viewChanged); // while one brushes, too, only as many points are drawn as the machine keeps up with
  questionStates.listen(redraw);
  shownLayer.listen(showPicture);
  colorsChanged.listen((values, palette) => {
    painter.setColors(values, palette);
    showPicture();
  });
}

/** Appear on the screen, once there are colours. */
export function showMap() {
  resize();
  new ResizeObserver(resize).observe(overlay);
}

// What moves the map by pointers, wheel and keys, and what is pointed at. A drawing tool may take over the pointer.

import { element } from "../base/dom.js";
import { store } from "../base/store.js";
import { camera } from "./camera.js";
import { itemHovered, itemOpened, labelHovered, labelOpened } from "./item_events.js";
import { hasArticleTitles, labelAt } from "./labels.js";
import { itemAt, mapSettled } from "./renderer.js";
import { signal } from "../base/signal.js";

/**
 * @typedef {object} Tool what draws a shape with the pointer; places are pixels of the screen
 * @property {(x: number, y: number) => void} begin
 * @property {(x: number, y: number) => void} extend
 * @property {() => void} end
 */

const STILL = 4; // pixels that a pointer may travel and still click
const STEP = 60; // pixels that an arrow key moves the map
const ZOOM = 1.5; // factor of a key

/** A click met no item. */
/** @type {import("../base/signal.js").Signal<[]>} */
export const emptyClicked = signal();

const surface = element("map");
/** @type {Map<number, [number, number]>} pointers that are down, and where */
const pointers = new Map();
let travelled = 0; // pixels
/** @type {Tool | null} the tool in hand */
let tool = null;
/** @type {Tool | null} the tool that the Shift key takes up */
let shiftTool = null;
/** @type {Tool | null} the tool that draws */
let drawing = null;

/**
 * Take up a tool, or none with null; a shape that is not finished is dropped.
 * @param {Tool | null} newTool
 */
export function takeTool(newTool) {
  tool = newTool;
  drawing = null;
  surface.classList.toggle("selecting", tool !== null);
}

/**
 * Set the tool that is in hand while the Shift key is held.
 * @param {Tool} newTool
 */
export function setShiftTool(newTool) {
  shiftTool = newTool;
}

/** Move the focus to the map. */
export function focusMap() {
  surface.focus({ preventScroll: true });
}

// ---- Pointers ----

/** @param {PointerEvent} event */
function pointerDown(event) {
  if (event.button) return;
  surface.setPointerCapture(event.pointerId);
  if (!pointers.size) travelled = 0;
  pointers.set(event.pointerId, [event.clientX, event.clientY]);
  const chosen = tool ?? (event.shiftKey ? shiftTool : null);
  if (pointers.size > 1 || !chosen) return;
  drawing = chosen;
  drawing.begin(event.clientX, event.clientY);
}

/** @param {PointerEvent} event */
function pointerMoved(event) {
  const before = pointers.get(event.pointerId);
  /** @type {[number, number]} */
  const now = [event.clientX, event.clientY];
  if (!before) {
    if (event.pointerType !== "touch") hover(...now);
    return;
  }
  travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
  pointers.set(event.pointerId, now);
  if (drawing) return drawing.extend(...now);
  if (travelled <= STILL && pointers.size === 1) return;
  const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
  const share = other ? 0.5 : 1;
  camera.pan(share * (now[0] - before[0]), share * (now[1] - before[1]));
  if (other) {
    /** @param {[number, number]} place */
    const apart = ([x, y]) => Math.max(1, Math.hypot(x - other[0], y - other[1]));
    camera.zoom(apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
  }
  surface.classList.add("dragged");
  hoverNothing();
}

/** @param {PointerEvent} event */
function pointerLifted(event) {
  const wasDown = pointers.delete(event.pointerId);
  surface.classList.remove("dragged");
  if (!wasDown) return;
  if (drawing) {
    const finished = drawing;
    drawing = null;
    finished.end();
  } else if (event.type === "pointerup" && travelled <= STILL) click(event);
}

/** @param {PointerEvent} event */
function click(event) {
  hoverNothing();
  if (!openAt(event.clientX, event.clientY)) emptyClicked();
}

/** @param {WheelEvent} event */
function wheelTurned(event) {
  event.preventDefault();
  hoverNothing();
  const speed = (event.deltaMode ? 0.03 : 0.0016) * (event.ctrlKey ? 4 : 1);
  camera.zoom(Math.exp(-event.deltaY * speed), event.clientX, event.clientY);
}

/**
 * Return what is at a place on the screen: an item, a label or neither; a row of -1 is none.
 *
 * Questions come before labels, and so do articles where they are written by title; elsewhere articles lie everywhere.
 * @param {number} x in pixels
 * @param {number} y in pixels
 * @returns {{ row: number, label: import("../base/store.js").Label | null }}
 */
export function pointedAt(x, y) {
  const row = itemAt(x, y), isFirst = row >= 0 && (store.isQuestion(row) || hasArticleTitles());
  const label = isFirst ? null : labelAt(x, y);
  return { row: label ? -1 : row, label };
}

/**
 * @param {number} x in pixels
 * @param {number} y in pixels
 */
function hover(x, y) {
  const { row, label } = tool ? { row: -1, label: null } : pointedAt(x, y);
  surface.classList.toggle("over", row >= 0 || label !== null);
  itemHovered(row, x, y);
  labelHovered(label, x, y);
}

function hoverNothing() {
  surface.classList.remove("over");
  itemHovered(-1, 0, 0);
  labelHovered(null, 0, 0);
}

/**
 * Open what is at a place on the screen; return whether there was anything.
 * @param {number} x in pixels
 * @param {number} y in pixels
 */
function openAt(x, y) {
  const { row, label } = pointedAt(x, y);
  if (label) labelOpened(label);
  else if (row >= 0) itemOpened(row);
  return label !== null || row >= 0;
}

// ---- Keys ----

/** @returns {[number, number]} */
const middle = () => [camera.width / 2, camera.height / 2];

/** Tell what lies nearest to the middle of the screen, for those who move by keys. */
function hoverMiddle() {
  if (surface.matches(":focus-visible")) hover(...middle());
}

/** @type {Record<string, () => void>} */
const keys = {
  ArrowLeft: () => camera.pan(STEP, 0),
  ArrowRight: () => camera.pan(-STEP, 0),
  ArrowUp: () => camera.pan(0, STEP),
  ArrowDown: () => camera.pan(0, -STEP),
  "+": () => camera.zoom(ZOOM),
  "=": () => camera.zoom(ZOOM),
  "-": () => camera.zoom(1 / ZOOM),
  Enter: () => openAt(...middle()),
};

/** @param {KeyboardEvent} event */
function keyPressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !Object.hasOwn(keys, event.key)) return;
  keys[event.key]();
  event.preventDefault();
}

/** Listen to pointers, wheel and keys over the map. */
export function startGestures() {
  surface.addEventListener("pointerdown", pointerDown);
  surface.addEventListener("pointermove", pointerMoved);
  surface.addEventListener("pointerup", pointerLifted);
  surface.addEventListener("pointercancel", pointerLifted);
  surface.addEventListener("pointerleave", hoverNothing);
  surface.addEventListener("dblclick", (event) => {
    if (itemAt(event.clientX, event.clientY) < 0) camera.zoom(2, event.clientX, event.clientY);
  });
  surface.addEventListener("wheel", wheelTurned, { passive: false });
  surface.addEventListener("keydown", keyPressed);
  surface.addEventListener("focus", () => {
    surface.classList.toggle("by-keys", surface.matches(":focus-visible"));
    hoverMiddle();
  });
  surface.addEventListener("blur", () => {
    surface.classList.remove("by-keys");
    hoverNothing();
  });
  mapSettled.listen(hoverMiddle);
}

// A histogram of which one brushes a run of bins, by pointer or by keys, and which plays: the run moves from bin to bin.

import { button, create, createCanvas, pixelRatio } from "../base/dom.js";
import { clamp } from "../base/numbers.js";
import { theme } from "../base/theme.js";
import { allowedClasses, allowedRange, allowRange, columnKey } from "../map/class_filter.js";
import { filter } from "../map/filter.js";
import { sequentialColors } from "../map/palette.js";
import { drawBars } from "./histogram.js";

/** @typedef {import("../base/carried.js").NumberColumn} NumberColumn */

const WIDTH = 314, HEIGHT = 64; // of the histogram, in pixels of the screen
const STEP = 700; // milliseconds from bin to bin

/**
 * Return the brush of a column; `update` shows what the filter keeps now.
 * @param {NumberColumn} column
 * @returns {{ node: HTMLElement, update: () => void }}
 */
export function rangeBrush(column) {
  const last = column.classCount - 1, ratio = pixelRatio();
  const [canvas, pen] = createCanvas(WIDTH * ratio, HEIGHT * ratio, { className: "histogram" });
  const [from, to] = ["from", "to"].map((end) => {
    return create("input", { type: "range", min: "0", max: String(last), step: "1", ariaLabel: `${column.name}, ${end}` });
  });
  const told = create("span"), play = player(column, () => allowedRange(column));

  const update = () => {
    const [low, high] = allowedRange(column), allowed = allowedClasses(column);
    [from.value, to.value] = [String(low), String(high)];
    [from.ariaValueText, to.ariaValueText] = [column.className(low), column.className(high)];
    told.textContent = column.rangeName(low, high);
    const counts = column.countClasses(filter.bitsWithout(columnKey(column))).subarray(0, last + 1);
    drawBars(pen, counts, counts.map((count, bin) => count * allowed[bin]), () => sequentialColors()[2]);
    play.update();
  };
  const brush = (/** @type {number} */ one, /** @type {number} */ other) => {
    allowRange(column, Math.min(one, other), Math.max(one, other));
  };

  from.addEventListener("input", () => brush(Number(from.value), Math.max(Number(from.value), Number(to.value))));
  to.addEventListener("input", () => brush(Math.min(Number(from.value), Number(to.value)), Number(to.value)));
  listenToPointer(canvas, (share) => clamp(Math.floor(share * (last + 1)), 0, last), brush, () => allowRange(column, 0, last));
  theme.changed.listen(() => {
    if (canvas.isConnected) update();
  });
  const ends = create("div", { className: "ends" }, from, to), steps = create("div", { className: "steps" }, told, play.node);
  return { node: create("div", { className: "brush" }, canvas, ends, steps), update };
}

/**
 * Brush while the pointer is drawn over the histogram, at most once a frame; a click without drawing takes the brush off.
 * @param {HTMLCanvasElement} canvas
 * @param {(share: number) => number} binAt returns the bin at a share of the width
 * @param {(begin: number, end: number) => void} brush
 * @param {() => void} takeOff
 */
function listenToPointer(canvas, binAt, brush, takeOff) {
  let begin = -1, end = -1, frame = 0, isDrawn = false;
  /** @param {PointerEvent} event */
  const binOf = (event) => {
    const { left, width } = canvas.getBoundingClientRect();
    return binAt((event.clientX - left) / width);
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    [begin, isDrawn] = [binOf(event), false];
  });
  canvas.addEventListener("pointermove", (event) => {
    if (begin < 0) return;
    end = binOf(event);
    isDrawn ||= end !== begin;
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      if (isDrawn) brush(begin, end);
    });
  });
  canvas.addEventListener("pointerup", () => {
    if (begin >= 0 && !isDrawn) takeOff();
    begin = -1;
  });
  canvas.addEventListener("pointercancel", () => begin = -1);
}

/**
 * Return the button that plays a column: the run, one bin where there is none, moves on until it is stopped or something else is filtered.
 * @param {NumberColumn} column
 * @param {() => [number, number]} range returns the first and the last bin of the run
 */
function player(column, range) {
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  /** @type {Uint8Array | undefined} the classes that were allowed last */
  let played;
  const last = column.classCount - 1;

  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    update();
  };
  const isStopped = () => filter.condition(columnKey(column))?.allowed !== played;
  /** @param {number} first @param {number} bins */
  const show = (first, bins) => {
    allowRange(column, first, first + bins - 1);
    played = filter.condition(columnKey(column))?.allowed;
  };
  const step = () => {
    if (isStopped()) return stop();
    const [first, end] = range(), bins = end - first + 1;
    show(end < last ? first + 1 : 0, bins);
  };
  const start = () => {
    const [first, end] = range(), isWhole = first === 0 && end === last;
    timer = setInterval(step, STEP);
    show(isWhole ? 0 : first, isWhole ? 1 : end - first + 1);
    update();
  };
  const update = () => {
    node.textContent = timer ? "Stop" : "Play";
    node.ariaPressed = String(timer !== undefined);
  };
  const node = button("Play", () => timer ? stop() : start(), {
    ariaPressed: "false",
    title: `Play ${column.name}`,
    disabled: last < 1,
  });
  return { node, update };
}

// The key to colours and markers: on the screen, and on the picture that one exports.

import { create, createCanvas, element } from "../base/dom.js";
import { store } from "../base/store.js";
import { shorten } from "../base/text.js";
import { FONT, theme } from "../base/theme.js";
import { colorKey, colorsChanged, isPlain } from "../map/coloring.js";
import { drawSampleMarker, questionStates } from "../map/markers.js";
import { shownLayer } from "../map/renderer.js";

/** @typedef {import("../map/coloring.js").ColorKey} ColorKey */
/** @typedef {import("../map/markers.js").QuestionState} QuestionState */
/** @typedef {[HTMLCanvasElement, string]} Line a sample and what it stands for */

const LONGEST = 30; // characters of a line
const WIDTH = 200; // of the key on a picture, in pixels of the screen

/** @type {Partial<Record<QuestionState, string>>} */
const NAMES = { open: "Question", right: "Known", wrong: "Not right", unknown: "Not known" };

/**
 * Return what the colours tell; those of the density are not there while a layer is shown in their place.
 * @returns {ColorKey}
 */
function currentKey() {
  return isPlain() && shownLayer.value ? { title: "Questions" } : colorKey();
}

/**
 * Return a strip of colours.
 * @param {string[]} stops
 */
function strip(stops) {
  const [canvas, pen] = createCanvas(168, 10, { className: "strip" });
  const gradient = pen.createLinearGradient(0, 0, canvas.width, 0);
  stops.forEach((stop, n) => gradient.addColorStop(n / (stops.length - 1), stop));
  pen.fillStyle = gradient;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  return canvas;
}

/**
 * Return a small canvas on which `draw` draws in a square of 24 pixels.
 * @param {(pen: CanvasRenderingContext2D) => void} draw
 */
function patch(draw) {
  const [canvas, pen] = createCanvas(36, 36, { className: "patch" });
  pen.scale(1.5, 1.5);
  draw(pen);
  return canvas;
}

/** @param {string} color */
function colorPatch(color) {
  return patch((pen) => {
    pen.fillStyle = color;
    pen.beginPath();
    pen.arc(12, 12, 6, 0, 7);
    pen.fill();
  });
}

/**
 * Return the lines of the key.
 * @returns {Line[]}
 */
function lines() {
  /** @type {(state?: QuestionState) => QuestionState} */
  const shownAs = (state = "open") => (state === "current" ? "open" : state);
  const used = new Set(store.questions.map((_, number) => shownAs(questionStates.value[number])));
  const states = /** @type {QuestionState[]} */ (Object.keys(NAMES)).filter((state) => used.has(state));
  return [
    ...(currentKey().categories ?? []).map(([color, text]) => /** @type {Line} */ ([colorPatch(color), text])),
    ...states.map((state) => /** @type {Line} */ ([patch((pen) => drawSampleMarker(pen, state, 12, 12)), NAMES[state]])),
  ];
}

/** Show the key on the screen. */
function showLegend() {
  const { title, stops, low = "", high = "" } = currentKey(), parts = [create("b", { textContent: title })];
  if (stops) {
    const ends = [low, high].map((textContent) => create("span", { textContent }));
    parts.push(strip(stops), create("span", { className: "across" }, ...ends));
  }
  parts.push(create("ul", {}, ...lines().map(([sample, text]) => create("li", {}, sample, shorten(text, LONGEST)))));
  element("keys").classList.toggle("plain", isPlain());
  element("legend").replaceChildren(...parts);
}

/**
 * Draw the key onto a picture.
 * @param {CanvasRenderingContext2D} pen
 * @param {number} x of its lower left corner, in pixels of the picture
 * @param {number} y of its lower left corner, in pixels of the picture
 * @param {number} ratio pixels of the picture to one of the screen
 */
export function drawLegend(pen, x, y, ratio) {
  const { title, stops, low = "", high = "" } = currentKey(), swatch = shownLayer.value?.key, parts = lines();
  const height = (swatch ? 84 : 0) + (stops ? 52 : 26) + 22 * parts.length + 10;
  pen.save();
  pen.translate(x, y);
  pen.scale(ratio, ratio);
  pen.translate(0, -height);
  pen.fillStyle = theme.colors.card;
  pen.strokeStyle = theme.colors.line;
  pen.beginPath();
  pen.roundRect(0, 0, WIDTH, height, 10);
  pen.fill();
  pen.stroke();
  pen.textBaseline = "middle";
  let at = 18;
  /**
   * @param {string} text
   * @param {number} left
   * @param {number} weight
   * @param {string} color
   * @param {CanvasTextAlign} align
   */
  const write = (text, left, weight = 400, color = "ink", align = "left") => {
    pen.font = `${weight} 12px ${FONT}`;
    pen.textAlign = align;
    pen.fillStyle = theme.colors[color];
    pen.fillText(shorten(text, LONGEST), left, at);
  };
  /** @type {(image: HTMLCanvasElement, tall: number, from: string, to: string) => void} */
  const drawScale = (image, tall, from, to) => {
    pen.drawImage(image, 16, at + 10, WIDTH - 32, tall);
    at += tall + 20;
    write(from, 16, 400, "faint");
    write(to, WIDTH - 16, 400, "faint", "right");
    at += 20;
  };
  if (swatch) {
    write("Estimated knowledge", 16, 600);
    drawScale(swatch, 34, "little", "much");
    at += 10;
  }
  write(title, 16, 600);
  if (stops) drawScale(strip(stops), 10, low, high);
  else at += 22;
  for (const [sample, text] of parts) {
    pen.drawImage(sample, 14, at - 12, 24, 24);
    write(text, 44);
    at += 22;
  }
  pen.restore();
}

/** Show the key, and anew with every change of what it tells. */
export function startLegend() {
  colorsChanged.listen(showLegend);
  questionStates.listen(showLegend);
  shownLayer.listen(showLegend);
  showLegend();
}

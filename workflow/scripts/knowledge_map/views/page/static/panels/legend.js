// The key to colours and markers: on the screen, and on the picture that one exports.

import { TagColumn } from "../base/carried.js";
import { button, create, createCanvas, element } from "../base/dom.js";
import { store } from "../base/store.js";
import { shorten, written } from "../base/text.js";
import { FONT, theme } from "../base/theme.js";
import { toggleClasses } from "../map/class_filter.js";
import { colorKey, colorsChanged, isPlain } from "../map/coloring.js";
import { chooseTag, chosenTag } from "../map/column_coloring.js";
import { scaleColor } from "../map/palette.js";
import { drawSampleMarker, questionStates } from "../map/markers.js";
import { shownLayer } from "../map/renderer.js";
import { drawBars } from "./histogram.js";

/** @typedef {import("../map/coloring.js").ColorKey} ColorKey */
/** @typedef {import("../map/markers.js").QuestionState} QuestionState */
/** @typedef {import("../map/coloring.js").KeyEntry} KeyEntry */
/** @typedef {{ sample: HTMLCanvasElement, text: string, entry?: KeyEntry }} Line a sample and what it stands for */

const LONGEST = 30; // characters of a line
const LONGEST_COUNTED = 20; // characters of a line with a number at its end
const MOST_TAGS = 200; // tags that one can choose from
const BARS = 34; // height of the bars of a scale, in pixels of the screen
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
 * Return a strip of colours, with bars on it where it is known how many articles have each.
 * @param {ColorKey} key
 */
function strip({ stops = [], bars }) {
  const [canvas, pen] = createCanvas(168, bars ? BARS : 10, { className: bars ? "strip bars" : "strip" });
  if (bars) drawBars(pen, bars.all, bars.kept, (share) => `rgb(${scaleColor(stops, share).join(" ")})`);
  else {
    const gradient = pen.createLinearGradient(0, 0, canvas.width, 0);
    stops.forEach((stop, n) => gradient.addColorStop(n / (stops.length - 1), stop));
    pen.fillStyle = gradient;
    pen.fillRect(0, 0, canvas.width, canvas.height);
  }
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
    ...(currentKey().entries ?? []).map((entry) => ({ sample: colorPatch(entry.color), text: entry.text, entry })),
    ...states.map((state) => ({ sample: patch((pen) => drawSampleMarker(pen, state, 12, 12)), text: NAMES[state] ?? "" })),
  ];
}

/**
 * Return what stands for a line on the screen: a button where it switches classes off and on.
 * @param {Line} line
 * @param {ColorKey["column"]} column
 */
function lineNode({ sample, text, entry }, column) {
  if (entry?.count === undefined) return create("li", {}, sample, shorten(text, LONGEST));
  const parts = [
    sample,
    create("span", { textContent: shorten(text, LONGEST_COUNTED) }),
    create("small", { textContent: written(entry.count) }),
  ];
  const { classes } = entry;
  if (!classes || !column) return create("li", {}, ...parts);
  const toggle = button("", () => toggleClasses(column, classes), { title: text, ariaPressed: String(entry.isOn) });
  toggle.append(...parts);
  return create("li", {}, toggle);
}

/**
 * Return the list from which the tag is chosen that articles are coloured by.
 * @param {TagColumn} column
 */
function tagList(column) {
  const list = create("select", { ariaLabel: `${column.name}: coloured by` }), chosen = chosenTag(column);
  const tags = [...Array(Math.min(column.classCount, MOST_TAGS)).keys()];
  if (chosen >= tags.length) tags.push(chosen); // a link may name one that is not among the commonest
  for (const tag of tags) list.append(create("option", { value: String(tag), textContent: column.className(tag) }));
  list.value = String(chosen);
  list.addEventListener("change", () => chooseTag(column, Number(list.value)));
  return list;
}

/** Show the key on the screen; what had the focus in it has it again. */
function showLegend() {
  const key = currentKey(), { title, stops, low = "", high = "", column } = key, parts = [create("b", { textContent: title })];
  const legend = element("legend"), controls = () => [...legend.querySelectorAll("button, select")];
  const focused = controls().indexOf(/** @type {Element} */ (document.activeElement));
  if (stops) {
    const ends = [low, high].map((textContent) => create("span", { textContent }));
    parts.push(strip(key), create("span", { className: "across" }, ...ends));
  }
  if (column instanceof TagColumn) parts.push(tagList(column));
  parts.push(create("ul", {}, ...lines().map((line) => lineNode(line, column))));
  element("keys").classList.toggle("plain", isPlain());
  legend.replaceChildren(...parts);
  if (focused >= 0) /** @type {HTMLElement | undefined} */ (controls()[focused])?.focus({ preventScroll: true });
}

/**
 * Draw the key onto a picture.
 * @param {CanvasRenderingContext2D} pen
 * @param {number} x of its lower left corner, in pixels of the picture
 * @param {number} y of its lower left corner, in pixels of the picture
 * @param {number} ratio pixels of the picture to one of the screen
 */
export function drawLegend(pen, x, y, ratio) {
  const key = currentKey(), { title, stops, low = "", high = "", bars } = key, swatch = shownLayer.value?.key, parts = lines();
  const tall = bars ? BARS : 10, height = (swatch ? 84 : 0) + (stops ? 42 + tall : 26) + 22 * parts.length + 10;
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
  if (stops) drawScale(strip(key), tall, low, high);
  else at += 22;
  for (const { sample, text, entry } of parts) {
    pen.globalAlpha = entry?.isOn === false ? 0.4 : 1;
    pen.drawImage(sample, 14, at - 12, 24, 24);
    write(shorten(text, entry?.count === undefined ? LONGEST : LONGEST_COUNTED), 44);
    if (entry?.count !== undefined) write(written(entry.count), WIDTH - 16, 400, "faint", "right");
    pen.globalAlpha = 1;
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

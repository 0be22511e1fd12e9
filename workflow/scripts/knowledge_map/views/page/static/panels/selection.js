// Select articles with a box or a lasso; see, copy and download what is inside.

import { fromBase64Url, toBase64Url } from "../base/base64url.js";
import { bitsOf } from "../base/bits.js";
import { button, create, download, element } from "../base/dom.js";
import { polygonContains } from "../base/geometry.js";
import { store } from "../base/store.js";
import { counted, written } from "../base/text.js";
import { theme } from "../base/theme.js";
import { showToast } from "../base/toast.js";
import { camera } from "../map/camera.js";
import { selectArticles } from "../map/coloring.js";
import { filter } from "../map/filter.js";
import { setShiftTool, takeTool } from "../map/gestures.js";
import { labelOpened } from "../map/item_events.js";
import { mapDrawn, redraw } from "../map/renderer.js";
import { hasAllIn } from "../map/shown_articles.js";
import { articleIndex } from "../map/spatial_index.js";
import { itemList } from "./item_list.js";
import { tableLines } from "./item_table.js";
import { closePanel, showPanel } from "./panel.js";

/** @typedef {"box" | "lasso"} Shape */
/** @typedef {import("../map/filter.js").Condition} Condition */
/** @typedef {import("../base/geometry.js").Position} Position */

const LISTED = 100; // items of a selection
const MOST_FETCHED = 500; // items of a page of tiles whose addresses are fetched, to copy or download them
const STEP = 6; // pixels between two corners of a lasso
const MOST_CORNERS = 5000; // of an area in an address
const LABEL = "label"; // what the record of a label begins with

/** The key of the condition about an area or a label. */
export const AREA = "area";

/** @type {Shape[]} */
const SHAPES = ["box", "lasso"];

/** @type {Shape | null} */
let shape = null; // that is drawn, or about to be
/** @type {Position[]} */
let path = []; // where the pointer went, in pixels
/** @type {number[]} */
let rows = [];

/**
 * Take up the tool that draws a shape, or put it down with null.
 * @param {Shape | null} newShape
 */
export function takeSelectionTool(newShape) {
  shape = newShape;
  path = [];
  for (const each of SHAPES) element(`select-${each}`).setAttribute("aria-pressed", String(each === shape));
  takeTool(shape && toolFor(shape));
  if (shape) showToast(shape === "box" ? "Draw a box over the map" : "Draw a line around what you want");
  redraw();
}

/**
 * Return whether a selection tool is in hand.
 * @returns {boolean}
 */
export function hasSelectionTool() {
  return shape !== null;
}

/**
 * @param {Shape} toDraw
 * @returns {import("../map/gestures.js").Tool}
 */
function toolFor(toDraw) {
  return {
    begin: (x, y) => {
      shape = toDraw;
      path = [[x, y]];
    },
    extend,
    end,
  };
}

// ---- Drawing the shape ----

/**
 * @param {number} x
 * @param {number} y
 */
function extend(x, y) {
  const [lastX, lastY] = path[path.length - 1];
  if (shape === "box") path[1] = [x, y];
  else if (Math.hypot(x - lastX, y - lastY) > STEP) path.push([x, y]);
  redraw();
}

function end() {
  const corners = cornersOnScreen().map(toCorner), isDrawn = path.length > 1;
  takeSelectionTool(null);
  if (isDrawn) selectInside(corners);
}

/**
 * Return a place of the map as precisely as an address holds it.
 * @param {Position} place in pixels
 * @returns {Position}
 */
function toCorner([x, y]) {
  return /** @type {Position} */ (camera.toMap(x, y).map(Math.fround));
}

/** @returns {Position[]} */
function cornersOnScreen() {
  if (shape !== "box" || path.length < 2) return path;
  const [[left, top], [right, bottom]] = path;
  return [[left, top], [right, top], [right, bottom], [left, bottom]];
}

/** @param {CanvasRenderingContext2D} pen */
function drawShape(pen) {
  if (path.length < 2) return;
  pen.beginPath();
  cornersOnScreen().forEach(([x, y]) => pen.lineTo(x, y));
  pen.closePath();
  pen.globalAlpha = 0.12;
  pen.fillStyle = theme.colors.accent;
  pen.fill();
  pen.globalAlpha = 1;
  pen.strokeStyle = theme.colors.accent;
  pen.lineWidth = 1.5;
  pen.stroke();
}

// ---- What is inside ----

/**
 * Return the articles inside a polygon of the map.
 * @param {Position[]} corners
 */
function articlesInside(corners) {
  const found = [];
  for (const run of articleIndex.runsIn(boxOf(corners))) {
    for (const row of run) if (polygonContains(corners, ...store.position(row))) found.push(row);
  }
  return found;
}

/**
 * Return the items inside a polygon of the map that are not filtered out, questions first.
 * @param {Position[]} corners
 */
function itemsInside(corners) {
  const questions = store.questions.map(({ row }) => row).filter((row) => polygonContains(corners, ...store.position(row)));
  return [...questions, ...articlesInside(corners).filter((row) => filter.keeps(row))];
}

function selectVisible() {
  const { width, height } = camera;
  /** @type {Position[]} */
  const screen = [[0, 0], [width, 0], [width, height], [0, height]];
  selectInside(screen.map(toCorner));
}

/**
 * Select the items inside a polygon of the map.
 * @param {Position[]} corners
 */
function selectInside(corners) {
  select(itemsInside(corners), () => areaCondition(corners), { isWhole: hasAllIn(boxOf(corners)) });
}

/**
 * @param {Position[]} corners
 * @returns {import("../base/geometry.js").Box}
 */
function boxOf(corners) {
  const xs = corners.map(([x]) => x), ys = corners.map(([, y]) => y);
  return [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
}

/**
 * Select the articles to which a label applies, and say how many of its area they are.
 * @param {import("../base/store.js").Label} label
 */
function selectNamed(label) {
  const { text, rows: named, applies, of, examples } = label,
    heading = `${text}: ${written(applies)} of ${counted(of, "article")}`;
  if (named) return select([...named], () => labelCondition(label, named), { heading });
  const note = create("p", { className: "faint", textContent: "Some of them; this page does not know which the others are." });
  showPanel(create("div", { className: "selection" }, itemList(examples), note), heading);
}

/**
 * Select these items and list them in the panel.
 * @param {number[]} inside questions first
 * @param {() => Condition} conditionOf returns the condition that keeps their kind
 * @param {{ heading?: string, isWhole?: boolean }} about them: the heading of the panel, in place of how many there are, and whether all
 *   of their kind are among them
 */
function select(inside, conditionOf, { heading, isWhole = true }) {
  rows = inside;
  const articles = rows.filter((row) => !store.isQuestion(row)), questions = rows.length - articles.length;
  selectArticles(articles);
  if (!rows.length) return showToast("Nothing is inside.");
  const parts = [questions && counted(questions, "question"), articles.length && counted(articles.length, "article")];
  const canCopy = !store.tiles || rows.length <= MOST_FETCHED;
  const buttons = canCopy ? [button("Copy", withDetails(copyTable)), button("Download CSV", withDetails(downloadTable))] : [];
  buttons.push(button("Clear", clear));
  if (articles.length) buttons.unshift(button("Keep only these", () => keepOnly(conditionOf())));
  const node = create("div", { className: "selection" }, create("div", { className: "steps" }, ...buttons));
  const notes = [
    isWhole ? "" : "Only articles that are loaded: zoom in to load all of them.",
    canCopy ? "" : `Up to ${written(MOST_FETCHED)} can be copied and downloaded.`,
  ].filter(Boolean);
  if (notes.length) node.append(create("p", { className: "faint", textContent: notes.join(" ") }));
  node.append(itemList(rows.slice(0, LISTED)));
  const rest = rows.length - LISTED;
  if (rest > 0) node.append(create("p", { className: "faint", textContent: `and ${written(rest)} more` }));
  showPanel(node, heading ?? `${parts.filter(Boolean).join(" and ")} selected`);
}

/**
 * Return what does something once the addresses of the selected items are there.
 * @param {() => void} action
 */
function withDetails(action) {
  return () => store.whenDetailed(rows, action);
}

/** @param {Condition} condition */
function keepOnly(condition) {
  filter.set(AREA, condition);
  clear();
}

/**
 * Return the condition that articles lie inside a polygon of the map.
 * @param {Position[]} corners as precise as float32
 * @returns {Condition}
 */
export function areaCondition(corners) {
  const bits = bitsOf(articlesInside(corners), store.articleCount);
  const holds = (/** @type {number} */ row) => polygonContains(corners, ...store.position(row));
  return {
    text: "Inside the area",
    bits,
    holds,
    record: [AREA, toBase64Url(new Uint8Array(Float32Array.from(corners.flat()).buffer))],
  };
}

/**
 * Return the condition that a label applies to articles.
 * @param {import("../base/store.js").Label} label
 * @param {Uint32Array} named these articles
 * @returns {Condition}
 */
export function labelCondition(label, named) {
  const level = labelLevels().findIndex(({ labels }) => labels.includes(label));
  return { text: `Label: ${label.text}`, bits: bitsOf(named, store.articleCount), record: [LABEL, level, label.text] };
}

function labelLevels() {
  return [...store.levels, ...store.regionLevels];
}

/**
 * Return the condition that an area or a label of an address stands for; null where there is none such.
 * @param {unknown[]} record comes from outside
 * @returns {Condition | null}
 */
export function selectionOf([about, ...said]) {
  if (about === LABEL) {
    const [level, text] = said, label = labelLevels()[Number(level)]?.labels.find((each) => each.text === text);
    return label?.rows ? labelCondition(label, label.rows) : null;
  }
  const bytes = about === AREA && typeof said[0] === "string" ? fromBase64Url(said[0]) : null;
  if (!bytes || bytes.length % 8 || bytes.length > 8 * MOST_CORNERS) return null;
  const numbers = new Float32Array(bytes.buffer);
  if (numbers.length < 6 || !numbers.every(Number.isFinite)) return null;
  return areaCondition(Array.from({ length: numbers.length / 2 }, (_, at) => [numbers[2 * at], numbers[2 * at + 1]]));
}

function clear() {
  rows = [];
  selectArticles(rows);
  closePanel();
}

// ---- Taking it away ----

function downloadTable() {
  download("selection.csv", new Blob(["\ufeff", ...tableLines(rows, ",")], { type: "text/csv;charset=utf-8" }));
}

async function copyTable() {
  try {
    await navigator.clipboard.writeText([...tableLines(rows, "\t")].join(""));
    showToast(`${counted(rows.length, "row")} copied: paste them into a spreadsheet.`);
  } catch {
    showToast("The browser does not let this page copy; download the CSV instead.");
  }
}

/** Listen to the buttons of the tools, and draw a box while the Shift key is held. */
export function startSelection() {
  for (const each of SHAPES) {
    element(`select-${each}`).addEventListener("click", () => takeSelectionTool(shape === each ? null : each));
  }
  element("select-visible").addEventListener("click", selectVisible);
  setShiftTool(toolFor("box"));
  labelOpened.listen(selectNamed);
  mapDrawn.listen(drawShape);
}

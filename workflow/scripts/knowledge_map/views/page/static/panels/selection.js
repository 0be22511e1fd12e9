// Select articles with a box or a lasso; see, copy and download what is inside.

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
import { articleIndex } from "../map/spatial_index.js";
import { itemList } from "./item_list.js";
import { tableLines } from "./item_table.js";
import { closePanel, showPanel } from "./panel.js";

/** @typedef {"box" | "lasso"} Shape */
/** @typedef {import("../base/geometry.js").Position} Position */

const LISTED = 100; // items of a selection
const STEP = 3; // pixels between two corners of a lasso
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
  const corners = cornersOnScreen().map(([x, y]) => camera.toMap(x, y)), isDrawn = path.length > 1;
  takeSelectionTool(null);
  if (isDrawn) select(itemsInside(corners));
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
 * Return the items inside a polygon of the map that are not filtered out, questions first.
 * @param {Position[]} corners
 */
function itemsInside(corners) {
  const xs = corners.map(([x]) => x), ys = corners.map(([, y]) => y);
  /** @param {number} row */
  const isInside = (row) => polygonContains(corners, ...store.position(row));
  const found = store.questions.map(({ row }) => row).filter(isInside);
  for (const run of articleIndex.runsIn([Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)])) {
    for (const row of run) if (filter.keeps(row) && isInside(row)) found.push(row);
  }
  return found;
}

function selectVisible() {
  const [left, right, bottom, top] = camera.visibleBox();
  select(itemsInside([[left, top], [right, top], [right, bottom], [left, bottom]]));
}

/**
 * Select the articles to which a label applies, and say how many of its area they are.
 * @param {import("../base/store.js").Label} label
 */
function selectNamed({ text, rows: named, of }) {
  select([...named], `${text}: ${written(named.length)} of ${counted(of, "article")}`);
}

/**
 * Select these items and list them in the panel.
 * @param {number[]} inside questions first
 * @param {string} [heading] of the panel, in place of how many there are
 */
function select(inside, heading) {
  rows = inside;
  const articles = rows.filter((row) => !store.isQuestion(row)), questions = rows.length - articles.length;
  selectArticles(articles);
  if (!rows.length) return showToast("Nothing is inside.");
  const parts = [questions && counted(questions, "question"), articles.length && counted(articles.length, "article")];
  const buttons = [button("Copy", copyTable), button("Download CSV", downloadTable), button("Clear", clear)];
  if (articles.length) buttons.unshift(button("Keep only these", () => keepOnly(articles)));
  const node = create("div", { className: "selection" }, create("div", { className: "steps" }, ...buttons));
  node.append(itemList(rows.slice(0, LISTED)));
  const rest = rows.length - LISTED;
  if (rest > 0) node.append(create("p", { className: "faint", textContent: `and ${written(rest)} more` }));
  showPanel(node, heading ?? `${parts.filter(Boolean).join(" and ")} selected`);
}

/**
 * Filter: all other articles are left out.
 * @param {number[]} articles
 */
function keepOnly(articles) {
  filter.set("area", { text: `Selected: ${counted(articles.length, "article")}`, bits: bitsOf(articles, store.articleCount) });
  clear();
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

// The panel in which one filters by columns: runs of bins are brushed, classes are ticked.

import { NumberColumn } from "../base/carried.js";
import { button, create, element } from "../base/dom.js";
import { store } from "../base/store.js";
import { counted, shareText, shorten, written } from "../base/text.js";
import { allowClasses, allowedClasses, allowOnly, conditionKey, toggleClasses } from "../map/class_filter.js";
import { filter } from "../map/filter.js";
import { rangeBrush } from "./brush.js";
import { showPanel } from "./panel.js";

/** @typedef {import("../base/carried.js").ClassedColumn} ClassedColumn */
/** @typedef {{ node: HTMLElement, update: () => void }} Part of the panel; `update` shows what the filter keeps now */

const LISTED = 40; // classes that have a tick of their own
const LONGEST = 60; // characters of a class

/** @type {HTMLElement | null} */
let panel = null;
/** @type {Part[]} */
let parts = [];

/**
 * Return a tick with a text and how many articles it stands for.
 * @param {string} text
 * @param {() => void} toggle
 */
function tick(text, toggle) {
  const box = create("input", { type: "checkbox" }), count = create("small");
  box.addEventListener("change", toggle);
  return {
    node: create("label", { title: text }, box, create("span", { textContent: shorten(text, LONGEST) }), count),
    box,
    count,
  };
}

/**
 * Return the ticks of a column's classes: the commonest, the others together, and no value.
 * @param {ClassedColumn} column
 * @returns {Part}
 */
function classTicks(column) {
  const none = column.classCount, listed = Math.min(none, LISTED), rest = none - listed;
  /** @type {{ text: string, classes: number[] }[]} */
  const groups = Array.from({ length: listed }, (_, each) => ({ text: column.className(each), classes: [each] }));
  if (rest) groups.push({ text: counted(rest, "other"), classes: Array.from({ length: rest }, (_, n) => listed + n) });
  if (column.missing) groups.push({ text: column.kind === "tags" ? "no tags" : "no value", classes: [none] });
  const ticks = groups.map(({ text, classes }) => tick(text, () => toggleClasses(column, classes)));
  const rows = groups.map(({ text, classes }, n) => {
    const only = button("only", () => allowOnly(column, classes), { className: "only", ariaLabel: `Only ${text}` });
    return create("li", {}, ticks[n].node, only);
  });
  const update = () => {
    const allowed = allowedClasses(column), counts = column.countClasses(filter.bitsWithout(conditionKey(column)));
    groups.forEach(({ classes }, n) => {
      const on = classes.filter((each) => allowed[each]).length;
      ticks[n].box.checked = on === classes.length;
      ticks[n].box.indeterminate = on > 0 && on < classes.length;
      ticks[n].count.textContent = written(classes.reduce((sum, each) => sum + counts[each], 0));
    });
  };
  return { node: create("ul", { className: "ticks" }, ...rows), update };
}

/**
 * Return the brush of a column of numbers or dates, and the tick of no value.
 * @param {import("../base/carried.js").NumberColumn} column
 * @returns {Part}
 */
function numberPart(column) {
  const brush = rangeBrush(column), none = column.classCount, node = create("div", {}, brush.node);
  if (!column.missing) return { node, update: brush.update };
  const missing = tick("no value", () => {
    const allowed = allowedClasses(column).slice();
    allowed[none] = Number(!allowed[none]);
    allowClasses(column, allowed);
  });
  node.append(create("div", { className: "ticks" }, missing.node));
  const update = () => {
    brush.update();
    missing.box.checked = allowedClasses(column)[none] === 1;
    missing.count.textContent = written(column.missing);
  };
  return { node, update };
}

/**
 * @param {ClassedColumn} column
 * @returns {Part}
 */
function columnPart(column) {
  const part = column instanceof NumberColumn ? numberPart(column) : classTicks(column);
  return {
    ...part,
    node: create("section", { role: "group", ariaLabel: column.name }, create("h3", { textContent: column.name }), part.node),
  };
}

/** Return the line that says how many articles are kept. */
function countPart() {
  const node = create("p", { className: "faint" });
  const update = () => {
    node.textContent = filter.bits
      ? `${written(filter.count)} of ${counted(filter.total, "article")}, ${
        shareText(filter.count, filter.total)
      }, are kept; the others are faint.`
      : "All articles are kept. Words are filtered from the search, areas with box and lasso.";
  };
  return { node, update };
}

function update() {
  if (panel?.isConnected) { for (const part of parts) part.update(); }
}

/** Show the panel. */
export function showFilters() {
  if (!panel) {
    parts = [countPart(), ...store.classed.map(columnPart)];
    panel = create("div", { className: "filters" }, ...parts.map(({ node }) => node));
  }
  showPanel(panel, "Filter");
  update();
}

/** Listen to the button that shows the panel, and follow the filter. */
export function startFilterPanel() {
  element("filter").addEventListener("click", showFilters);
  filter.changed.listen(update);
}

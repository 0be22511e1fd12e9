// The panel in which one filters by columns: runs of bins are brushed, classes are ticked.

import { NumberColumn } from "../base/carried.js";
import { button, create, element } from "../base/dom.js";
import { store } from "../base/store.js";
import { counted, fold, shareText, shorten, written } from "../base/text.js";
import { allowClasses, allowedClasses, allowOnly, columnKey, toggleClasses } from "../map/class_filter.js";
import { filter } from "../map/filter.js";
import { rangeBrush } from "./brush.js";
import { showPanel } from "./panel.js";

/** @typedef {import("../base/carried.js").ClassedColumn} ClassedColumn */
/** @typedef {{ node: HTMLElement, update: () => void }} Part of the panel; `update` shows what the filter keeps now */

const LISTED = 40; // classes that have a tick of their own
const LONGEST = 60; // characters of a class

const ELSEWHERE = "Words are filtered from the search, areas with box and lasso.";

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
 * Write how many articles a tick stands for, where that is not what stands there.
 * @param {HTMLElement} node
 * @param {number} count
 */
function setCount(node, count) {
  const text = written(count);
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Return which classes get a tick: the commonest with some words in them; without any words also the others together, and no value.
 * @param {ClassedColumn} column
 * @param {string} words folded
 * @returns {{ text: string, classes: number[] }[]}
 */
function tickedGroups(column, words) {
  const none = column.classCount, groups = [];
  let each = 0;
  for (; each < none && groups.length < LISTED; each++) {
    const text = column.className(each);
    if (!words || fold(text).includes(words)) groups.push({ text, classes: [each] });
  }
  if (words) return groups;
  const rest = none - each;
  if (rest) groups.push({ text: counted(rest, "other"), classes: Array.from({ length: rest }, (_, n) => each + n) });
  if (column.missing) groups.push({ text: column.kind === "tags" ? "no tags" : "no value", classes: [none] });
  return groups;
}

/**
 * Return the ticks of a column's classes, and where these are many, a field in which to find one.
 * @param {ClassedColumn} column
 * @returns {Part}
 */
function classTicks(column) {
  const list = create("ul", { className: "ticks" }), node = create("div", {}, list);
  /** @type {{ classes: number[], box: HTMLInputElement, count: HTMLElement }[]} */
  let ticks = [];
  /** @param {string} words */
  const build = (words) => {
    ticks = [];
    list.replaceChildren(
      ...tickedGroups(column, words).map(({ text, classes }) => {
        const { node, ...parts } = tick(text, () => toggleClasses(column, classes));
        ticks.push({ classes, ...parts });
        return create(
          "li",
          {},
          node,
          button("only", () => allowOnly(column, classes), { className: "only", ariaLabel: `Only ${text}` }),
        );
      }),
    );
  };
  const update = () => {
    const allowed = allowedClasses(column), counts = column.countClasses(filter.bitsWithout(columnKey(column)));
    for (const { classes, box, count } of ticks) {
      const on = classes.filter((each) => allowed[each]).length;
      box.checked = on === classes.length;
      box.indeterminate = on > 0 && on < classes.length;
      setCount(count, classes.reduce((sum, each) => sum + counts[each], 0));
    }
  };
  build("");
  if (column.classCount > LISTED) {
    const field = create("input", {
      type: "search",
      className: "find-class",
      placeholder: "Find one",
      ariaLabel: `Find in ${column.name}`,
    });
    field.addEventListener("input", () => {
      build(fold(field.value.trim()));
      update();
    });
    node.prepend(field);
  }
  return { node, update };
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
    setCount(missing.count, column.countClasses(filter.bitsWithout(columnKey(column)))[none]);
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

/** Return in words what a page of tiles counts. */
function loadedInWords() {
  return `Counts and filters are of the articles loaded, ${written(filter.total)} of ${
    written(store.articleCount)
  }; zoom in to load more.`;
}

/** Return the line that says how many articles are kept. */
function countPart() {
  const node = create("p", { className: "faint" });
  const update = () => {
    const kept = `${written(filter.count)} of ${counted(filter.total, "article")}, ${shareText(filter.count, filter.total)}`;
    const told = filter.isOn ? `${kept}, are kept; the others are faint.` : `All articles are kept. ${ELSEWHERE}`;
    node.textContent = store.tiles ? `${told} ${loadedInWords()}` : told;
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

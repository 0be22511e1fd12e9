// What is said beside the pointer of the item or the label under it.

import { element } from "../base/dom.js";
import { clamp } from "../base/numbers.js";
import { store } from "../base/store.js";
import { counted, shorten, written } from "../base/text.js";
import { camera } from "../map/camera.js";
import { chosenColumn } from "../map/coloring.js";
import { filter } from "../map/filter.js";
import { itemHovered, labelHovered } from "../map/item_events.js";
import { ringItem } from "../map/ring.js";
import { titleNodes } from "./item_title.js";

/** @typedef {import("../base/store.js").Label} Label */

const LONGEST = 200; // characters of a title
const LONGEST_EXAMPLE = 40; // characters of a title among examples
const LONGEST_VALUE = 80; // characters of the value that the colour tells
const AWAY = 16; // pixels from the pointer

const ORIGINS = { words: "from their words", titles: "the title of one of them", tags: "from their tags" };

/**
 * Say what an item is; -1 says nothing.
 * @param {number} row
 * @param {number} x of the pointer, in pixels
 * @param {number} y of the pointer, in pixels
 */
function hintItem(row, x, y) {
  element("hint").hidden = row < 0;
  ringItem(row);
  if (row < 0) return;
  const title = titleNodes(row, LONGEST);
  if (store.isQuestion(row)) say([`Question ${row - store.articleCount + 1}`], title, "", x, y);
  else say(title, [store.excerpt(row)], coloredValue(row), x, y);
}

/**
 * Return the value by which an article has its colour, such as "Year: 1994"; "" where it is no column's.
 * @param {number} row
 */
function coloredValue(row) {
  const column = chosenColumn();
  return column ? `${column.name}: ${shorten(column.textOf(row), LONGEST_VALUE) || "no value"}` : "";
}

/**
 * Say of a label to how many articles it applies, where it comes from, and of which articles it is true.
 * @param {Label | null} label
 * @param {number} x of the pointer, in pixels
 * @param {number} y of the pointer, in pixels
 */
function hintLabel(label, x, y) {
  if (!label) return;
  element("hint").hidden = false;
  const examples = label.examples.map((row) => shorten(store.title(row), LONGEST_EXAMPLE));
  const such = examples.length ? `: ${examples.join(" · ")}` : "";
  const kept = filter.isOn && label.rows ? `, ${written(filter.countKept(label.rows))} of them kept` : "";
  const share = `${written(label.applies)} of ${counted(label.of, "article")} here${kept}`;
  say([label.text], [`${share}, ${ORIGINS[label.from]}${such}`], "", x, y);
}

/**
 * @param {(string | Element)[]} strong
 * @param {(string | Element)[]} plain
 * @param {string} value
 * @param {number} x of the pointer, in pixels
 * @param {number} y of the pointer, in pixels
 */
function say(strong, plain, value, x, y) {
  const box = element("hint");
  [strong, plain, [value]].forEach((nodes, at) => box.children[at].replaceChildren(...nodes));
  const width = box.offsetWidth, left = x + AWAY + width > camera.width ? x - AWAY - width : x + AWAY;
  const top = clamp(y + 14, 4, camera.height - box.offsetHeight - 8);
  box.style.transform = `translate(${Math.max(4, left)}px, ${top}px)`;
}

/** Say of every item and every label that is pointed at what it is. */
export function startHints() {
  itemHovered.listen(hintItem);
  labelHovered.listen(hintLabel);
}

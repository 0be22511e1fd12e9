// Lists of items that one can go to.

import { button, create } from "../base/dom.js";
import { store } from "../base/store.js";
import { camera } from "../map/camera.js";
import { itemOpened } from "../map/item_events.js";
import { flyTo } from "../map/navigation.js";
import { ringItem } from "../map/ring.js";
import { titleNodes } from "./item_title.js";

const CLOSE = 2.5; // zoom level at which an item is shown, at least
const LONGEST = 200; // characters of a title

/**
 * Open an item and fly to it.
 * @param {number} row
 */
export function goToItem(row) {
  ringItem(-1);
  store.whenThere([row], () => {
    itemOpened(row);
    flyTo(...store.position(row), Math.max(camera.scale, camera.scaleOf(CLOSE)));
  });
}

/**
 * Return a list of items, each a button that goes there.
 * @param {number[]} rows
 * @param {(rank: number) => string} noteOf returns what stands beside an item, by its rank in the list
 * @returns {HTMLUListElement}
 */
export function itemList(rows, noteOf = () => "") {
  return create("ul", { className: "items" }, ...rows.map((row, rank) => create("li", {}, itemButton(row, noteOf(rank)))));
}

/**
 * @param {number} row
 * @param {string} note
 */
function itemButton(row, note) {
  const go = button("", () => goToItem(row)), text = create("span");
  const tell = () => text.replaceChildren(...titleNodes(row, LONGEST));
  tell();
  if (!store.hasTitle(row)) store.whenThere([row], tell, (reason) => text.textContent = `It did not come: ${reason}.`);
  go.append(text);
  if (store.isQuestion(row)) go.append(create("small", { textContent: "question" }));
  if (note) go.append(create("small", { textContent: note }));
  for (const event of ["pointerenter", "focus"]) go.addEventListener(event, () => ringItem(store.isThere(row) ? row : -1));
  for (const event of ["pointerleave", "blur"]) go.addEventListener(event, () => ringItem(-1));
  return go;
}

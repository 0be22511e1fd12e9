// What is said beside the pointer of the item under it.

import { element } from "../base/dom.js";
import { clamp } from "../base/numbers.js";
import { store } from "../base/store.js";
import { shorten } from "../base/text.js";
import { camera } from "../map/camera.js";
import { itemHovered } from "../map/item_events.js";
import { ringItem } from "../map/ring.js";

const LONGEST = 200; // characters of a title
const AWAY = 16; // pixels from the pointer

/**
 * Say what an item is; -1 says nothing.
 * @param {number} row
 * @param {number} x of the pointer, in pixels
 * @param {number} y of the pointer, in pixels
 */
function hint(row, x, y) {
  const box = element("hint");
  box.hidden = row < 0;
  ringItem(row);
  if (row < 0) return;
  const title = shorten(store.title(row), LONGEST);
  const [strong, plain] = store.isQuestion(row)
    ? [`Question ${row - store.articleCount + 1}`, title]
    : [title, store.excerpt(row)];
  [box.children[0].textContent, box.children[1].textContent] = [strong, plain];
  const width = box.offsetWidth, left = x + AWAY + width > camera.width ? x - AWAY - width : x + AWAY;
  const top = clamp(y + 14, 4, camera.height - box.offsetHeight - 8);
  box.style.transform = `translate(${Math.max(4, left)}px, ${top}px)`;
}

/** Say of every item that is pointed at what it is. */
export function startHints() {
  itemHovered.listen(hint);
}

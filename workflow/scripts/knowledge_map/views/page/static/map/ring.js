// The ring around the item that is pointed at.

import { element } from "../base/dom.js";
import { store } from "../base/store.js";
import { camera } from "./camera.js";
import { markerOf } from "./markers.js";

/**
 * Ring an item on the map for as long as it is pointed at; -1 takes the ring away.
 * @param {number} row
 */
export function ringItem(row) {
  const ring = element("ring");
  ring.hidden = row < 0;
  if (row < 0) return;
  const marker = store.isQuestion(row) ? markerOf(row - store.articleCount) : undefined;
  const [x, y] = marker ? [marker.x, marker.y] : camera.toScreen(...store.position(row));
  ring.style.transform = `translate(${x}px, ${y}px)`;
}

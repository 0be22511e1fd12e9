// The view in the address: behind the # stand what is in view, what colours tell, what is filtered, and the item in the panel. The
// browser's history keeps views and cards, so that one can go back to them.

import { store } from "../base/store.js";
import { camera } from "../map/camera.js";
import { chooseColoring, chosenColoring, coloringChosen, isPlain } from "../map/coloring.js";
import { chooseTagNamed, tagNameOf } from "../map/column_coloring.js";
import { itemOpened } from "../map/item_events.js";
import { isFlying } from "../map/navigation.js";
import { mapSettled } from "../map/renderer.js";
import { readFilter, writeFilter } from "./filter_address.js";
import { closePanel, panelChanged } from "./panel.js";

const FAR = 0.4; // of the shorter side of the screen: a view that moved farther is another one
const ZOOMED = 1.5; // a view that was zoomed by this factor is another one

/** The part of an address that holds a shared result, which belongs to the quiz and stays as it is. */
export const RESULT = "result";

let shownItem = -1; // the row of the item in the panel

/**
 * Return the numbers of an address: x, y, zoom and item; NaN for what it does not hold.
 * @param {URLSearchParams} parts
 */
function numbersOf(parts) {
  return ["x", "y", "zoom", "item"].map((name) => Number(parts.get(name) || NaN));
}

/** Return what the address holds now. */
function readParts() {
  return new URLSearchParams(location.hash.slice(1));
}

/** Write view, colouring, filter and item into the address: as a new entry of the history where one would want to come back to the last one. */
export function writeAddress() {
  const before = readParts(), parts = new URLSearchParams();
  parts.set("x", camera.x.toFixed(5));
  parts.set("y", camera.y.toFixed(5));
  parts.set("zoom", camera.zoomLevel.toPrecision(4));
  if (!isPlain()) parts.set("color", chosenColoring());
  const tag = tagNameOf(chosenColoring());
  if (tag) parts.set("tag", tag);
  writeFilter(parts);
  if (shownItem >= 0) parts.set("item", String(shownItem));
  const result = before.get(RESULT);
  if (result !== null) parts.set(RESULT, result);
  if (String(before) === String(parts)) return;
  if (isElsewhere(before)) history.pushState(null, "", `#${parts}`);
  else history.replaceState(null, "", `#${parts}`);
}

/**
 * Return whether the item or the view differs from what an address holds, the view by much; not where it holds no view.
 * @param {URLSearchParams} parts
 */
function isElsewhere(parts) {
  const [x, y, zoom, item] = numbersOf(parts);
  if (![x, y, zoom].every(Number.isFinite)) return false;
  if ((Number.isNaN(item) ? -1 : item) !== shownItem) return true;
  const moved = Math.hypot(camera.x - x, camera.y - y) * Math.min(camera.zoomLevel, zoom);
  return moved > FAR || Math.abs(Math.log(camera.zoomLevel / zoom)) > Math.log(ZOOMED);
}

/** Write the address once all that happens now has happened; a flight ends with another change. */
function writeSoon() {
  queueMicrotask(() => {
    if (!isFlying()) writeAddress();
  });
}

/** Take what the address holds, as far as it makes sense. */
function readAddress() {
  const parts = readParts(), [x, y, zoom, row] = numbersOf(parts);
  if ([x, y, zoom].every(Number.isFinite) && zoom > 0) camera.jumpTo(x, y, camera.scaleOf(zoom));
  chooseColoring(parts.get("color") ?? "plain");
  chooseTagNamed(chosenColoring(), parts.get("tag") ?? "");
  readFilter(parts);
  const isItem = Number.isInteger(row) && row >= 0 && row < store.count;
  if (isItem && row !== shownItem) itemOpened(row);
  else if (!isItem && shownItem >= 0) closePanel();
}

/** Follow the address, and keep it up to date. */
export function startAddress() {
  mapSettled.listen(writeAddress);
  coloringChosen.listen(writeSoon);
  panelChanged.listen((row) => {
    shownItem = row;
    writeSoon();
  });
  addEventListener("hashchange", readAddress);
  if (location.hash) readAddress();
}

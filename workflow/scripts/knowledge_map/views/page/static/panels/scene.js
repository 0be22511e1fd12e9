// What is in view, in words, for those who hear the map.

import { element } from "../base/dom.js";
import { store } from "../base/store.js";
import { counted, shorten } from "../base/text.js";
import { camera } from "../map/camera.js";
import { countArticles } from "../map/density.js";
import { filter } from "../map/filter.js";
import { pointedAt } from "../map/gestures.js";
import { writtenLabels } from "../map/labels.js";
import { mapSettled } from "../map/renderer.js";
import { articleIndex, countOf } from "../map/spatial_index.js";

const TOLD = 6; // labels
const LONGEST = 100; // characters of a title

function describe() {
  const runs = articleIndex.runsIn(camera.visibleBox()), labels = writtenLabels().slice(0, TOLD);
  const among = labels.length ? `, among them ${labels.join(", ")}` : "";
  const there = filter.isOn ? runs.reduce((sum, run) => sum + filter.countKept(run), 0) : countOf(runs);
  // In a page of tiles there are more in view than are there, unless one has zoomed in.
  const count = store.density && !filter.isOn ? Math.max(there, countArticles(camera.visibleBox(), 1)[0]) : there;
  element("scene").textContent = `In view: about ${counted(count, "article")}${among}.${inTheMiddle()}`;
}

/** Return what the Enter key would open. */
function inTheMiddle() {
  const { row, label } = pointedAt(camera.width / 2, camera.height / 2);
  if (label) return ` In the middle: ${label.text}.`;
  return row < 0 ? "" : ` In the middle: ${shorten(store.title(row), LONGEST)}.`;
}

/** Tell what of the articles that are kept is in view, now and whenever the map has come to rest. */
export function startScene() {
  mapSettled.listen(describe);
  describe();
}

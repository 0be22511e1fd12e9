// What is in view, in words, for those who hear the map.

import { element } from "../base/dom.js";
import { counted } from "../base/text.js";
import { camera } from "../map/camera.js";
import { writtenLabels } from "../map/labels.js";
import { mapSettled } from "../map/renderer.js";
import { articleIndex, countOf } from "../map/spatial_index.js";

const TOLD = 6; // labels

function describe() {
  const count = countOf(articleIndex.runsIn(camera.visibleBox())), labels = writtenLabels().slice(0, TOLD);
  const among = labels.length ? `, among them ${labels.join(", ")}` : "";
  element("scene").textContent = `In view: about ${counted(count, "article")}${among}.`;
}

/** Tell what is in view, now and whenever the map has come to rest. */
export function startScene() {
  mapSettled.listen(describe);
  describe();
}

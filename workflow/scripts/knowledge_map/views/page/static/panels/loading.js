// In a page of tiles: that parts of the map are still to come, or why they did not come, and fetching these again.

import { traffic } from "../base/fetching.js";
import { optionalElement } from "../base/dom.js";
import { counted } from "../base/text.js";
import { tryAgain } from "../map/shown_articles.js";

const SLOW = 1500; // milliseconds without an end of loading after which it is told

let isSlow = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** Tell how loading goes, and fetch again when somebody asks for it or the network is back. */
export function startLoading() {
  const box = optionalElement("loading"); // only a page of tiles has it
  if (!box) return;
  const told = /** @type {HTMLElement} */ (box.querySelector("span"));
  const again = /** @type {HTMLElement} */ (box.querySelector("button"));
  const tell = () => {
    const { waiting, failed } = traffic.value;
    if (!waiting) {
      clearTimeout(timer);
      [timer, isSlow] = [undefined, false];
    } else {
      timer ??= setTimeout(() => {
        isSlow = true;
        tell();
      }, SLOW);
    }
    box.hidden = !failed.length && !isSlow;
    again.hidden = !failed.length;
    const text = failed.length
      ? `Parts of the map did not come: ${failed.join("; ")}.`
      : `${counted(waiting, "part")} of the map still to come.`;
    if (!box.hidden && told.textContent !== text) told.textContent = text;
  };
  traffic.listen(tell);
  again.addEventListener("click", tryAgain);
  addEventListener("online", tryAgain);
}

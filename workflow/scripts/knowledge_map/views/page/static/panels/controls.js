// Keys and buttons that work anywhere on the page, and the menus of the heading.

import { element, optionalElement, takesLetters, targetOf } from "../base/dom.js";
import { emptyClicked } from "../map/gestures.js";
import { registerOverlay, showQuestions, showWhole, zoomBy } from "../map/navigation.js";
import { filter } from "../map/filter.js";
import { showFilters } from "./filter_panel.js";
import { showKeys } from "./help.js";
import { closePanel } from "./panel.js";
import { focusSearch } from "./search.js";
import { hasSelectionTool, takeSelectionTool } from "./selection.js";

const ZOOM = 2; // factor of a button

registerOverlay("first", () => element("heading").getBoundingClientRect());

// ---- Keys ----

/** @type {Record<string, () => void>} */
const keys = {
  w: showWhole,
  q: showQuestions,
  "/": focusSearch,
  b: () => takeSelectionTool("box"),
  l: () => takeSelectionTool("lasso"),
  f: showFilters,
  x: () => filter.clear(),
  "?": showKeys,
};

/** @param {KeyboardEvent} event */
function keyPressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.key === "Escape" && hasSelectionTool()) takeSelectionTool(null);
  else if (Object.hasOwn(keys, event.key) && !takesLetters(targetOf(event))) keys[event.key]();
  else return;
  event.preventDefault();
}

// ---- Menus of the heading: one open at a time ----

/**
 * @param {Element} chosen the button of a menu
 * @param {boolean} byKeys whether the button was pressed by keys
 */
function openMenu(chosen, byKeys) {
  for (const opener of element("tools").querySelectorAll("[aria-controls]")) {
    const isOpen = opener === chosen && opener.getAttribute("aria-expanded") !== "true";
    const menu = element(opener.getAttribute("aria-controls") ?? "");
    opener.setAttribute("aria-expanded", String(isOpen));
    menu.hidden = !isOpen;
    const first = /** @type {HTMLElement | null} */ (menu.querySelector("button, input:checked"));
    if (isOpen && byKeys) first?.focus();
  }
}

/** Listen to keys and buttons. */
export function startControls() {
  document.addEventListener("keydown", keyPressed);
  emptyClicked.listen(closePanel);
  element("zoom-in").addEventListener("click", () => zoomBy(ZOOM));
  element("zoom-out").addEventListener("click", () => zoomBy(1 / ZOOM));
  element("whole").addEventListener("click", showWhole);
  optionalElement("region")?.addEventListener("click", showQuestions); // only a map with questions has it
  element("tools").addEventListener("click", (event) => {
    const opener = targetOf(event).closest("[aria-controls]");
    if (opener) openMenu(opener, event.detail === 0);
  });
}

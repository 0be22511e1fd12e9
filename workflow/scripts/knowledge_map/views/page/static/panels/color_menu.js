// The menu of what one can colour the articles by.

import { element, targetOf } from "../base/dom.js";
import { chooseColoring, coloringChosen } from "../map/coloring.js";

/** Colour the articles as the menu says, and check in the menu what was chosen elsewhere. */
export function startColorMenu() {
  const menu = element("colors");
  menu.addEventListener("change", (event) => chooseColoring(/** @type {HTMLInputElement} */ (targetOf(event)).value));
  coloringChosen.listen((kind) => {
    for (const choice of menu.querySelectorAll("input")) choice.checked = choice.value === kind;
  });
}

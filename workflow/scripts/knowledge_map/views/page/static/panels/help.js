// The keys that the page knows.

import { create, element } from "../base/dom.js";
import { showPanel } from "./panel.js";

const KEYS = [
  ["← ↑ → ↓", "move the map, once it has the focus"],
  ["+ −", "zoom in and out"],
  ["Enter", "open what is in the middle of the map"],
  ["w", "the whole map"],
  ["q", "the questions"],
  ["/", "search"],
  ["b", "select with a box; or hold Shift and drag"],
  ["l", "select with a lasso"],
  ["f", "filter"],
  ["x", "take all filters off"],
  ["1 to 9, 0, Enter", "in the quiz: answer, “I don’t know”, go on"],
  ["Esc", "close the panel, put a tool down"],
  ["?", "these keys"],
];

/** List the keys in the panel. */
export function showKeys() {
  const parts = KEYS.flatMap(([key, does]) => [create("dt", { textContent: key }), create("dd", { textContent: does })]);
  showPanel(create("dl", { className: "keys" }, ...parts), "Keys");
}

/** Listen to the button that lists the keys. */
export function startHelp() {
  element("help").addEventListener("click", showKeys);
}

// Light or dark: as the system has it, or as the person chose. The style sheet holds the colours of both.

import { element } from "./dom.js";
import { signal } from "./signal.js";

/** The font of what is drawn on a canvas. */
export const FONT = '"Avenir Next", "Segoe UI", "Helvetica Neue", "DejaVu Sans", sans-serif';

const KEY = "knowledge-map-theme"; // of the browser's storage
const NAMES = [
  ..."paper ink faint line card accent point right wrong".split(" "),
  ...["shade-low", "shade-middle", "shade-high", "known-0", "known-1", "known-2", "known-3", "known-4"],
];

/** What is on the screen: the colours #rrggbb by their names in the style sheet, and whether they are the dark ones. */
export const theme = {
  /** @type {Record<string, string>} */
  colors: {},
  dark: false,
  /** @type {import("./signal.js").Signal<[]>} */
  changed: signal(),
};

const system = matchMedia("(prefers-color-scheme: dark)");
/** @type {boolean | null} */
let chosenDark = null;

/** Take the colours that are due. */
export function refreshTheme() {
  theme.dark = chosenDark === null ? system.matches : chosenDark;
  document.documentElement.dataset.theme = theme.dark ? "dark" : "light";
  const style = getComputedStyle(document.documentElement);
  theme.colors = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue("--" + name).trim()]));
  element("theme").setAttribute("aria-pressed", String(theme.dark));
  theme.changed();
}

/** Take the other theme; back at the system's, follow the system again. */
function toggle() {
  chosenDark = !theme.dark === system.matches ? null : !theme.dark;
  try {
    if (chosenDark === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, chosenDark ? "dark" : "light");
  } catch { /* without storage the choice lasts as long as the page */ }
  refreshTheme();
}

/**
 * Take light colours, as paper has them, and run `work`; `refreshTheme` takes them back.
 * @param {() => void} work
 */
export function withLightColors(work) {
  const before = chosenDark;
  chosenDark = false;
  refreshTheme();
  work();
  chosenDark = before;
}

/** Take the theme that was chosen on a former visit, and follow the system and the switch. */
export function startTheme() {
  try {
    const kept = localStorage.getItem(KEY);
    if (kept) chosenDark = kept === "dark";
  } catch { /* without storage nothing was chosen */ }
  system.addEventListener("change", refreshTheme);
  element("theme").addEventListener("click", toggle);
  refreshTheme();
}

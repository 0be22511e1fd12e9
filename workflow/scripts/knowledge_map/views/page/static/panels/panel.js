// The panel beside the map. Whoever has something to say shows a node in it; one can go back to what was shown before.

import { element } from "../base/dom.js";
import { signal } from "../base/signal.js";
import { store } from "../base/store.js";
import { camera } from "../map/camera.js";
import { focusMap } from "../map/gestures.js";
import { flyTo, isFlying, registerOverlay } from "../map/navigation.js";
import { ringSelected } from "../map/renderer.js";

/** @typedef {{ node: Node, title: string, row: number }} Entry what is shown, and the item it is about, or -1 */

const MOST = 100; // entries that one can go back to

/** Something else is shown, about the item of a row, or -1; -1 too when the panel was closed. */
/** @type {import("../base/signal.js").Signal<[number]>} */
export const panelChanged = signal();

const box = element("panel"), heading = element("panel-title"), content = element("panel-content");
/** @type {Entry[]} */
let trail = [];
/** @type {HTMLElement | null} what had the focus before the panel opened */
let opener = null;

registerOverlay("last", () => box.getBoundingClientRect());

/**
 * Show a node under a title, and move the focus there.
 * @param {Node} node
 * @param {string} title
 * @param {number} row the item that it is about, which is ringed on the map; -1 for none
 */
export function showPanel(node, title, row = -1) {
  if (box.hidden) {
    opener = /** @type {HTMLElement | null} */ (document.activeElement);
    trail = [];
  }
  const before = trail.findIndex((entry) => entry.node === node);
  trail = [...(before < 0 ? trail : trail.slice(0, before)), { node, title, row }].slice(-MOST);
  present();
}

function present() {
  const { node, title, row } = trail[trail.length - 1];
  box.hidden = false;
  heading.textContent = title;
  content.replaceChildren(node);
  element("back").hidden = trail.length < 2;
  scrollPanelToTop();
  heading.focus({ preventScroll: true });
  ringSelected(row);
  if (row >= 0 && !isFlying() && covers(row)) flyTo(...store.position(row));
  panelChanged(row);
}

/**
 * Return whether the panel lies over an item on the screen, or would if it grew.
 * @param {number} row
 */
function covers(row) {
  const [x, y] = camera.toScreen(...store.position(row)), { left, top } = box.getBoundingClientRect();
  return x > left && x < camera.width && y > top && y < camera.height;
}

/** Show the beginning of what the panel shows. */
export function scrollPanelToTop() {
  box.scrollTop = 0;
}

function goBack() {
  trail.pop();
  present();
}

/** Close the panel, and give the focus back to what had it before. */
export function closePanel() {
  if (box.hidden) return;
  const hasFocus = box.contains(document.activeElement) || document.activeElement === document.body;
  box.hidden = true;
  content.replaceChildren();
  ringSelected(-1);
  if (hasFocus) {
    if (opener?.isConnected && opener !== document.body) opener.focus({ preventScroll: true });
    else focusMap();
  }
  panelChanged(-1);
}

/** Listen to the buttons of the panel and to the Escape key. */
export function startPanel() {
  element("close").addEventListener("click", closePanel);
  element("back").addEventListener("click", goBack);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) closePanel();
  });
}

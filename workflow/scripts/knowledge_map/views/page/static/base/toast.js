// Short messages at the edge of the screen.

import { element } from "./dom.js";

const DURATION = 4000; // milliseconds

/** @type {ReturnType<typeof setTimeout> | undefined} */
let end;

/**
 * Show a short message for a while; it is also read aloud.
 * @param {string} text
 */
export function showToast(text) {
  const toast = element("toast");
  toast.textContent = text;
  toast.classList.add("shown");
  clearTimeout(end);
  end = setTimeout(() => toast.classList.remove("shown"), DURATION);
}

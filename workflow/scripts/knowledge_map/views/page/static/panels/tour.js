// The first visit: a few steps, each of which points at one thing. It comes once, and can be left at any time.

import { button, create, markedElements } from "../base/dom.js";
import { clamp } from "../base/numbers.js";

const KEY = "knowledge-map-toured"; // of the browser's storage
const AWAY = 20; // pixels between a step and what it points at
const NARROW = 700; // pixels of a screen on which a step stands beneath what it points at

/** Return whether somebody has seen the steps here; without storage they come with every visit. */
function wasSeen() {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return false;
  }
}

function remember() {
  try {
    localStorage.setItem(KEY, "seen");
  } catch { /* without storage nothing is remembered */ }
}

/**
 * Place a box beside a target, or beneath it on a narrow screen.
 * @param {HTMLElement} box
 * @param {HTMLElement} target
 */
function placeBeside(box, target) {
  const { left, right, top, bottom } = target.getBoundingClientRect(), { innerWidth, innerHeight } = globalThis;
  const isNarrow = innerWidth <= NARROW;
  const x = isNarrow ? left : Math.max(right, target.closest("header")?.getBoundingClientRect().right ?? right) + AWAY;
  const y = isNarrow ? bottom + AWAY : top - 10;
  box.style.left = `${clamp(x, 8, Math.max(8, innerWidth - box.offsetWidth - 8))}px`;
  box.style.top = `${clamp(y, 8, Math.max(8, innerHeight - box.offsetHeight - 8))}px`;
}

/** Show the steps to somebody who has not seen them. */
export function startTour() {
  const steps = markedElements("step"); // what they point at; data-does says what it is for
  if (wasSeen() || !steps.length) return;
  let step = 0;
  const text = create("p", { id: "tour-text" }), count = create("small"), next = button("Next", () => show(step + 1));
  const skip = button("Skip", () => end());
  const box = create(
    "div",
    { id: "tour", role: "dialog", ariaLabel: "First steps" },
    text,
    create("div", { className: "steps" }, next, skip, count),
  );
  box.setAttribute("aria-describedby", "tour-text");

  /** @param {number} number */
  const show = (number) => {
    steps[step].classList.remove("pointed");
    if (number === steps.length) return end();
    step = number;
    steps[step].classList.add("pointed");
    text.textContent = steps[step].dataset.does ?? "";
    count.textContent = `${step + 1} of ${steps.length}`;
    next.textContent = step < steps.length - 1 ? "Next" : "Done";
    skip.hidden = step === steps.length - 1;
    placeBeside(box, steps[step]);
    next.focus({ preventScroll: true });
  };
  const end = () => {
    steps[step].classList.remove("pointed");
    const target = steps[step], hadFocus = box.contains(document.activeElement);
    box.remove();
    removeEventListener("resize", follow);
    document.removeEventListener("keydown", leave, true);
    if (hadFocus) target.focus({ preventScroll: true });
    remember();
  };
  const follow = () => placeBeside(box, steps[step]);
  /** @param {KeyboardEvent} event */
  const leave = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    end();
  };
  document.body.append(box);
  addEventListener("resize", follow);
  document.addEventListener("keydown", leave, true);
  show(0);
}

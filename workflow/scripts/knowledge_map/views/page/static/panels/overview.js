// The whole map, small, with a frame around what is in view. Pointing into it goes there; keys move the map itself.

import { canvasElement, contextOf, element } from "../base/dom.js";
import { clamp } from "../base/numbers.js";
import { camera } from "../map/camera.js";
import { MARGIN } from "../map/density.js";
import { pictureChanged } from "../map/renderer.js";

const SIDE = 140; // pixels of the screen
const SMALLEST = 6; // pixels of the frame

/** @param {number} coordinate in map units */
const pixelOf = (coordinate) => clamp((SIDE * (coordinate + MARGIN)) / (1 + 2 * MARGIN), 0, SIDE);

/** @param {number} pixel */
const coordinateAt = (pixel) => (pixel / SIDE) * (1 + 2 * MARGIN) - MARGIN;

/** @param {HTMLCanvasElement} picture covers the map and its margin */
function drawPicture(picture) {
  const canvas = canvasElement("overview-map"), pen = contextOf(canvas);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
}

function moveFrame() {
  const frame = element("overview-frame"), [left, right, bottom, top] = camera.visibleBox();
  const [x, y] = [pixelOf(left), SIDE - pixelOf(top)];
  const [width, height] = [pixelOf(right) - x, SIDE - pixelOf(bottom) - y].map((length) => Math.max(length, SMALLEST));
  frame.style.transform = `translate(${x}px, ${y}px)`;
  [frame.style.width, frame.style.height] = [`${width}px`, `${height}px`];
}

/**
 * Bring what is pointed at into the middle of the screen.
 * @param {PointerEvent} event
 */
function goThere({ clientX, clientY }) {
  const { left, top } = element("overview").getBoundingClientRect();
  camera.jumpTo(coordinateAt(clientX - left), coordinateAt(SIDE - (clientY - top)), camera.scale);
}

/** Show the overview, and follow map and view. */
export function startOverview() {
  const overview = element("overview"), canvas = canvasElement("overview-map");
  [canvas.width, canvas.height] = [2 * SIDE, 2 * SIDE];
  pictureChanged.listen(drawPicture);
  camera.changed.listen(moveFrame);
  overview.addEventListener("pointerdown", (event) => {
    overview.setPointerCapture(event.pointerId);
    goThere(event);
  });
  overview.addEventListener("pointermove", (event) => {
    if (event.buttons) goThere(event);
  });
}

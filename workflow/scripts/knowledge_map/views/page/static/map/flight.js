// How a view follows from another one on a smooth way. Numbers only.

/** @typedef {import("./camera.js").View} View */

/**
 * Return the view after a part of the way. The target keeps a straight course on the screen, and the motion starts and ends gently.
 * @param {View} from
 * @param {View} to
 * @param {number} part of the time, 0 to 1
 * @returns {View}
 */
export function viewBetween([fromX, fromY, fromScale], [toX, toY, toScale], part) {
  const eased = part * part * (3 - 2 * part), scale = fromScale * (toScale / fromScale) ** eased;
  // Linear in 1 / scale, so that the course is straight.
  const zooms = Math.abs(toScale / fromScale - 1) > 1e-6;
  const moved = zooms ? (1 / fromScale - 1 / scale) / (1 / fromScale - 1 / toScale) : eased;
  return [fromX + (toX - fromX) * moved, fromY + (toY - fromY) * moved, scale];
}

// Shapes in the plane.

/** @typedef {[number, number]} Position x and y */
/** @typedef {[number, number, number, number]} Box left, right, bottom and top, in map units */

/**
 * Return whether a polygon contains a position, by the even-odd rule.
 * @param {Position[]} corners
 * @param {number} x
 * @param {number} y
 * @returns {boolean}
 */
export function polygonContains(corners, x, y) {
  let odd = false;
  for (let at = 0, before = corners.length - 1; at < corners.length; before = at++) {
    const [ax, ay] = corners[at], [bx, by] = corners[before];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  }
  return odd;
}

/**
 * Return whether a box touches another.
 * @param {Box} box
 * @param {Box} other
 * @returns {boolean}
 */
export function touches([left, right, bottom, top], [west, east, south, north]) {
  return left <= east && right >= west && bottom <= north && top >= south;
}

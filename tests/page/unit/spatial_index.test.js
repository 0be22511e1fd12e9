// The spatial index answers as a look at every point would.

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { countOf, SpatialIndex } from "../../../workflow/scripts/knowledge_map/views/page/static/map/spatial_index.js";
import { polygonContains } from "../../../workflow/scripts/knowledge_map/views/page/static/base/geometry.js";
import { random } from "./random.js";

/** @param {number} count */
function points(count) {
  const next = random(7);
  return { x: Float32Array.from({ length: count }, next), y: Float32Array.from({ length: count }, next) };
}

/** @param {number} count @param {{ x: Float32Array<ArrayBuffer>, y: Float32Array<ArrayBuffer> }} positions */
function indexOf(count, { x, y } = points(count)) {
  const index = new SpatialIndex();
  index.fill((row) => x[row], (row) => y[row], count);
  return index;
}

Deno.test("every point is in a cell that touches its box, once", () => {
  const rows = indexOf(500).runsIn([0, 1, 0, 1]).flatMap((run) => [...run]);
  deepStrictEqual(rows.sort((a, b) => a - b), Array.from({ length: 500 }, (_, row) => row));
});

Deno.test("no point inside a box is missed", () => {
  const all = points(2000),
    index = indexOf(2000, all),
    found = new Set(index.runsIn([0.2, 0.31, 0.4, 0.77]).flatMap((run) => [...run]));
  for (let row = 0; row < 2000; row++) {
    if (all.x[row] > 0.2 && all.x[row] < 0.31 && all.y[row] > 0.4 && all.y[row] < 0.77) ok(found.has(row));
  }
  ok(found.size < 600);
});

Deno.test("points are counted over runs", () => strictEqual(countOf(indexOf(300).runsIn([0, 1, 0, 1])), 300));

for (const [x, y, count] of [[0.5, 0.5, 1], [0.01, 0.99, 40], [0.3, 0.2, 1000], [-2, 0.5, 3]]) {
  Deno.test(`the ${count} points nearest to ${x}, ${y} are the nearest, nearest first`, () => {
    const all = points(1000), found = indexOf(1000, all).nearest(x, y, count);
    /** @param {number} row */
    const distance = (row) => Math.hypot(all.x[row] - x, all.y[row] - y);
    const wanted = Array.from({ length: 1000 }, (_, row) => distance(row)).sort((a, b) => a - b).slice(0, count);
    deepStrictEqual(found.map(distance), wanted);
  });
}

Deno.test("more points than there are cannot be found", () => strictEqual(indexOf(3).nearest(0.5, 0.5, 9).length, 3));

Deno.test("the point at a position is the nearest within reach, or none", () => {
  const positions = { x: new Float32Array([0.5, 0.52, 0.9]), y: new Float32Array([0.5, 0.5, 0.9]) };
  const index = indexOf(3, positions);
  strictEqual(index.pointAt(0.515, 0.5, 0.1), 1);
  strictEqual(index.pointAt(0.49, 0.5, 0.1), 0);
  strictEqual(index.pointAt(0.7, 0.7, 0.1), -1);
});

Deno.test("an index of no points finds none", () => {
  const index = new SpatialIndex();
  deepStrictEqual(index.nearest(0.5, 0.5, 3), []);
  strictEqual(index.pointAt(0.5, 0.5, 1), -1);
});

Deno.test("points on the edges of the map are found", () => {
  const index = indexOf(4, { x: new Float32Array([0, 1, 0, 1]), y: new Float32Array([0, 0, 1, 1]) });
  strictEqual(index.pointAt(1, 1, 0.001), 3);
  strictEqual(countOf(index.runsIn([-1, 2, -1, 2])), 4);
});

Deno.test("a polygon contains what lies inside its line, and not its holes", () => {
  /** @type {[number, number][]} */
  const corners = [[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]];
  ok(polygonContains(corners, 0.5, 1));
  ok(polygonContains(corners, 3.5, 1));
  ok(!polygonContains(corners, 2, 3));
  ok(!polygonContains(corners, 5, 1));
});

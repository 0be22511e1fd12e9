// The quadtree knows where its tiles lie, which of them a view shows, and in which an article stands.

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Quadtree } from "../../../workflow/scripts/knowledge_map/views/page/static/base/quadtree.js";

// A root with the lower left and the upper right child; the latter has a lower right child.
const tree = new Quadtree(new Uint8Array([0b1001, 0, 0b0010, 0]), new Uint32Array([4, 3, 2, 5]));

/** @param {number} tile */
const rounded = (tile) => tree.box(tile).map((edge) => Number(edge.toFixed(3)));

Deno.test("tiles lie where their parents say", () => {
  deepStrictEqual([0, 1, 2, 3].map(rounded), [[0, 1, 0, 1], [0, 0.5, 0, 0.5], [0.5, 1, 0.5, 1], [0.75, 1, 0.5, 0.75]]);
  deepStrictEqual([...tree.level], [0, 1, 1, 2]);
});

Deno.test("every row is in the tile whose articles it is among", () => {
  deepStrictEqual([0, 3, 4, 6, 7, 8, 9, 13].map((row) => tree.tileOf(row)), [0, 0, 1, 1, 2, 2, 3, 3]);
  strictEqual(tree.size(3), 5);
});

Deno.test("a view shows the tiles that touch it and are wide enough, coarse ones first", () => {
  deepStrictEqual(tree.inView([0.6, 0.9, 0.55, 0.7], 0.2), [0, 2, 3]);
  deepStrictEqual(tree.inView([0.6, 0.9, 0.55, 0.7], 0.3), [0, 2]);
  deepStrictEqual(tree.inView([0, 0.1, 0, 0.1], 0), [0, 1]);
  deepStrictEqual(tree.inView([5, 6, 5, 6], 2), [0]); // the coarsest always
});

Deno.test("a box has all of its tiles, or not", () => {
  const some = (/** @type {number[]} */ tiles) => (/** @type {number} */ tile) => tiles.includes(tile);
  ok(tree.hasAllIn([0.1, 0.2, 0.1, 0.2], some([0, 1])));
  ok(!tree.hasAllIn([0.6, 0.9, 0.55, 0.7], some([0, 2])));
  ok(tree.hasAllIn([0.6, 0.7, 0.8, 0.9], some([0, 2]))); // the finest tile does not reach there
});

Deno.test("of a level the tiles in the middle of the view come first", () => {
  deepStrictEqual(tree.inView([0.4, 1, 0.4, 1], 0.4), [0, 2, 1]);
});

Deno.test("the tiles around a position lead down to the finest there", () => {
  deepStrictEqual(tree.pathTo(0.8, 0.6), [0, 2, 3]);
  deepStrictEqual(tree.pathTo(0.2, 0.9), [0]);
  ok(tree.pathTo(1, 1).includes(2)); // at the edge of the map
});

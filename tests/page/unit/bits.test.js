// Sets of rows hold what was put into them.

import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  addBit,
  bitsOf,
  countBits,
  countChanges,
  emptyBits,
  fullBits,
  hasBit,
  intersectionOf,
  visitChanges,
} from "../../../workflow/scripts/knowledge_map/views/page/static/base/bits.js";
import { random } from "./random.js";

Deno.test("a set has the rows that were put into it, also at the ends of its words", () => {
  const rows = [0, 1, 31, 32, 63, 64, 99], bits = bitsOf(rows, 100);
  deepStrictEqual(Array.from({ length: 100 }, (_, row) => row).filter((row) => hasBit(bits, row)), rows);
  strictEqual(countBits(bits), rows.length);
});

Deno.test("as many rows are counted as were put in", () => {
  const next = random(3), bits = emptyBits(1000), rows = new Set();
  for (let n = 0; n < 700; n++) {
    const row = Math.floor(1000 * next());
    rows.add(row);
    addBit(bits, row);
  }
  strictEqual(countBits(bits), rows.size);
});

Deno.test("an intersection has the rows that all sets have, and leaves these as they were", () => {
  const one = bitsOf([1, 40, 70], 100), other = bitsOf([40, 70, 99], 100), third = bitsOf([70, 40, 2], 100);
  const common = intersectionOf([one, other, third]);
  deepStrictEqual(common, bitsOf([40, 70], 100));
  strictEqual(countBits(one), 3);
});

Deno.test("of no sets every row is in the intersection", () => strictEqual(intersectionOf([]), null));

Deno.test("the full set has every row and nothing behind them", () => {
  for (const count of [1, 31, 32, 33, 100]) strictEqual(countBits(fullBits(count)), count);
});

Deno.test("what came and what went from one set to another is visited, and nothing else", () => {
  const before = bitsOf([0, 31, 40, 70], 100), after = bitsOf([31, 32, 70, 99], 100);
  /** @type {[number, boolean][]} */
  const visited = [];
  visitChanges(before, after, (row, isIn) => visited.push([row, isIn]));
  deepStrictEqual(visited, [[0, false], [32, true], [40, false], [99, true]]);
  strictEqual(countChanges(before, after), 4);
});

// The filter keeps the articles for which all conditions hold, and says in words what they are.

import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { bitsOf } from "../../../workflow/scripts/knowledge_map/views/page/static/base/bits.js";
import { CategoryColumn, NumberColumn } from "../../../workflow/scripts/knowledge_map/views/page/static/base/carried.js";
import {
  allowClasses,
  allowedClasses,
  allowedRange,
  allowOnly,
  allowRange,
  columnKey,
  conditionOf,
  toggleClasses,
} from "../../../workflow/scripts/knowledge_map/views/page/static/map/class_filter.js";
import { store } from "../../../workflow/scripts/knowledge_map/views/page/static/base/store.js";
import { Filter, filter as ofPage } from "../../../workflow/scripts/knowledge_map/views/page/static/map/filter.js";

/**
 * @param {number[]} rows
 * @returns {import("../../../workflow/scripts/knowledge_map/views/page/static/map/filter.js").Condition}
 */
const condition = (rows) => ({ text: "some", bits: bitsOf(rows, 10), record: ["some"] });

Deno.test("all conditions have to hold; each can be taken off, and all at once", () => {
  const filter = new Filter();
  filter.start(10);
  strictEqual(filter.bits, null);
  filter.set("one", condition([1, 2, 3, 4]));
  filter.set("other", condition([3, 4, 5]));
  deepStrictEqual([filter.count, filter.keeps(3), filter.keeps(1)], [2, true, false]);
  strictEqual(filter.countKept(new Uint32Array([0, 3, 4, 9])), 2);
  deepStrictEqual(filter.bitsWithout("one"), bitsOf([3, 4, 5], 10));
  filter.set("one", null);
  strictEqual(filter.count, 3);
  filter.clear();
  deepStrictEqual([filter.bits, filter.count, filter.bitsWithout("one")], [null, 10, null]);
});

Deno.test("what changes is told once, and nothing is told where nothing changes", () => {
  const filter = new Filter();
  let told = 0;
  filter.changed.listen(() => told++);
  filter.set("one", condition([1]));
  filter.set("other", null);
  strictEqual(told, 1);
  filter.clear();
  filter.clear();
  strictEqual(told, 2);
});

const names = ["physics", "law", "art", "music"];
const field = new CategoryColumn("Field", 1, { count: 4, textOf: (row) => names[row] }, new Uint8Array([0, 1, 2, 3, 255, 0]));
const year = new NumberColumn(
  { name: "Year", kind: "number", missing: 1, first: 1990, scale: 1, whole: true, edges: [1990, 1991, 1992, 1993] },
  new Uint8Array([0, 1, 2, 255, 0, 1]),
);

/** @param {import("../../../workflow/scripts/knowledge_map/views/page/static/base/carried.js").ClassedColumn} column */
const textOf = (column) => ofPage.condition(columnKey(column))?.text;

Deno.test("classes are switched off and on, or chosen alone, and said in words", () => {
  ofPage.start(6);
  toggleClasses(field, [1]);
  deepStrictEqual([textOf(field), ofPage.count], ["Field: without law", 5]);
  toggleClasses(field, [2, 3, 4]);
  deepStrictEqual([textOf(field), ofPage.count], ["Field: physics", 2]);
  allowOnly(field, [2, 4]);
  deepStrictEqual([textOf(field), ofPage.count], ["Field: art, no value", 2]);
  toggleClasses(field, [0, 1, 3]);
  deepStrictEqual([textOf(field), ofPage.bits, all(allowedClasses(field))], [undefined, null, [1, 1, 1, 1, 1]]);
});

/** @param {ArrayLike<number>} numbers */
const all = (numbers) => Array.from(numbers);

Deno.test("a run of bins is kept, without articles that have no value", () => {
  ofPage.start(6);
  allowRange(year, 1, 2);
  deepStrictEqual([textOf(year), ofPage.count, allowedRange(year)], ["Year: 1991–1992", 3, [1, 2]]);
  allowClasses(year, new Uint8Array([0, 1, 0, 1]));
  deepStrictEqual([textOf(year), ofPage.count], ["Year: 1991, or no value", 3]);
  allowRange(year, 0, 2);
  strictEqual(ofPage.bits, null);
});

Deno.test("a condition is found again by what an address says of it, also where the classes have changed", () => {
  store.classed = [field, year];
  ofPage.start(6);
  for (
    const [column, allowed] of /** @type {[typeof field | typeof year, number[]][]} */ ([
      [field, [1, 0, 0, 0, 0]],
      [field, [1, 1, 1, 1, 0]],
      [field, [0, 0, 0, 0, 0]],
      [field, [0, 1, 0, 1, 1]],
      [year, [0, 1, 1, 0]],
      [year, [1, 0, 0, 1]],
      [year, [0, 0, 0, 1]],
      [year, [0, 0, 0, 0]],
    ])
  ) {
    allowClasses(column, new Uint8Array(allowed));
    const { record, bits, text } = ofPage.conditions()[0][1];
    const [key, again] = conditionOf(JSON.parse(JSON.stringify(record))) ?? [];
    deepStrictEqual([key, again?.bits, again?.text], [columnKey(column), bits, text]);
    ofPage.clear();
  }
  deepStrictEqual(all(conditionOf(["column Field", "only", "art", "chemistry"])?.[1].allowed ?? []), [0, 0, 1, 0, 0]);
  deepStrictEqual(all(conditionOf(["column Year", 1980, 1991, 0])?.[1].allowed ?? []), [1, 0, 0, 0]);
});

Deno.test("what an address says is not trusted", () => {
  store.classed = [field, year];
  for (
    const record of [
      [],
      [7],
      ["column Nothing", "only", "art"],
      ["column Field"],
      ["column Field", "never", "art"],
      ["column Field", "only", "chemistry", { length: 9 }],
      ["column Field", "without", ["art"]],
      ["column Year", "1990", "1993"],
      ["column Year", 1993, 1990, 0],
      ["column Year", 5000, 6000, 0],
      ["column Year", null, 1990, 0],
      ["__proto__", "only"],
    ]
  ) strictEqual(conditionOf(record), null);
});

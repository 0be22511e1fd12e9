// Carried columns give back what was packed, and count and keep articles by their classes.

import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { bitsOf } from "../../../workflow/scripts/knowledge_map/views/page/static/base/bits.js";
import {
  CategoryColumn,
  NumberColumn,
  TagColumn,
  unpackNumbers,
} from "../../../workflow/scripts/knowledge_map/views/page/static/base/carried.js";
import { random } from "./random.js";

/** @param {string[]} texts */
const named = (texts) => ({ count: texts.length, textOf: (/** @type {number} */ row) => texts[row] });

/** @param {ArrayLike<number>} numbers */
const all = (numbers) => Array.from(numbers);

Deno.test("numbers are joined from their first bytes, their second ones and so on", () => {
  deepStrictEqual(unpackNumbers(new Uint8Array([1, 2, 0, 1]), 2), new Uint16Array([1, 258]));
  deepStrictEqual(unpackNumbers(new Uint8Array([7, 255]), 1), new Uint8Array([7, 255]));
  const float = new Uint8Array(new Float32Array([0.1]).buffer);
  deepStrictEqual(unpackNumbers(float, 0), new Float32Array([0.1]));
});

const topics = new CategoryColumn("topic", 1, named(["art", "law", "zoo"]), new Uint8Array([2, 0, 255, 0, 1]));

Deno.test("a category is read, counted and kept; an article without one is in a class of its own", () => {
  deepStrictEqual([0, 1, 2].map((row) => topics.textOf(row)), ["zoo", "art", ""]);
  deepStrictEqual(all(topics.countClasses(null)), [2, 1, 1, 1]);
  deepStrictEqual(all(topics.countClasses(bitsOf([0, 1, 2], 5))), [1, 0, 1, 1]);
  deepStrictEqual(topics.rowsIn(new Uint8Array([1, 0, 0, 1])), bitsOf([1, 2, 3], 5));
});

const years = new NumberColumn(
  { name: "year", kind: "number", missing: 1, first: 1989, scale: 1, whole: true, edges: [1990, 1995, 2000, 2005] },
  new Uint8Array([0, 1, 10, 255, 200, 11]), // 1989, 1990, 1999, none, 2189, 2000
);

Deno.test("numbers fall into bins; those beyond the edges into the first or the last", () => {
  deepStrictEqual(all(years.classes), [0, 0, 1, 3, 2, 2]);
  deepStrictEqual(all(years.countClasses(null)), [2, 1, 2, 1]);
  deepStrictEqual(years.rowsIn(new Uint8Array([0, 1, 1, 0])), bitsOf([2, 4, 5], 6));
});

Deno.test("bins of whole numbers are named by the first and the last in them", () => {
  deepStrictEqual([years.className(0), years.rangeName(0, 2), years.textOf(2), years.textOf(3)], [
    "1990–1994",
    "1990–2004",
    "1999",
    "",
  ]);
});

Deno.test("short decimals are read exactly, others to four digits", () => {
  const price = new NumberColumn(
    { name: "price", kind: "number", missing: 0, first: -5, scale: 100, edges: [0, 1] },
    new Uint16Array([0, 12345]),
  );
  deepStrictEqual([price.textOf(0), price.textOf(1), price.dataOf(1)], ["-0.05", "123.4", "123.4"]);
  const large = new NumberColumn(
    { name: "n", kind: "number", missing: 0, first: 0, scale: 1, edges: [0, 1] },
    new Uint32Array([1234567, 1234]),
  );
  deepStrictEqual([large.textOf(0), large.dataOf(0), large.textOf(1)], ["1,234,567", "1234567", "1234"]);
  const score = new NumberColumn(
    { name: "s", kind: "number", missing: 1, edges: [0, 1] },
    new Float32Array([1 / 3, NaN, 2.5e-7]),
  );
  deepStrictEqual([score.textOf(0), score.textOf(1), score.dataOf(0), score.textOf(2)], ["0.3333", "", "0.33333", "2.500e-7"]);
});

Deno.test("dates are told as precisely as their bins", () => {
  const day = 86_400, january = Date.UTC(1999, 0, 1) / 1000 / day, july = Date.UTC(1999, 6, 1) / 1000 / day;
  const edges = [january, july, july + 184];
  const date = new NumberColumn(
    { name: "date", kind: "date", missing: 0, first: january, scale: 1, seconds: day, grain: "month", edges },
    new Uint16Array([0, 200]),
  );
  deepStrictEqual([date.textOf(0), date.textOf(1), date.className(0)], ["1999-01-01", "1999-07-20", "1999-01–1999-06"]);
  const moment = new NumberColumn(
    { name: "moment", kind: "date", missing: 0, first: 0, scale: 1, seconds: 1, grain: "hour", edges: [0, 3600] },
    new Uint16Array([61]),
  );
  deepStrictEqual([moment.textOf(0), moment.className(0)], ["1970-01-01 00:01:01", "1970-01-01 00"]);
});

const tags = new TagColumn("tags", 1, named(["a", "b", "c"]), new Uint8Array([0, 1, 0, 2]), new Uint8Array([2, 0, 1, 1]));

Deno.test("an article has several tags, and is kept where any of them is", () => {
  deepStrictEqual([0, 1, 2, 3].map((row) => tags.textOf(row)), ["a, b", "", "a", "c"]);
  deepStrictEqual(all(tags.countClasses(null)), [2, 1, 1, 1]);
  deepStrictEqual(all(tags.countClasses(bitsOf([1, 2], 4))), [1, 0, 0, 1]);
  deepStrictEqual(tags.rowsIn(new Uint8Array([0, 1, 1, 0])), bitsOf([0, 3], 4));
  deepStrictEqual(tags.rowsIn(new Uint8Array([0, 0, 0, 1])), bitsOf([1], 4));
  strictEqual(tags.classCount, 3);
});

Deno.test("however sets follow each other, classes are counted as if each were the first", () => {
  const next = random(4), rows = 500, codes = Uint8Array.from({ length: rows }, () => 6 * next());
  const each = Uint8Array.from({ length: rows }, () => 4 * next()), tagged = each.reduce((sum, count) => sum + count, 0);
  const names = named(["a", "b", "c", "d", "e", "f"]), tags = Uint8Array.from({ length: tagged }, () => 6 * next());
  const category = () => new CategoryColumn("topic", 0, names, codes), tag = () => new TagColumn("tags", 0, names, tags, each);
  const [counted, countedTags] = [category(), tag()];
  for (let n = 0; n < 30; n++) {
    const kept = bitsOf([...Array(rows).keys()].filter((row) => next() < (n % 10) / 9 && row % 7 !== n % 7), rows);
    const bits = n % 8 === 5 ? null : kept;
    deepStrictEqual(counted.countClasses(bits), category().countClasses(bits));
    deepStrictEqual(countedTags.countClasses(bits), tag().countClasses(bits));
  }
});

// Titles are found by what stands in them, the best first.

import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { TitleIndex } from "../../../workflow/scripts/knowledge_map/views/page/static/panels/title_index.js";

/** @type {(titles: string[], words: string, most?: number) => string[]} */
function found(titles, words, most = 20) {
  return new TitleIndex(titles.length, (row) => titles[row]).find(words, most).rows.map((row) => titles[row]);
}

Deno.test("titles that begin with the words come first, then words that do, then the rest; short before long", () => {
  const titles = ["a mitochondrion", "Chondrite", "Chondr", "the chondrules", "hypochondria"];
  deepStrictEqual(found(titles, "chondr"), ["Chondr", "Chondrite", "the chondrules", "hypochondria", "a mitochondrion"]);
});

Deno.test("case and accents do not matter", () => deepStrictEqual(found(["Éclair", "other"], "ECLAIR"), ["Éclair"]));

Deno.test("no match goes over the end of a title", () => deepStrictEqual(found(["end", "of line"], "end of"), []));

Deno.test("a title with a line break is one title", () => {
  deepStrictEqual(found(["two\nlines", "lines"], "lines"), ["lines", "two\nlines"]);
});

Deno.test("all are counted, and the best returned", () => {
  const titles = Array.from({ length: 5000 }, (_, row) => `Comet ${row}`);
  const { rows, count } = new TitleIndex(5000, (row) => titles[row]).find("comet", 3);
  strictEqual(count, 5000);
  deepStrictEqual(rows, [0, 1, 2]);
});

Deno.test("a title is counted once, however often it has the words", () => {
  strictEqual(new TitleIndex(1, () => "to be or not to be").find("be", 9).count, 1);
});

Deno.test("nothing is found for nothing", () => deepStrictEqual(found(["a"], "  "), []));

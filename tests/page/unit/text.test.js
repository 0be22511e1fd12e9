// What people read is said in plain words.

import { strictEqual } from "node:assert/strict";
import {
  numberText,
  shareText,
  trustInWords,
  written,
} from "../../../workflow/scripts/knowledge_map/views/page/static/base/text.js";

Deno.test("trust is said in a word and in numbers", () => {
  strictEqual(
    trustInWords(0.4, 2.345),
    "Its surroundings can be trusted in part: 40 % of the articles nearest in meaning are the nearest here, " +
      "and they lie 2.3 times as far away as is usual.",
  );
  strictEqual(
    trustInWords(0.8, null),
    "Its surroundings can be trusted well: 80 % of the articles nearest in meaning are the nearest here.",
  );
});

for (
  const [value, text] of /** @type {[number, string][]} */ ([
    [1990, "1990"],
    [12345, "12,345"],
    [-3.25, "-3.25"],
    [0.1234567, "0.1235"],
    [1234.56789, "1235"],
    [0, "0"],
    [2.5e-7, "2.500e-7"],
    [3e20, "3.000e+20"],
  ])
) {
  Deno.test(`${value} is written "${text}"`, () => strictEqual(numberText(value), text));
}

Deno.test("a count has commas between its thousands", () => {
  strictEqual([0, 7, 999, 1000, 12345, 100000, 1234567].map(written).join(" "), "0 7 999 1,000 12,345 100,000 1,234,567");
});

Deno.test("a share is told in whole percents, a small one in more digits", () => {
  strictEqual(
    [[1, 3], [1, 30], [1, 700], [0, 5], [0, 0], [5, 5]].map(([part, whole]) => shareText(part, whole)).join(),
    "33 %,3.3 %,0.1 %,0 %,0 %,100 %",
  );
});

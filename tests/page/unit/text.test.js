// What people read is said in plain words.

import { strictEqual } from "node:assert/strict";
import { trustInWords } from "../../../workflow/scripts/knowledge_map/views/page/static/base/text.js";

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

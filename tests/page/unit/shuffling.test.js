// The order of options: every one is there, the same for a person, another one for another person.

import { deepStrictEqual, ok } from "node:assert/strict";
import { newSeed, shuffledOptions } from "../../../workflow/scripts/knowledge_map/views/page/static/quiz/shuffling.js";

const four = { id: "question:1", options: ["a", "b", "c", "d"] };

Deno.test("every option is shown once", () => {
  for (let seed = 0; seed < 100; seed++) deepStrictEqual(shuffledOptions(four, seed).toSorted(), [0, 1, 2, 3]);
});

Deno.test("a person sees the same order each time, and another one at another question", () => {
  deepStrictEqual(shuffledOptions(four, 7), shuffledOptions(four, 7));
  const orders = Array.from({ length: 20 }, (_, n) => shuffledOptions({ ...four, id: `question:${n}` }, 7).join(""));
  ok(new Set(orders).size > 8);
});

Deno.test("each option is about as often in each place", () => {
  const counts = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
  for (let seed = 0; seed < 4000; seed++) {
    shuffledOptions(four, seed * 2_654_435_761).forEach((option, place) => counts[option][place]++);
  }
  for (const row of counts) for (const count of row) ok(Math.abs(count - 1000) < 120, `${counts}`);
});

Deno.test("what refers to the other options stays where it is", () => {
  const options = ["one", "two", "All of the above", "three", "None of these"];
  for (let seed = 0; seed < 50; seed++) {
    const order = shuffledOptions({ id: "question:2", options }, seed);
    deepStrictEqual([order[2], order[4]], [2, 4]);
    deepStrictEqual(order.toSorted(), [0, 1, 2, 3, 4]);
  }
});

Deno.test("few options are no trouble", () => {
  deepStrictEqual(shuffledOptions({ id: "", options: [] }, 1), []);
  deepStrictEqual(shuffledOptions({ id: "", options: ["only"] }, 1), [0]);
});

Deno.test("a seed is a whole number of 32 bits", () => {
  const seed = newSeed();
  ok(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32);
});

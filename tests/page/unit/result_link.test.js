// A result as text: what comes back is what was given, in few characters, and nothing else is taken for a result.

import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { decodeResult, encodeResult } from "../../../workflow/scripts/knowledge_map/views/page/static/quiz/result_link.js";
import { random } from "./random.js";

/** @typedef {import("../../../workflow/scripts/knowledge_map/views/page/static/quiz/result_link.js").GivenAnswers} GivenAnswers */

/** @type {(questions: number, options?: number) => { questions: string, options: number[] }} */
const setOf = (questions, options = 4) => ({ questions: "0123456789ab", options: Array(questions).fill(options) });

/**
 * Return answers to some of the questions, chosen at random.
 * @param {number} count
 * @param {{ options: number[] }} set
 * @param {number} seed
 * @returns {GivenAnswers}
 */
function someAnswers(count, { options }, seed) {
  const next = random(seed), numbers = options.flatMap((most, number) => (most ? [number] : []));
  for (let at = 0; at < count; at++) {
    const other = at + Math.floor(next() * (numbers.length - at));
    [numbers[at], numbers[other]] = [numbers[other], numbers[at]];
  }
  return new Map(
    numbers.slice(0, count).map((number) => {
      const digit = Math.floor(next() * (options[number] + 1));
      return [number, digit ? digit - 1 : null];
    }),
  );
}

/** @param {GivenAnswers} answers */
const sorted = (answers) => [...answers].toSorted(([a], [b]) => a - b);

Deno.test("what is decoded is what was encoded", () => {
  const next = random(1);
  for (let trial = 0; trial < 200; trial++) {
    const total = 1 + Math.floor(next() * 40);
    const set = { questions: "00ff00ff00ff", options: Array.from({ length: total }, () => Math.floor(next() * 7)) };
    const askable = set.options.filter(Boolean).length, answers = someAnswers(Math.floor(next() * (askable + 1)), set, trial);
    deepStrictEqual(sorted(decodeResult(encodeResult(answers, set), set)), sorted(answers));
  }
});

Deno.test("fifty answers take at most 150 characters, of sixty questions and of thousands", () => {
  for (const [questions, options] of [[50, 4], [60, 4], [2_500, 4], [2_500, 5], [2_500, 10]]) {
    const set = setOf(questions, options);
    for (let seed = 0; seed < 20; seed++) {
      const code = encodeResult(someAnswers(50, set, seed), set);
      ok(`#result=${code}`.length <= 150, `${code.length} characters of ${questions} questions with ${options} options`);
      ok(/^[\w-]+$/.test(code));
    }
  }
});

Deno.test("all answers to thousands of questions go there and back", () => {
  const set = setOf(2_500);
  for (const count of [1, 1_250, 2_499, 2_500]) {
    const answers = someAnswers(count, set, count);
    deepStrictEqual(sorted(decodeResult(encodeResult(answers, set), set)), sorted(answers));
  }
});

Deno.test("no answer at all is a result, too", () => {
  strictEqual(decodeResult(encodeResult(new Map(), setOf(60)), setOf(60)).size, 0);
});

Deno.test("a result for other questions is refused, and says so", () => {
  const code = encodeResult(new Map([[1, 2]]), setOf(60));
  throws(() => decodeResult(code, { ...setOf(60), questions: "0123456789ac" }), /other questions/);
});

Deno.test("a result of another version is refused, and says so", () => {
  const code = encodeResult(new Map([[1, 2]]), setOf(60));
  throws(() => decodeResult("Ag" + code.slice(2), setOf(60)), /another version/);
});

Deno.test("what was cut, changed or made up is no result", () => {
  const set = setOf(60), code = encodeResult(someAnswers(40, set, 5), set), next = random(2);
  for (
    const text of [
      "",
      "x",
      "%%%",
      "A".repeat(9),
      code.slice(0, 9),
      "__proto__",
      "AQEjRWeJq",
      " ".repeat(40),
      "é".repeat(40),
      "A".repeat(200_000),
    ]
  ) {
    throws(() => decodeResult(text, set), /damaged|version|other questions/);
  }
  let taken = 0;
  for (let trial = 0; trial < 500; trial++) {
    const at = 10 + Math.floor(next() * (code.length - 10)), sign = "ABCdef0123_-"[Math.floor(next() * 12)];
    if (code[at] === sign) continue;
    try {
      decodeResult(trial % 2 ? code.slice(0, at) : code.slice(0, at) + sign + code.slice(at + 1), set);
      taken++;
    } catch { /* as it should be */ }
  }
  ok(taken <= 1, `${taken} were taken`);
});

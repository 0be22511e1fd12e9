// The estimate of knowledge, as far as it can be told without other programs; the browser's tests compare it with exact integrals.

import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { KnowledgeEstimate } from "../../../workflow/scripts/knowledge_map/views/page/static/quiz/estimate.js";
import { random } from "./random.js";

/** @typedef {import("../../../workflow/scripts/knowledge_map/views/page/static/quiz/estimate.js").Answer} Answer */

const fresh = () => new KnowledgeEstimate([0.1, 0.5, 0.2, 0.7], 0.1, 0.3);

/** @type {(key: number, x: number, y: number, known: boolean, guess?: number) => Answer} */
const answer = (key, x, y, known, guess = 0.25) => ({ key, x, y, known, guess, difficulty: 0 });

/** @type {(found: number, wanted: number, within: number) => void} */
function near(found, wanted, within) {
  ok(Math.abs(found - wanted) <= within, `${found} is not within ${within} of ${wanted}`);
}

Deno.test("before any answer half is known, and nothing is certain", () => {
  const { known, certainty, mean, variance } = fresh().at(0.3, 0.4);
  near(known, 0.5, 1e-6);
  near(certainty, 0, 1e-6);
  near(mean, 0, 1e-12);
  near(variance, 1, 1e-6);
});

Deno.test("a right answer raises what is known, most of all where it was given", () => {
  const estimate = fresh();
  estimate.learn([answer(1, 0.2, 0.4, true)]);
  const [here, beside, far] = [0.2, 0.28, 0.5].map((x) => estimate.at(x, 0.4));
  ok(here.known > beside.known && beside.known > far.known && far.known > 0.5);
  ok(here.certainty > beside.certainty && beside.certainty > far.certainty);
});

Deno.test("an answer that could hardly be guessed tells more than one that could", () => {
  const [hard, easy] = [0.01, 0.9].map((guess) => {
    const estimate = fresh();
    estimate.learn([answer(1, 0.3, 0.4, true, guess)]);
    return estimate.at(0.3, 0.4).known;
  });
  ok(hard > easy + 0.1);
});

Deno.test("a wrong answer lowers what is known", () => {
  const estimate = fresh();
  estimate.learn([answer(1, 0.3, 0.4, false)]);
  ok(estimate.at(0.3, 0.4).known < 0.4);
});

Deno.test("an answer takes the place of the former one to the same question", () => {
  const changed = fresh(), once = fresh();
  changed.learn([answer(1, 0.3, 0.4, false)]);
  changed.learn([answer(1, 0.3, 0.4, true)]);
  once.learn([answer(1, 0.3, 0.4, true)]);
  near(changed.at(0.3, 0.4).known, once.at(0.3, 0.4).known, 1e-3);
});

Deno.test("an answer taken back leaves no trace", () => {
  const estimate = fresh();
  estimate.learn([answer(1, 0.2, 0.3, true), answer(2, 0.4, 0.6, false)]);
  estimate.unlearn(1);
  estimate.unlearn(2);
  estimate.unlearn(99);
  near(estimate.at(0.2, 0.3).known, 0.5, 1e-6);
  near(estimate.at(0.4, 0.6).variance, 1, 1e-6);
});

Deno.test("the raster is the estimate at every position, the lowest row first", () => {
  const estimate = fresh(), next = random(3);
  estimate.learn(Array.from({ length: 12 }, (_, key) => answer(key, 0.1 + 0.4 * next(), 0.2 + 0.5 * next(), next() < 0.5)));
  const { known, certainty } = estimate.raster(7, 5), [left, right, bottom, top] = estimate.box;
  for (let at = 0; at < 35; at++) {
    const x = left + ((right - left) * (at % 7)) / 6, y = bottom + ((top - bottom) * Math.floor(at / 7)) / 4;
    near(known[at], estimate.at(x, y).known, 1e-5);
    near(certainty[at], estimate.at(x, y).certainty, 1e-5);
  }
});

Deno.test("the question amid what matters tells more than one far from it", () => {
  const estimate = fresh();
  estimate.setInterest([[0.2, 0.3, 1], [0.22, 0.3, 1]]);
  const [amid, far] = estimate.gains([answer(1, 0.21, 0.3, true), answer(2, 0.5, 0.7, true)]);
  ok(amid > far && far > 0);
});

Deno.test("gains without any interest are refused", () => {
  throws(() => fresh().gains([answer(1, 0.2, 0.3, true)]), /which positions matter/);
});

Deno.test("the chance to answer rightly is at least the chance to guess, and falls with difficulty", () => {
  const estimate = fresh();
  estimate.learn([answer(1, 0.3, 0.4, false), answer(2, 0.31, 0.4, false)]);
  const chances = estimate.chances([-2, 0, 2, 9].map((difficulty) => ({ ...answer(3, 0.3, 0.4, true), difficulty })));
  ok(chances[0] > chances[1] && chances[1] > chances[2] && chances[2] > chances[3]);
  near(chances[3], 0.25, 1e-3);
});

Deno.test("the average of one position is the estimate there", () => {
  const estimate = fresh();
  estimate.learn([answer(1, 0.2, 0.3, true), answer(2, 0.3, 0.3, false)]);
  near(estimate.average([[0.25, 0.3]]).known, estimate.at(0.25, 0.3).known, 1e-12);
});

Deno.test("an average is more certain than what it is the average of, and the more so the more is answered", () => {
  const estimate = fresh(), next = random(3);
  const positions = Array.from({ length: 30 }, () => /** @type {[number, number]} */ ([0.1 + 0.4 * next(), 0.2 + 0.5 * next()]));
  const before = estimate.average(positions).deviation;
  estimate.learn(positions.map(([x, y], key) => answer(key, x, y, key % 2 === 0)));
  const { known, deviation } = estimate.average(positions), single = estimate.average([positions[0]]).deviation;
  ok(deviation < 0.6 * before && deviation < single, `${before}, ${deviation}, ${single}`);
  ok(known > 0.2 && known < 0.5, `${known}`); // half were answered rightly, some of these by guessing
});

Deno.test("many answers that contradict each other leave numbers", () => {
  const estimate = fresh();
  estimate.learn(Array.from({ length: 200 }, (_, key) => answer(key, 0.3, 0.4, key % 2 === 0, 0.5)));
  ok(Object.values(estimate.at(0.3, 0.4)).every(Number.isFinite));
});

Deno.test("questions in one position are a box like any other", () => {
  const estimate = new KnowledgeEstimate([0.5, 0.5, 0.5, 0.5], 0.1, 0.3);
  strictEqual(estimate.raster(4, 4).known.length, 16);
  deepStrictEqual(estimate.box.map((side) => Math.round(100 * side)), [25, 75, 25, 75]);
});

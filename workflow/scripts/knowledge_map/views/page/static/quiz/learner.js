// What the page believes of the person: the estimate of knowledge, kept up to date with the answers.

import { store } from "../base/store.js";
import { countArticles } from "../map/density.js";
import { answers } from "./answers.js";
import { domainRegion } from "./domains.js";
import { KnowledgeEstimate } from "./estimate.js";

/** @typedef {import("../base/geometry.js").Box} Box */
/** @typedef {import("../base/geometry.js").Position} Position */
/** @typedef {import("../base/store.js").Region} Region */
/** @typedef {import("./estimate.js").QuestionModel & { key: number }} KeyedQuestion */

const SIDE = 24; // cells of a side of the region that matters when the next question is chosen
const MANY = 50; // questions of a domain that stand for all of it, if it has more

/** @type {KnowledgeEstimate | null} */
let estimate = null;
/** @type {Set<number>} questions whose answers the estimate does not know yet */
const changed = new Set();
/** @type {Region | null} the region that matters when the next question is chosen */
let interest = null;

/**
 * @param {number} number of a question
 * @returns {Position}
 */
function positionOf(number) {
  return store.position(store.questions[number].row);
}

/**
 * Return a question as the estimate takes it.
 * @param {number} number
 * @returns {KeyedQuestion}
 */
function questionModel(number) {
  const { options, difficulty } = store.questions[number], [x, y] = positionOf(number);
  return { key: number, x, y, difficulty, guess: 1 / options.length };
}

/**
 * Return the positions that matter when the next question is chosen: cells of a region, weighed by their articles, as far as there
 * is an estimate.
 * @param {Region} region
 * @param {Box} box where there is one
 * @returns {[number, number, number][]} x, y and weight
 */
function positionsOfInterest({ x_min, x_max, y_min, y_max }, [left, right, bottom, top]) {
  const weights = countArticles([x_min, x_max, y_min, y_max], SIDE);
  /** @type {(cell: number, low: number, high: number) => number} */
  const middleOf = (cell, low, high) => low + ((cell + 0.5) / SIDE) * (high - low);
  /** @type {[number, number, number][]} */
  const positions = [];
  weights.forEach((weight, cell) => {
    const x = middleOf(cell % SIDE, x_min, x_max), y = middleOf(Math.floor(cell / SIDE), y_min, y_max);
    if (weight > 0 && x > left && x < right && y > bottom && y < top) positions.push([x, y, weight]);
  });
  return positions;
}

/**
 * Take note that the answers to these questions changed.
 * @param {number[]} numbers
 */
export function noteAnswers(numbers) {
  for (const number of numbers) changed.add(number);
}

/**
 * Return the estimate that follows from all answers; only a map with questions has one.
 * @returns {KnowledgeEstimate}
 */
export function currentEstimate() {
  const { region, quiz } = store;
  if (!region) throw new Error("there is no question region");
  const box = /** @type {Box} */ ([region.x_min, region.x_max, region.y_min, region.y_max]);
  estimate ??= new KnowledgeEstimate(box, quiz.length_scale, quiz.general_level);
  if (!changed.size) return estimate; // even without a new answer, learning would look at every answer again
  const numbers = [...changed], given = numbers.filter((number) => !answers.isOpen(number));
  if (!answers.count) estimate.clear();
  else for (const number of numbers) if (answers.isOpen(number)) estimate.unlearn(number);
  estimate.learn(given.map((number) => ({ ...questionModel(number), known: answers.state(number) === "right" })));
  changed.clear();
  return estimate;
}

/**
 * Return the question of these whose answer would tell most of the region that is asked about.
 * @param {number[]} numbers
 * @returns {number}
 */
export function mostTelling(numbers) {
  const current = currentEstimate(), region = domainRegion() ?? store.region;
  if (region && region !== interest) {
    current.setInterest(positionsOfInterest(region, current.box));
    interest = region;
  }
  const gains = current.gains(numbers.map(questionModel));
  return numbers[gains.indexOf(gains.reduce((most, gain) => Math.max(most, gain)))];
}

/**
 * Return for each question the chance that it is answered rightly.
 * @param {number[]} numbers
 * @returns {number[]}
 */
export function chancesOf(numbers) {
  return currentEstimate().chances(numbers.map(questionModel));
}

/**
 * Return for each question how much is known at its position, 0 to 1.
 * @param {number[]} numbers
 * @returns {number[]}
 */
export function knownAt(numbers) {
  const estimate = currentEstimate();
  return numbers.map((number) => estimate.at(...positionOf(number)).known);
}

/**
 * Return how much is known on average at the positions of questions, 0 to 1, and the standard deviation of that share.
 * @param {number[]} numbers at least one
 * @returns {{ known: number, deviation: number }}
 */
export function levelOf(numbers) {
  const step = Math.max(1, numbers.length / MANY);
  const some = Array.from({ length: Math.min(numbers.length, MANY) }, (_, at) => numbers[Math.floor(at * step)]);
  return currentEstimate().average(some.map(positionOf));
}

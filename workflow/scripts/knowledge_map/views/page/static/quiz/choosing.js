// Which question comes next.

import { chancesOf, knownAt, mostTelling } from "./learner.js";

/** @typedef {import("./answers.js").Mode} Mode */

const EDGE = 0.6; // the chance to answer rightly at which a question is neither too easy nor too hard

/**
 * Return the first of these whose cost is least.
 * @param {number[]} numbers
 * @param {number[]} costs
 */
function cheapest(numbers, costs) {
  return numbers[costs.indexOf(costs.reduce((least, cost) => Math.min(least, cost)))];
}

/**
 * Return the question to ask next.
 * @param {Mode} mode
 * @param {number[]} open numbers of the questions that can be asked, at least one
 * @param {number} current the question asked last
 * @returns {number}
 */
export function chooseQuestion(mode, open, current) {
  switch (mode) {
    case "telling":
      return mostTelling(open);
    case "easy":
      return cheapest(open, chancesOf(open).map((chance) => -chance));
    case "edge":
      return cheapest(open, chancesOf(open).map((chance) => Math.abs(chance - EDGE)));
    case "weak":
      return cheapest(open, knownAt(open));
    default:
      return open.find((number) => number > current) ?? open[0];
  }
}

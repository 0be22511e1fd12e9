// The domain that the quiz is about: a group of questions, or all of them.

import { state } from "../base/signal.js";
import { store } from "../base/store.js";
import { answers } from "./answers.js";

/** The number of the domain that is asked about; -1 stands for all questions. */
export const chosenDomain = state(-1);

/**
 * Return the numbers of the questions of a domain that can be asked; -1 stands for all questions.
 * @param {number} domain
 * @returns {number[]}
 */
export function questionsOf(domain) {
  const numbers = domain < 0 ? store.questions.map((_, number) => number) : store.domains[domain].questions;
  return numbers.filter((number) => answers.canBeAsked(store.questions[number]));
}

/**
 * Return the region of the domain that is asked about; null for all questions.
 * @returns {import("../base/store.js").Region | null}
 */
export function domainRegion() {
  return chosenDomain.value < 0 ? null : store.domains[chosenDomain.value].region;
}

/**
 * Return whether domains tell anything: there are several, or one that has not all questions.
 * @returns {boolean}
 */
export function hasDomains() {
  return store.domains.length > 1 || store.domains.some(({ questions }) => questions.length < store.questions.length);
}

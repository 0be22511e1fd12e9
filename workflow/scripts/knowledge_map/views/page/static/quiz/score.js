// The score in words.

import { store } from "../base/store.js";
import { counted, written } from "../base/text.js";
import { answers } from "./answers.js";
import { chosenDomain, questionsOf } from "./domains.js";

/**
 * Return the score of all questions or of the domain that is asked about: "Genetics: 31 of 60 right, 52 %".
 * @returns {string}
 */
export function writtenScore() {
  const domain = chosenDomain.value, numbers = questionsOf(domain), { right, open } = answers.score(numbers);
  const share = Math.round((100 * right) / Math.max(numbers.length, 1));
  const score = `${written(right)} of ${written(numbers.length)} right, ${share} %`;
  return (domain < 0 ? "" : `${store.domains[domain].name}: `) + score + (open ? `; ${counted(open, "question")} open` : "");
}

// The score in words.

import { store } from "../base/store.js";
import { counted, written } from "../base/text.js";
import { answers } from "./answers.js";
import { chosenDomain, questionsOf } from "./domains.js";

/**
 * Return the score of all questions or of the domain that is asked about: "Genetics: 31 of 50 right, 62 %; 10 questions open".
 * @returns {string}
 */
export function writtenScore() {
  const domain = chosenDomain.value, { right, wrong, unknown, open } = answers.score(questionsOf(domain));
  const answered = right + wrong + unknown, share = Math.round((100 * right) / Math.max(answered, 1));
  const score = `${written(right)} of ${written(answered)} right, ${share} %`;
  return (domain < 0 ? "" : `${store.domains[domain].name}: `) + score + (open ? `; ${counted(open, "question")} open` : "");
}

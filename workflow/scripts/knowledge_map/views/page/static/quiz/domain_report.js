// What the answers tell of each domain, and of the concepts that questions test.

import { create } from "../base/dom.js";
import { store } from "../base/store.js";
import { counted, shorten, written } from "../base/text.js";
import { answers } from "./answers.js";
import { chosenDomain, hasDomains, questionsOf } from "./domains.js";
import { knowledgeColor } from "./knowledge_layer.js";
import { levelOf } from "./learner.js";
import { articlesFor, readingList } from "./reading_list.js";

/**
 * @typedef {object} DomainResult
 * @property {number} domain its number
 * @property {number} right answers
 * @property {number} answered
 * @property {number} known on average at its questions, 0 to 1
 * @property {number} deviation the standard deviation of that share
 */
/** @typedef {{ concept: string, right: number, answered: number, missed: number[] }} ConceptResult `missed` are questions */

const WORST = 5; // concepts that are listed
const READ = 2; // articles to read of a concept
const LONGEST = 60; // characters of a name

/**
 * Return the results of the domains that have an answer, in their order.
 * @returns {DomainResult[]}
 */
export function domainResults() {
  if (!hasDomains()) return [];
  return store.domains.flatMap((_, domain) => {
    const numbers = questionsOf(domain), { right, wrong, unknown } = answers.score(numbers), answered = right + wrong + unknown;
    return answered ? [{ domain, right, answered, ...levelOf(numbers) }] : [];
  });
}

/**
 * Return the concepts of which not all answers are right, the worst first.
 *
 * Of two shares the one of more answers tells more, so each is shrunk towards one half: Laplace's rule of succession.
 * @returns {ConceptResult[]}
 */
export function worstConcepts() {
  /** @type {Map<string, ConceptResult>} */
  const results = new Map();
  for (const number of answers.chosen.keys()) {
    for (const concept of store.questions[number].concepts ?? []) {
      const result = results.get(concept) ?? { concept, right: 0, answered: 0, missed: [] };
      results.set(concept, result);
      result.answered++;
      if (answers.state(number) === "right") result.right++;
      else result.missed.push(number);
    }
  }
  /** @param {ConceptResult} result */
  const share = ({ right, answered }) => (right + 1) / (answered + 2);
  return [...results.values()].filter(({ missed }) => missed.length).sort((a, b) => share(a) - share(b)).slice(0, WORST);
}

/**
 * Return how much is known, as people write it: "62 % ± 9".
 * @param {{ known: number, deviation: number }} level
 * @returns {string}
 */
export function writtenLevel({ known, deviation }) {
  return `${Math.round(100 * known)} % ± ${Math.max(1, Math.round(100 * deviation))}`;
}

/** @param {DomainResult} result */
function domainItem(result) {
  const { name, level } = store.domains[result.domain], go = create("button", { type: "button" });
  const patch = create("span", { className: "patch" }), item = create("li", {}, go);
  patch.style.background = knowledgeColor(result.known);
  item.style.marginLeft = `${level}em`;
  const told = create("small", { textContent: `${written(result.right)} of ${written(result.answered)} right` });
  go.append(patch, create("span", {}, shorten(name, LONGEST), " ", told), create("b", { textContent: writtenLevel(result) }));
  go.addEventListener("click", () => chosenDomain.set(result.domain));
  return item;
}

/** @param {ConceptResult} result */
function conceptItem({ concept, right, answered, missed }) {
  const articles = missed.slice(0, READ).flatMap((number) => articlesFor(store.questions[number]).slice(0, 1));
  const line = create("p", {}, create("span", { textContent: shorten(concept, LONGEST) }));
  line.append(" ", create("small", { textContent: `${written(right)} of ${written(answered)} right` }));
  return create("li", {}, line, readingList([...new Set(articles)]));
}

/**
 * Return what is shown of the domains that have an answer; nothing where there are none.
 * @returns {HTMLElement[]}
 */
export function domainReport() {
  const results = domainResults(), rest = hasDomains() ? store.domains.length - results.length : 0;
  if (!results.length) return [];
  const told = "How much is known at their questions, ± one standard deviation.";
  const without = rest ? ` ${counted(rest, "domain")} without an answer.` : "";
  return [
    create("h3", { textContent: "By domain" }),
    create("p", { className: "faint", textContent: told + without }),
    create("ul", { className: "regions domains" }, ...results.map(domainItem)),
  ];
}

/**
 * Return what is shown of the concepts answered worst; nothing where there are none.
 * @returns {HTMLElement[]}
 */
export function conceptReport() {
  const worst = worstConcepts();
  if (!worst.length) return [];
  return [
    create("h3", { textContent: "Concepts answered worst" }),
    create("ul", { className: "regions concepts" }, ...worst.map(conceptItem)),
  ];
}

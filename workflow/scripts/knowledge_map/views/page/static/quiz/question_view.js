// What the panel shows of a question: its text, its options, and what became of it if it has been answered.

import { button, create } from "../base/dom.js";
import { richText } from "../base/rich_text.js";
import { store } from "../base/store.js";
import { answers } from "./answers.js";
import { articlesFor, readingList } from "./reading_list.js";

/**
 * @typedef {object} QuestionActions
 * @property {(option: number | null) => void} decide takes an answer; null is "I don't know"
 * @property {() => void} answerAgain
 * @property {HTMLButtonElement} back goes to what was shown before
 * @property {HTMLButtonElement | null} proceed goes on, if that is possible
 */

/**
 * Return what is shown of a question.
 * @param {number} number
 * @param {QuestionActions} actions
 * @returns {HTMLElement[]}
 */
export function questionView(number, actions) {
  const { text, options, source, parts } = store.questions[number], state = answers.state(number);
  const ordinal = create("span", { className: "ordinal", textContent: `Question ${number + 1} ` });
  const heading = create("h3", { className: "asked", tabIndex: -1 }, ordinal, ...richText(text, parts?.[0]));
  if (!answers.canBeAsked(store.questions[number])) {
    return [
      heading,
      create("ul", { className: "only-shown" }, ...options.map((_, option) => create("li", {}, ...optionText(number, option)))),
      create("p", { className: "verdict", textContent: "This question is only shown: no answer to it is known here." }),
      create("h4", { textContent: "Articles near it" }),
      readingList(articlesFor(store.questions[number])),
      ...(actions.proceed ? [create("div", { className: "steps" }, actions.back, actions.proceed)] : []),
    ];
  }
  const shown = answers.shownOptions(number);
  const buttons = shown.map((option, place) => create("li", {}, choiceButton(number, option, place, actions)));
  const choices = create("ol", { className: "choices" }, ...buttons);
  const steps = create("div", { className: "steps" }, actions.back);
  if (state === "open") {
    if (answers.isShared) return [heading, choices, create("p", { className: "verdict", textContent: "Not answered." }), steps];
    steps.append(button("I don’t know", () => actions.decide(null), { title: "Key 0" }));
    return [heading, choices, steps];
  }
  if (!answers.isShared) steps.append(button("Answer again", actions.answerAgain));
  if (actions.proceed) steps.append(actions.proceed);
  return [
    heading,
    choices,
    create("p", { className: `verdict ${state}` }, ...verdictNodes(number)),
    steps,
    create("h4", { textContent: source < 0 ? "Articles near it" : "Where it comes from" }),
    readingList(articlesFor(store.questions[number])),
  ];
}

/**
 * Return the text of an option, with its formulas.
 * @param {number} number
 * @param {number} option
 */
function optionText(number, option) {
  const { options, parts } = store.questions[number];
  return richText(options[option], parts?.[option + 1]);
}

/**
 * Return the button of an option: it answers, or shows what became of it.
 * @param {number} number
 * @param {number} option
 * @param {number} place among the options as they are shown
 * @param {QuestionActions} actions
 */
function choiceButton(number, option, place, actions) {
  const disabled = answers.isShared || !answers.isOpen(number), { sign, className, said } = lookOfChoice(number, option, place);
  const made = button("", () => actions.decide(option), { className, disabled });
  made.append(
    create("kbd", { textContent: sign, ariaHidden: "true" }),
    create("span", {}, ...optionText(number, option), create("span", { className: "unseen", textContent: said })),
  );
  return made;
}

/**
 * @param {number} number
 * @param {number} option
 * @param {number} place
 */
function lookOfChoice(number, option, place) {
  const given = answers.isShared ? " (the answer given)" : " (your answer)";
  if (answers.isOpen(number)) return { sign: answers.isShared ? "" : place < 9 ? `${place + 1}` : "·", className: "", said: "" };
  if (option === store.questions[number].answer) return { sign: "✓", className: "right", said: " (the right answer)" };
  if (option === answers.chosen.get(number)) return { sign: "✗", className: "wrong", said: given };
  return { sign: "", className: "", said: "" };
}

/** @param {number} number of an answered question */
function verdictNodes(number) {
  const state = answers.state(number);
  if (state === "right") return ["Right."];
  const answer = optionText(number, store.questions[number].answer ?? -1);
  return [`${state === "wrong" ? "Not right" : "Not known"}: the answer is “`, ...answer, "”."];
}

/**
 * Return what is said of the answer to a question.
 * @param {number} number of an answered question
 * @returns {string}
 */
export function verdict(number) {
  const { options, answer } = store.questions[number], state = answers.state(number);
  if (state === "right") return "Right.";
  return `${state === "wrong" ? "Not right" : "Not known"}: the answer is “${options[answer ?? -1]}”.`;
}

// The answers given so far: kept in the browser for this map, and exchanged as a file. What comes from outside is not trusted.

import { store } from "../base/store.js";
import { decodeResult, encodeResult } from "./result_link.js";
import { newSeed, shuffledOptions } from "./shuffling.js";

/** @typedef {import("../base/store.js").Question} Question */
/** @typedef {import("./result_link.js").GivenAnswers} GivenAnswers */
/** @typedef {"open" | "right" | "wrong" | "unknown"} AnswerState */
/**
 * @typedef {object} Loaded what became of the answers in a file
 * @property {number} taken
 * @property {number} unknown answers to questions that are not of this quiz
 * @property {number} unusable
 * @property {boolean} elsewhere whether they were given on another map
 */

/** Bytes of a file that is read. */
export const LONGEST_FILE = 20_000_000;
/** What is said where the browser keeps nothing. */
export const NOT_KEPT = "This browser keeps nothing for this page: save your answers before you leave.";

const FORMAT = "knowledge map quiz", VERSION = 1;

/** The ways to choose the next question, and how people call them. */
export const MODES = /** @type {const} */ ({
  order: "in the order of the file",
  telling: "the one that would tell most",
  easy: "easy ones first",
  edge: "at the edge of what I know",
  weak: "weak spots first",
});
/** @typedef {keyof typeof MODES} Mode */

class Answers {
  /** @type {GivenAnswers} in the order in which they were given */
  chosen = new Map();
  /** @type {Mode} */
  #mode = "order";
  #seed = newSeed();
  #isShared = false;
  /** @type {GivenAnswers} one's own answers, while those of somebody else are shown */
  #own = new Map();

  /** How the next question is chosen. */
  get mode() {
    return this.#mode;
  }

  set mode(wanted) {
    this.#mode = wanted;
    this.keep();
  }

  /** Whether these are the answers of somebody else, to be looked at: nothing of them is kept. */
  get isShared() {
    return this.#isShared;
  }

  /** Answers. */
  get count() {
    return this.chosen.size;
  }

  /**
   * Return whether a question can be asked: it has options, and one of them is known to be right.
   * @param {Question} question
   * @returns {boolean}
   */
  canBeAsked({ options, answer }) {
    return options.length > 0 && answer !== null;
  }

  /**
   * Return what became of a question.
   * @param {number} number
   * @returns {AnswerState}
   */
  state(number) {
    const chosen = this.chosen.get(number);
    if (chosen === undefined) return "open";
    if (chosen === null) return "unknown";
    return chosen === store.questions[number].answer ? "right" : "wrong";
  }

  /**
   * Return whether a question has no answer yet.
   * @param {number} number
   * @returns {boolean}
   */
  isOpen(number) {
    return this.state(number) === "open";
  }

  /**
   * Return how many questions have an answer of each kind.
   * @param {Iterable<number>} numbers of questions; by default of those that are answered
   * @returns {Record<AnswerState, number>}
   */
  score(numbers = this.chosen.keys()) {
    const score = { open: 0, right: 0, wrong: 0, unknown: 0 };
    for (const number of numbers) score[this.state(number)]++;
    return score;
  }

  /**
   * Return the numbers of a question's options in the order in which they are shown.
   * @param {number} number
   * @returns {number[]}
   */
  shownOptions(number) {
    const question = store.questions[number];
    if (store.quiz.shuffle_options && this.canBeAsked(question)) return shuffledOptions(question, this.#seed);
    return question.options.map((_, option) => option);
  }

  /**
   * Take an answer; return whether the browser could keep it.
   * @param {number} number
   * @param {number | null} option
   * @returns {boolean}
   */
  give(number, option) {
    this.chosen.set(number, option);
    return this.keep();
  }

  /**
   * Take an answer back.
   * @param {number} number
   */
  withdraw(number) {
    this.chosen.delete(number);
    this.keep();
  }

  /** Take all answers back, and show the options in another order. */
  clear() {
    this.chosen.clear();
    this.#seed = newSeed();
    this.keep();
  }

  /**
   * Return the answers as a short text for a link.
   * @returns {string}
   */
  asCode() {
    return encodeResult(this.chosen, this.#questionSet());
  }

  /**
   * Take the answers of somebody else in place of one's own, which stay as they are kept.
   * Throws an Error with a message for people, and changes nothing, where the text holds no answers to this quiz.
   * @param {string} code
   */
  showShared(code) {
    const shared = decodeResult(code, this.#questionSet());
    if (!this.#isShared) this.#own = this.chosen;
    this.chosen = shared;
    this.#isShared = true;
  }

  /**
   * Take one's own answers again, as the browser keeps them by now; return a notice where it keeps none, and "" where it does.
   * @returns {string}
   */
  showOwn() {
    this.#isShared = false;
    this.chosen = this.#own;
    return this.restore();
  }

  #questionSet() {
    const options = store.questions.map((question) => (this.canBeAsked(question) ? question.options.length : 0));
    return { questions: store.quiz.questions, options };
  }

  /**
   * Return everything as JSON; texts of questions and options are there for people, and to notice when a quiz has changed.
   * @returns {string}
   */
  asJson() {
    const answers = [...this.chosen].map(([number, chosen]) => {
      const { id, text, options } = store.questions[number];
      return { question: id, text, chosen, option: chosen === null ? null : options[chosen], result: this.state(number) };
    });
    return JSON.stringify(
      { format: FORMAT, version: VERSION, map: store.quiz.map, mode: this.#mode, seed: this.#seed, answers },
      null,
      1,
    );
  }

  /**
   * Take over the answers of a file in place of the present ones, and keep them.
   * Throws an Error with a message for people, and changes nothing, where the text holds no answers to a quiz.
   * @param {string} json
   * @returns {Loaded}
   */
  load(json) {
    const loaded = this.#read(json);
    this.keep();
    return loaded;
  }

  /**
   * @param {string} json
   * @returns {Loaded}
   */
  #read(json) {
    const content = parsed(json);
    const numbers = new Map(store.questions.map(({ id }, number) => [id, number]));
    /** @type {GivenAnswers} */
    const taken = new Map();
    const loaded = { taken: 0, unknown: 0, unusable: 0, elsewhere: content.map !== store.quiz.map };
    for (const answer of content.answers) {
      const number = numbers.get(answer?.question);
      if (number === undefined) loaded[typeof answer?.question === "string" ? "unknown" : "unusable"]++;
      else if (taken.has(number) || !this.#fits(answer, store.questions[number])) loaded.unusable++;
      else taken.set(number, answer.chosen);
    }
    loaded.taken = taken.size;
    this.chosen.clear();
    for (const [number, chosen] of taken) this.chosen.set(number, chosen);
    if (Object.hasOwn(MODES, content.mode)) this.#mode = content.mode;
    if (Number.isInteger(content.seed)) this.#seed = content.seed;
    return loaded;
  }

  /**
   * Return whether an answer may be one to this question: an option that it has, by number and by text.
   * @param {{ chosen?: unknown, option?: unknown }} answer
   * @param {Question} question
   */
  #fits({ chosen, option }, question) {
    if (!this.canBeAsked(question)) return false;
    if (chosen === null) return true;
    const number = /** @type {number} */ (chosen);
    return Number.isInteger(number) && number in question.options && option === question.options[number];
  }

  /**
   * Keep everything in the browser, but for somebody else's answers; return whether it let us.
   * @returns {boolean}
   */
  keep() {
    if (this.#isShared) return true;
    try {
      localStorage.setItem(keyOfStorage(store.quiz.map), this.asJson());
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Take over what the browser kept; return a notice where that failed, and "" where it did not.
   * @returns {string}
   */
  restore() {
    /** @type {string | null} */
    let kept = null;
    try {
      // On a map that has grown, the answers given on the one before hold for the questions that are the same.
      for (const map of [store.quiz.map, ...store.quiz.former]) kept ??= localStorage.getItem(keyOfStorage(map));
    } catch {
      return NOT_KEPT;
    }
    try {
      if (kept !== null) this.#read(kept);
    } catch (error) {
      return `The progress kept in this browser is damaged and was ignored: ${/** @type {Error} */ (error).message}`;
    }
    return "";
  }
}

/** @param {string} map */
function keyOfStorage(map) {
  return `${FORMAT} ${map}`;
}

/**
 * Return the content of a file of answers, of which nothing is known but that it has a list of answers.
 * @param {string} json
 */
function parsed(json) {
  let content;
  try {
    content = JSON.parse(json);
  } catch {
    throw new Error("it is not JSON.");
  }
  if (content?.format !== FORMAT || !Array.isArray(content.answers)) throw new Error("it holds no answers to a quiz.");
  if (content.version !== VERSION) throw new Error("it was written by another version of this page.");
  return content;
}

/** The answers to the quiz of this page. */
export const answers = new Answers();

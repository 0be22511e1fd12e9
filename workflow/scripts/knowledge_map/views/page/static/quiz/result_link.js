// A result as a short text for a link, and back.
//
// The text is base64url of: a version (one byte), what names the questions (six bytes), and one whole number that holds the answers.
// The number is as short as such a number can be: which questions are answered is the rank of their combination among all of so many
// (Cover 1973, IEEE Trans. Inf. Theory 19, doi:10.1109/TIT.1973.1054929), and an answer is a digit to the base of what may be answered.

import { fromBase64Url, toBase64Url } from "../base/base64url.js";

/** @typedef {Map<number, number | null>} GivenAnswers number of a question to the option chosen, or null for "I don't know" */
/** @typedef {{ questions: string, options: number[] }} QuestionSet what names the questions, 12 hexadecimal digits, and how many options each has */

const VERSION = 1;
const HEAD = 7; // bytes before the number
const CHECK = 65_521n; // a number that was changed has most likely another remainder by this prime
const LONGEST = 100_000; // characters

/**
 * Return in how many ways `k` of `n` can be chosen.
 * @param {number} n
 * @param {number} k
 */
function combinations(n, k) {
  let count = 1n;
  for (let at = 1; at <= k; at++) count = (count * BigInt(n - k + at)) / BigInt(at);
  return count;
}

/**
 * Visit 0 to `n` - 1 from the last to the first, each with the number of combinations in which it is left out: of what is before it,
 * as many as are still to be taken.
 * @param {number} n
 * @param {number} k how many are taken
 * @param {(at: number, without: bigint) => boolean} isTaken
 */
function visit(n, k, isTaken) {
  let left = k, without = combinations(n - 1, k);
  for (let at = n - 1; at >= 0 && left > 0; at--) {
    const taken = isTaken(at, without);
    if (at > 0) without = (without * BigInt(taken ? left : at - left)) / BigInt(at);
    if (taken) left--;
  }
}

/**
 * Return answers as text.
 * @param {GivenAnswers} answers to questions that have options
 * @param {QuestionSet} set
 * @returns {string}
 */
export function encodeResult(answers, { questions, options }) {
  const askable = askableOf(options), answered = askable.filter((number) => answers.has(number));
  const count = answered.length;
  let value = 0n, rank = 0n;
  for (const number of answered.toReversed()) {
    value = value * BigInt(options[number] + 1) + BigInt((answers.get(number) ?? -1) + 1);
  }
  visit(askable.length, count, (at, without) => {
    const taken = answers.has(askable[at]);
    if (taken) rank += without;
    return taken;
  });
  value = value * combinations(askable.length, count) + rank;
  value = value * BigInt(askable.length + 1) + BigInt(count);
  value = value * CHECK + (value % CHECK);
  const hex = value.toString(16);
  const bytes = Uint8Array.from([
    VERSION,
    ...bytesOfHex(questions),
    ...bytesOfHex(hex.padStart(hex.length + (hex.length % 2), "0")),
  ]);
  return toBase64Url(bytes);
}

/**
 * Return the answers that a text holds. Throws an Error with a message for people, where it holds none to these questions.
 * @param {string} text
 * @param {QuestionSet} set
 * @returns {GivenAnswers}
 */
export function decodeResult(text, { questions, options }) {
  const bytes = bytesOfText(text);
  if (bytes[0] !== VERSION) throw new Error("it was made by another version of this page.");
  if (hexOf(bytes.subarray(1, HEAD)) !== questions) throw new Error("it is for other questions than these.");
  const askable = askableOf(options), checked = BigInt("0x" + hexOf(bytes.subarray(HEAD)));
  let value = checked / CHECK;
  if (checked % CHECK !== value % CHECK) throw new Error("it is damaged.");
  /** @param {bigint} base */
  const take = (base) => {
    const digit = value % base;
    value /= base;
    return digit;
  };
  const count = Number(take(BigInt(askable.length + 1)));
  let rank = take(combinations(askable.length, count));
  /** @type {number[]} */
  const answered = [];
  visit(askable.length, count, (at, without) => {
    const taken = rank >= without;
    if (taken) {
      rank -= without;
      answered.unshift(askable[at]);
    }
    return taken;
  });
  /** @type {GivenAnswers} */
  const answers = new Map();
  for (const number of answered) {
    const digit = Number(take(BigInt(options[number] + 1)));
    answers.set(number, digit ? digit - 1 : null);
  }
  if (value !== 0n) throw new Error("it is damaged.");
  return answers;
}

/**
 * Return the numbers of the questions that have options.
 * @param {number[]} options how many each has
 */
function askableOf(options) {
  return options.flatMap((count, number) => (count ? [number] : []));
}

/** @param {string} text base64url */
function bytesOfText(text) {
  const bytes = text.length > LONGEST ? null : fromBase64Url(text);
  if (!bytes || bytes.length <= HEAD) throw new Error("it is damaged.");
  return bytes;
}

/** @param {string} hex an even number of digits */
function bytesOfHex(hex) {
  return Array.from({ length: hex.length / 2 }, (_, at) => parseInt(hex.slice(2 * at, 2 * at + 2), 16));
}

/** @param {Uint8Array} bytes */
function hexOf(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

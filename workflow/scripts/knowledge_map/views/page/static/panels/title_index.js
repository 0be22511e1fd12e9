// An index of titles. All titles, folded, stand in a few long texts, a line for each; no list of them is kept.

import { searchedText } from "../base/text.js";

const BLOCK = 2000; // titles in one text
const KIND = 1e6; // by so much a better kind of match outweighs a shorter title

/** @typedef {{ first: number, text: string, starts: Uint32Array }} Block first row, its titles, and where they start */
/** @typedef {{ rows: number[], count: number, kept: number }} Found the best rows, best first, how many titles there are, and how many are kept */

export class TitleIndex {
  /** @type {Block[]} */
  #blocks = [];
  /** @type {number} */
  #count;
  /** @type {(row: number) => string} */
  #titleOf;

  /**
   * @param {number} count of titles
   * @param {(row: number) => string} titleOf
   */
  constructor(count, titleOf) {
    this.#count = count;
    this.#titleOf = titleOf;
  }

  /**
   * Fold the titles of the next block; return whether there was one.
   * @returns {boolean}
   */
  foldBlock() {
    const first = this.#blocks.length * BLOCK, n = Math.min(BLOCK, this.#count - first);
    if (n <= 0) return false;
    const starts = new Uint32Array(n + 1), lines = [];
    for (let at = 0; at < n; at++) {
      lines.push(searchedText(this.#titleOf(first + at)));
      starts[at + 1] = starts[at] + lines[at].length + 1;
    }
    this.#blocks.push({ first, text: lines.join("\n") + "\n", starts });
    return true;
  }

  /**
   * Return the rows of all titles that hold some words.
   * @param {string} words
   * @returns {number[]}
   */
  matches(words) {
    /** @type {number[]} */
    const rows = [];
    this.#visit(searchedText(words).trim(), ({ first }, line) => rows.push(first + line));
    return rows;
  }

  /**
   * Return the items whose titles hold some words: titles that begin with them first, and shorter before longer.
   * @param {string} words
   * @param {number} most rows
   * @param {(row: number) => boolean} isKept
   * @returns {Found}
   */
  find(words, most, isKept = () => true) {
    const wanted = searchedText(words).trim();
    /** @type {[number, number][]} */
    const best = []; // rank and row
    let count = 0, kept = 0;
    this.#visit(wanted, ({ first, text, starts }, line, at) => {
      const start = starts[line], end = starts[line + 1];
      count++;
      kept += Number(isKept(first + line));
      // Once there are enough titles that begin with it, others are only counted.
      if (at === start || best.length < most || best[most - 1][0] >= KIND) {
        insert(best, rankOfMatch(text, wanted, start, end, at), first + line, most);
      }
    });
    return { rows: best.map(([, row]) => row), count, kept };
  }

  /**
   * Visit every title that holds what is wanted, at its first match; there is none where nothing is wanted.
   * @param {string} wanted
   * @param {(block: Block, line: number, at: number) => void} visit
   */
  #visit(wanted, visit) {
    if (!wanted) return;
    while (this.foldBlock());
    for (const block of this.#blocks) {
      const { text, starts } = block;
      let line = 0;
      for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, starts[line])) {
        while (starts[line + 1] <= at) line++;
        visit(block, line++, at);
        if (line >= starts.length - 1) break;
      }
    }
  }
}

/**
 * Return the rank of a title for what is wanted, the best being the lowest; Infinity where it does not hold it.
 * @param {string} title
 * @param {string} wanted as it is searched
 * @returns {number}
 */
export function rankOf(title, wanted) {
  const line = searchedText(title), at = line.indexOf(wanted);
  return at < 0 ? Infinity : rankOfMatch(line, wanted, 0, line.length + 1, at);
}

/**
 * @param {string} text
 * @param {string} wanted
 * @param {number} start of the title
 * @param {number} end of the title
 * @param {number} at the first match
 */
function rankOfMatch(text, wanted, start, end, at) {
  return KIND * kindOfMatch(text, wanted, start, end, at) + Math.min(end - start, KIND - 1);
}

/**
 * Return how well the first match in a title serves: 0 the title begins with it, 1 a word does, 2 it is inside a word.
 * @param {string} text
 * @param {string} wanted
 * @param {number} start of the title
 * @param {number} end of the title
 * @param {number} at the first match
 */
function kindOfMatch(text, wanted, start, end, at) {
  if (at === start) return 0;
  for (; at >= 0 && at < end; at = text.indexOf(wanted, at + 1)) if (!/[\p{L}\p{N}]/u.test(text[at - 1])) return 1;
  return 2;
}

/**
 * Keep the rows of lowest rank, in order.
 * @param {[number, number][]} best rank and row
 * @param {number} rank
 * @param {number} row
 * @param {number} most rows
 */
function insert(best, rank, row, most) {
  if (best.length === most && rank >= best[most - 1][0]) return;
  let at = best.length;
  while (at > 0 && best[at - 1][0] > rank) at--;
  best.splice(at, 0, [rank, row]);
  if (best.length > most) best.pop();
}

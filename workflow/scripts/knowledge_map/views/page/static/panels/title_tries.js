// The search index of a page of tiles: tries whose nodes are files. Titles stand by the beginnings of their words, words by what is
// within them; a node holds the best that begin so and that no node above it holds.

import { unpackNumbers } from "../base/carried.js";
import { fetchFile } from "../base/fetching.js";
import { nameAt, textsOf } from "../base/parts.js";
import { searchedText } from "../base/text.js";
import { rankOf } from "./title_index.js";

/** @typedef {import("../base/parts.js").Parts} Parts */
/** @typedef {{ title: string, row: number }} Candidate */
/**
 * @typedef {object} Answer
 * @property {Candidate[]} best at most as many as were asked for, best first
 * @property {number} count titles in all; about so many where not all were looked at
 * @property {boolean} isWhole all were looked at
 */

const KEPT = 80; // nodes that are kept
const MOST_WORDS = 6; // words with what is looked for within them that are looked up
const SHORTEST = 3; // bytes that are looked for within words, at least

const encoder = new TextEncoder();

class Trie {
  #kind;
  #name;
  /** @type {Promise<{ depths: Uint8Array, first: Uint8Array, last: Uint8Array, counts: ArrayLike<number>, digests: Uint8Array, next: Uint32Array }> | null} */
  #nodes = null;
  /** @type {Map<number, Parts>} */
  #kept = new Map();

  /**
   * @param {string} kind of its files
   * @param {string} name of the file that lists them
   */
  constructor(kind, name) {
    this.#kind = kind;
    this.#name = name;
  }

  /** Fetch the list of nodes, once. */
  #list() {
    this.#nodes ??= fetchFile({ kind: "search", name: this.#name }).then(({ parts }) => {
      const depths = bytesOf(parts, "depths"), next = new Uint32Array(depths.length);
      // A node is followed by those below it; `next` is the first one that is not.
      /** @type {number[]} */
      const open = [];
      for (let node = 0; node <= depths.length; node++) {
        while (open.length && (node === depths.length || depths[open[open.length - 1]] >= depths[node])) {
          next[Number(open.pop())] = node;
        }
        open.push(node);
      }
      const [first, last, digests] = ["first", "last", "digests"].map((name) => bytesOf(parts, name));
      return { depths, first, last, counts: unpackNumbers(bytesOf(parts, "counts"), 4), digests, next };
    });
    this.#nodes.catch(() => this.#nodes = null); // the next search tries again
    return this.#nodes;
  }

  /**
   * Return what the nodes hold that may begin with a text, how many entries begin so, and whether the nodes hold all of them.
   * @param {string} text
   */
  async find(text) {
    const { first, last, counts, digests, next } = await this.#list(), bytes = encoder.encode(text), path = [0];
    let at = 0, isWhole = true;
    for (let node = 0;; at++) {
      if (next[node] === node + 1) break; // nothing is below it
      if (at === bytes.length) {
        isWhole = false;
        break;
      }
      let child = node + 1;
      while (child < next[node] && !(first[child] <= bytes[at] && bytes[at] <= last[child])) child = next[child];
      if (child === next[node]) break;
      path.push(node = child);
    }
    const found = await Promise.all(path.map((node) => this.#node(node, digests)));
    return { found, count: counts[path[path.length - 1]], isWhole };
  }

  /**
   * @param {number} node
   * @param {Uint8Array} digests
   * @returns {Promise<Parts>}
   */
  async #node(node, digests) {
    const kept = this.#kept.get(node);
    if (kept) return kept;
    const { parts } = await fetchFile({ kind: this.#kind, name: nameAt(digests, node) });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size < KEPT) break;
      this.#kept.delete(oldest);
    }
    this.#kept.set(node, parts);
    return parts;
  }
}

/**
 * @param {Parts} parts
 * @param {string} name
 */
function bytesOf(parts, name) {
  return /** @type {Uint8Array<ArrayBuffer>} */ (parts.get(name));
}

export class TitleTries {
  #titles;
  #words;

  /** @param {{ titles: string, words: string }} names of the files that list the nodes */
  constructor({ titles, words }) {
    this.#titles = new Trie("titles", titles);
    this.#words = new Trie("words", words);
  }

  /**
   * Return the titles that hold some words: those that begin with them first, then those in which a word does. Rejects with an Error that
   * says in words for people what went wrong.
   * @param {string} words
   * @param {number} most
   * @returns {Promise<Answer>}
   */
  async find(words, most) {
    const wanted = searchedText(words).trim();
    if (!wanted) return { best: [], count: 0, isWhole: true };
    /** @type {Map<number, Candidate & { rank: number }>} */
    const candidates = new Map();
    const begins = await this.#look(wanted, wanted, candidates);
    let { isWhole } = begins;
    if (candidates.size < most) isWhole = await this.#lookWithin(wanted, candidates) && isWhole;
    const best = [...candidates.values()].sort((a, b) => a.rank - b.rank || (a.title < b.title ? -1 : 1)).slice(0, most);
    return { best, count: isWhole ? candidates.size : Math.max(candidates.size, begins.count), isWhole };
  }

  /**
   * Take the titles with a word that begins with a text.
   * @param {string} text
   * @param {string} wanted by which they are ranked
   * @param {Map<number, Candidate & { rank: number }>} candidates
   */
  async #look(text, wanted, candidates) {
    const { found, ...rest } = await this.#titles.find(text);
    for (const parts of found) {
      const rows = unpackNumbers(bytesOf(parts, "rows"), 4), titleOf = textsOf(parts, "titles");
      rows.forEach((row, place) => {
        const title = titleOf(place), rank = rankOf(title, wanted);
        if (rank < Infinity) candidates.set(row, { title, row, rank });
      });
    }
    return rest;
  }

  /**
   * Take the titles that hold what is wanted within a word; return whether all of them were looked at.
   * @param {string} wanted
   * @param {Map<number, Candidate & { rank: number }>} candidates
   */
  async #lookWithin(wanted, candidates) {
    const [part] = /^[\p{L}\p{N}]*/u.exec(wanted) ?? [""], rest = wanted.slice(part.length);
    if (encoder.encode(part).length < SHORTEST) return true;
    const { found, isWhole } = await this.#words.find(part);
    const words = found.flatMap((parts) => {
      const count = bytesOf(parts, "words-lengths").length / 4, wordOf = textsOf(parts, "words");
      return Array.from({ length: count }, (_, place) => wordOf(place));
    }).filter((word) => rest ? word.endsWith(part) && word !== part : word.indexOf(part, 1) > 0);
    await Promise.all(
      words.slice(0, MOST_WORDS).map((word) => {
        return this.#look(rest ? word + rest : word, wanted, candidates);
      }),
    );
    return isWhole && words.length <= MOST_WORDS;
  }
}

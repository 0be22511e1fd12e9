// Which articles are filtered out. Every condition has its set of articles; those in all sets are kept.

import { countBits, hasBit, intersectionOf } from "../base/bits.js";
import { signal } from "../base/signal.js";

/** @typedef {import("../base/bits.js").Bits} Bits */
/** @typedef {[string, ...unknown[]]} Record */
/**
 * @typedef {object} Condition
 * @property {string} text what holds of the articles that are kept
 * @property {Bits} bits these articles
 * @property {Record} record says the same in an address: what the condition is about, and then what has to hold
 * @property {Uint8Array} [allowed] the classes of a column that are kept, where the condition is about one
 */

export class Filter {
  /** @type {Map<string, Condition>} */
  #conditions = new Map();
  /** @type {Bits | null} the articles that are kept; null while nothing is filtered */
  bits = null;
  /** Articles that are kept. */
  count = 0;
  /** Articles in all. */
  total = 0;
  /** @type {import("../base/signal.js").Signal<[]>} other articles are kept */
  changed = signal();

  /**
   * Begin with all articles.
   * @param {number} total
   */
  start(total) {
    this.total = total;
    this.#apply();
  }

  /**
   * Set the condition of a key, or take it off with null.
   * @param {string} key
   * @param {Condition | null} condition
   */
  set(key, condition) {
    if (condition) this.#conditions.set(key, condition);
    else if (!this.#conditions.delete(key)) return;
    this.#apply();
  }

  /**
   * Set these conditions, by their keys, and take all others off.
   * @param {[string, Condition][]} conditions
   */
  setAll(conditions) {
    this.#conditions = new Map(conditions);
    this.#apply();
  }

  /** Take all conditions off. */
  clear() {
    if (!this.#conditions.size) return;
    this.#conditions.clear();
    this.#apply();
  }

  #apply() {
    this.bits = intersectionOf([...this.#conditions.values()].map(({ bits }) => bits));
    this.count = this.bits ? countBits(this.bits) : this.total;
    this.changed();
  }

  /**
   * Return the conditions with their keys, in the order in which they were first set.
   * @returns {[string, Condition][]}
   */
  conditions() {
    return [...this.#conditions];
  }

  /**
   * Return the condition of a key.
   * @param {string} key
   * @returns {Condition | undefined}
   */
  condition(key) {
    return this.#conditions.get(key);
  }

  /**
   * Return the articles that all conditions but that of a key keep; null is every article.
   * @param {string} key
   * @returns {Bits | null}
   */
  bitsWithout(key) {
    const others = this.conditions().filter(([other]) => other !== key);
    return others.length === this.#conditions.size ? this.bits : intersectionOf(others.map(([, { bits }]) => bits));
  }

  /**
   * Return whether an article is kept.
   * @param {number} row
   * @returns {boolean}
   */
  keeps(row) {
    return !this.bits || hasBit(this.bits, row);
  }

  /**
   * Return how many of these articles are kept.
   * @param {Uint32Array} rows
   * @returns {number}
   */
  countKept(rows) {
    if (!this.bits) return rows.length;
    let count = 0;
    for (const row of rows) count += Number(hasBit(this.bits, row));
    return count;
  }
}

/** The filter of this page. */
export const filter = new Filter();

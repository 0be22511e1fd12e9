// Which articles are filtered out. Every condition has its set of articles; those in all sets are kept. In a page of tiles only articles
// that are there are counted and kept.

import { addBit, countBits, emptyBits, hasBit, intersectionOf, removeBit } from "../base/bits.js";
import { signal } from "../base/signal.js";

/** @typedef {import("../base/bits.js").Bits} Bits */
/** @typedef {[string, ...unknown[]]} Record */
/**
 * @typedef {object} Condition
 * @property {string} text what holds of the articles that are kept
 * @property {Bits} bits these articles
 * @property {(row: number) => boolean} [holds] tells of an article that comes later whether it is kept; without it none is
 * @property {Record} record says the same in an address: what the condition is about, and then what has to hold
 * @property {Uint8Array} [allowed] the classes of a column that are kept, where the condition is about one
 */

export class Filter {
  /** @type {Map<string, Condition>} */
  #conditions = new Map();
  /** @type {Bits | null} the articles that are there; null is all */
  #present = null;
  /** @type {Bits | null} the articles that are kept; null is all */
  bits = null;
  #isStale = false; // articles came or went since `bits` were found
  /** Articles that are kept. */
  count = 0;
  /** Articles that are there. */
  total = 0;
  /** @type {import("../base/signal.js").Signal<[]>} other articles are kept */
  changed = signal();

  /**
   * Begin with all articles, or with none where they come and go.
   * @param {number} total
   * @param {boolean} [isWhole] all of them are there
   */
  start(total, isWhole = true) {
    this.#present = isWhole ? null : emptyBits(total);
    this.total = isWhole ? total : 0;
    this.#apply();
  }

  /**
   * Take note that articles came, from a row to the one behind the last. `refresh` tells of it.
   * @param {number} first
   * @param {number} end
   */
  add(first, end) {
    const conditions = [...this.#conditions.values()];
    for (let row = first; row < end; row++) {
      if (this.#present) addBit(this.#present, row);
      for (const { bits, holds } of conditions) if (holds?.(row)) addBit(bits, row);
    }
    this.total += end - first;
    this.#isStale = true;
  }

  /**
   * Take note that articles were dropped, from a row to the one behind the last. `refresh` tells of it.
   * @param {number} first
   * @param {number} end
   */
  remove(first, end) {
    for (let row = first; row < end; row++) if (this.#present) removeBit(this.#present, row);
    this.total -= end - first;
    this.#isStale = true;
  }

  /** Keep of the articles that came what the conditions keep. */
  refresh() {
    if (this.#isStale) this.#apply();
  }

  /** The articles that are there; null is all. */
  get present() {
    return this.#present;
  }

  /** Whether there is a condition. */
  get isOn() {
    return this.#conditions.size > 0;
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
    this.#isStale = false;
    this.bits = this.#intersection([...this.#conditions.values()]);
    this.count = this.bits ? countBits(this.bits) : this.total;
    this.changed();
  }

  /** @param {Condition[]} conditions */
  #intersection(conditions) {
    return intersectionOf([...(this.#present ? [this.#present] : []), ...conditions.map(({ bits }) => bits)]);
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
   * Return the articles that all conditions but that of a key keep; null is all.
   * @param {string} key
   * @returns {Bits | null}
   */
  bitsWithout(key) {
    const others = this.conditions().filter(([other]) => other !== key);
    return others.length === this.#conditions.size ? this.bits : this.#intersection(others.map(([, condition]) => condition));
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

// Carried columns: of each article a number, a date, a text or some tags. Those with classes can be coloured and filtered by.

import { addBit, countBits, countChanges, emptyBits, fullBits, visitChanges } from "./bits.js";
import { numberText } from "./text.js";

/** @typedef {import("./bits.js").Bits} Bits */
/** @typedef {Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>} Numbers */
/** @typedef {"number" | "date" | "category" | "tags" | "text"} Kind */
/**
 * @typedef {object} Head what the page says of a column; the last ones by its kind
 * @property {string} name
 * @property {Kind} kind
 * @property {number} missing articles without a value
 * @property {number} [bytes] of a number, 0 for float32
 * @property {number} [first] a value is (first + number) / scale
 * @property {number} [scale]
 * @property {number[]} [edges] of the bins
 * @property {boolean} [whole] numbers are whole
 * @property {string} [unit] is written behind a number
 * @property {number} [seconds] of one step of a date
 * @property {string} [grain] what a bin of dates spans at least
 */
/** @typedef {{ count: number, textOf: (row: number) => string }} Texts */

/** How much of 2024-05-17T08:30:00 tells a bin of dates. */
const SHOWN = /** @type {Record<string, number>} */ ({ year: 4, month: 7, day: 10, hour: 13, minute: 16, second: 19 });

const ARRAYS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array };

/**
 * Return numbers from their bytes: all first bytes, then all second ones, and so on.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {number} width bytes of a number, 0 for float32
 * @returns {Numbers}
 */
export function unpackNumbers(bytes, width) {
  const size = width || 4, count = bytes.length / size, joined = new Uint8Array(bytes.length);
  for (let plane = 0; plane < size; plane++) {
    for (let at = 0; at < count; at++) joined[at * size + plane] = bytes[plane * count + at];
  }
  return width ? new ARRAYS[/** @type {1 | 2 | 4} */ (width)](joined.buffer) : new Float32Array(joined.buffer);
}

/** @param {Numbers} numbers */
const highestOf = (numbers) => 2 ** (8 * numbers.BYTES_PER_ELEMENT) - 1;

/** A column that is only read. */
export class TextColumn {
  /** Classes that articles are in; an article without a value is in one more, behind them. */
  classCount = 0;
  /** @type {Kind} */
  kind = "text";

  /**
   * @param {string} name
   * @param {number} missing
   * @param {(row: number) => string} textOf
   */
  constructor(name, missing, textOf) {
    this.name = name;
    this.missing = missing;
    this.textOf = textOf;
  }
}

/** How many articles of a set are in each class. From set to set only those are counted that came and that went. */
class ClassCounter {
  /** @type {Bits} the set that was counted last */
  #counted;
  /** @type {Bits} */
  #every;
  #counts;
  #add;

  /**
   * @param {number} rows
   * @param {number} classes
   * @param {(counts: Uint32Array, row: number, times: 1 | -1) => void} add adds the classes of a row to counts, or takes them off
   */
  constructor(rows, classes, add) {
    [this.#counted, this.#every] = [emptyBits(rows), fullBits(rows)];
    this.#counts = new Uint32Array(classes);
    this.#add = add;
  }

  /**
   * Return how many articles are in each class, of those in a set, or of all with null.
   * @param {Bits | null} bits
   * @returns {Uint32Array}
   */
  countsIn(bits) {
    const set = bits ?? this.#every;
    if (countChanges(this.#counted, set) > countBits(set)) {
      this.#counted = this.#counted.map(() => 0);
      this.#counts.fill(0);
    }
    visitChanges(this.#counted, set, (row, isIn) => this.#add(this.#counts, row, isIn ? 1 : -1));
    this.#counted = set;
    return this.#counts.slice();
  }
}

/** A column in which every article is in one class. */
class SingleColumn {
  /** @type {ClassCounter | null} */
  #counter = null;

  /**
   * @param {string} name
   * @param {Kind} kind
   * @param {number} missing
   * @param {number} classCount
   */
  constructor(name, kind, missing, classCount) {
    this.name = name;
    this.kind = kind;
    this.missing = missing;
    this.classCount = classCount;
  }

  /**
   * The class of every article.
   * @returns {Numbers}
   */
  get classes() {
    return new Uint8Array(0);
  }

  /**
   * Return how many articles are in each class, of those in a set, or of all with null; the last are those without a value.
   * @param {Bits | null} bits
   * @returns {Uint32Array}
   */
  countClasses(bits) {
    const { classes } = this;
    this.#counter ??= new ClassCounter(
      classes.length,
      this.classCount + 1,
      (counts, row, times) => counts[classes[row]] += times,
    );
    return this.#counter.countsIn(bits);
  }

  /**
   * Return the articles whose class is allowed.
   * @param {Uint8Array} allowed 0 or 1 for every class, and for no value
   * @returns {Bits}
   */
  rowsIn(allowed) {
    const { classes } = this, bits = emptyBits(classes.length);
    for (let row = 0; row < classes.length; row++) bits[row >>> 5] |= allowed[classes[row]] << (row & 31);
    return bits;
  }

  /**
   * Return whether the class of an article is allowed.
   * @param {number} row
   * @param {Uint8Array} allowed
   */
  isIn(row, allowed) {
    return allowed[this.classes[row]] === 1;
  }
}

/** A column of texts that repeat; the texts are the classes, commonest first. */
export class CategoryColumn extends SingleColumn {
  /**
   * @param {string} name
   * @param {number} missing
   * @param {Texts} names
   * @param {Numbers} codes the highest one that fits stands for no value
   */
  constructor(name, missing, names, codes) {
    super(name, "category", missing, names.count);
    const highest = highestOf(codes);
    this.codes = codes.map((code) => (code === highest ? names.count : code));
    this.className = names.textOf;
  }

  /**
   * Take the codes of articles from a row on.
   * @param {number} first
   * @param {Numbers} codes the highest one that fits stands for no value
   */
  fill(first, codes) {
    const highest = highestOf(codes);
    codes.forEach((code, at) => this.codes[first + at] = code === highest ? this.classCount : code);
  }

  /** @override */
  get classes() {
    return this.codes;
  }

  /**
   * @param {number} row
   * @returns {string}
   */
  textOf(row) {
    return this.codes[row] < this.classCount ? this.className(this.codes[row]) : "";
  }
}

/** A column of numbers or dates; the classes are bins. */
export class NumberColumn extends SingleColumn {
  /** @type {Uint8Array<ArrayBuffer> | null} */
  #classes = null;

  /**
   * @param {Head} head
   * @param {Numbers} numbers the highest one that fits, or not a number, stands for no value
   */
  constructor(head, numbers) {
    super(head.name, head.kind, head.missing, (head.edges ?? []).length - 1);
    this.numbers = numbers;
    this.edges = head.edges ?? [];
    this.head = head;
  }

  /**
   * Return the value of an article; dates are in steps since 1970, and NaN is no value.
   * @param {number} row
   * @returns {number}
   */
  valueAt(row) {
    const number = this.numbers[row];
    if (this.numbers instanceof Float32Array) return number;
    const { first = 0, scale = 1 } = this.head;
    return number === highestOf(this.numbers) ? NaN : (first + number) / scale;
  }

  /**
   * Take the numbers of articles from a row on.
   * @param {number} first
   * @param {Numbers} numbers
   */
  fill(first, numbers) {
    this.numbers.set(numbers, first);
    this.#classes ??= new Uint8Array(this.numbers.length);
    for (let row = first; row < first + numbers.length; row++) this.#classes[row] = this.#binOf(this.valueAt(row));
  }

  /** The bin of every article, found when it is first asked for. @override */
  get classes() {
    this.#classes ??= Uint8Array.from(this.numbers, (_, row) => this.#binOf(this.valueAt(row)));
    return this.#classes;
  }

  /** @param {number} value */
  #binOf(value) {
    if (Number.isNaN(value)) return this.classCount;
    let low = 0, high = this.classCount - 1; // what lies beyond the edges is in the first or the last bin
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (value < this.edges[middle]) high = middle - 1;
      else low = middle;
    }
    return low;
  }

  /**
   * @param {number} number of a bin
   * @returns {string}
   */
  className(number) {
    return this.rangeName(number, number);
  }

  /**
   * Return what a run of bins is called, such as "1990–1999".
   * @param {number} first
   * @param {number} last
   * @returns {string}
   */
  rangeName(first, last) {
    const { whole, kind } = this.head, begin = this.edges[first], end = this.edges[last + 1];
    // Where values are whole, the last one in a bin is told; of others the edge behind it.
    const [from, to] = [this.#edgeText(begin), this.#edgeText(whole || kind === "date" ? end - 1 : end)];
    return (from === to ? from : `${from}–${to}`) + (this.head.unit ?? "");
  }

  /** @param {number} value */
  #edgeText(value) {
    return this.kind === "date" ? this.#dateText(value, SHOWN[this.head.grain ?? "day"]) : numberText(value);
  }

  /**
   * @param {number} steps since 1970
   * @param {number} length
   */
  #dateText(steps, length) {
    return new Date(1000 * steps * (this.head.seconds ?? 1)).toISOString().slice(0, length).replace("T", " ");
  }

  /**
   * @param {number} row
   * @returns {string}
   */
  textOf(row) {
    const value = this.valueAt(row);
    if (Number.isNaN(value)) return "";
    if (this.kind === "date") return this.#dateText(value, this.head.seconds === 1 ? SHOWN.second : SHOWN.day);
    return numberText(value) + (this.head.unit ?? "");
  }

  /**
   * Return the value of an article for a program that reads numbers; a date as people read it.
   * @param {number} row
   * @returns {string}
   */
  dataOf(row) {
    const value = this.valueAt(row);
    if (this.kind === "date" || Number.isNaN(value)) return this.textOf(row);
    return String(this.numbers instanceof Float32Array ? Number(value.toPrecision(5)) : value);
  }
}

/** A column of tags; the tags are the classes, commonest first, and an article may be in several. */
export class TagColumn {
  /** @type {Kind} */
  kind = "tags";
  /** @type {ClassCounter | null} */
  #counter = null;
  /** Codes that are there; behind them is room for more. */
  #used = 0;
  /** @type {Set<number>} the first rows of the articles whose tags were taken */
  #filled = new Set();

  /**
   * @param {string} name
   * @param {number} missing
   * @param {Texts} names
   * @param {Numbers} codes the tags of all articles, one after another
   * @param {Uint8Array} each how many tags each article has
   */
  constructor(name, missing, names, codes, each) {
    this.name = name;
    this.missing = missing;
    this.classCount = names.count;
    this.className = names.textOf;
    this.codes = codes;
    this.each = each;
    this.starts = new Uint32Array(each.length);
    for (let row = 1; row < each.length; row++) this.starts[row] = this.starts[row - 1] + each[row - 1];
    this.#used = codes.length;
  }

  /**
   * Take the tags of articles from a row on.
   * @param {number} first
   * @param {Numbers} codes
   * @param {Uint8Array} each
   */
  fill(first, codes, each) {
    if (this.#filled.has(first)) return; // they have come before, and are still there
    this.#filled.add(first);
    if (this.#used + codes.length > this.codes.length) {
      const bytes = new Uint8Array(2 * (this.#used + codes.length) * codes.BYTES_PER_ELEMENT);
      const larger = unpackNumbers(bytes, codes.BYTES_PER_ELEMENT);
      larger.set(this.codes.subarray(0, this.#used));
      this.codes = larger;
    }
    this.codes.set(codes, this.#used);
    this.each.set(each, first);
    for (let row = first; row < first + each.length; row++) {
      this.starts[row] = this.#used;
      this.#used += this.each[row];
    }
  }

  /**
   * Return the tags of an article, by their numbers.
   * @param {number} row
   */
  tagsOf(row) {
    return this.codes.subarray(this.starts[row], this.starts[row] + this.each[row]);
  }

  /**
   * Return how many articles have each tag, of those in a set, or of all with null; the last are those without any.
   * @param {Bits | null} bits
   * @returns {Uint32Array}
   */
  countClasses(bits) {
    this.#counter ??= new ClassCounter(this.each.length, this.classCount + 1, (counts, row, times) => {
      const tags = this.tagsOf(row);
      if (!tags.length) counts[this.classCount] += times;
      for (const tag of tags) counts[tag] += times;
    });
    return this.#counter.countsIn(bits);
  }

  /**
   * Return the articles with any tag that is allowed.
   * @param {Uint8Array} allowed 0 or 1 for every tag, and for no tag
   * @returns {Bits}
   */
  rowsIn(allowed) {
    const bits = emptyBits(this.each.length);
    for (let row = 0; row < this.each.length; row++) if (this.isIn(row, allowed)) addBit(bits, row);
    return bits;
  }

  /**
   * Return whether an article has any tag that is allowed.
   * @param {number} row
   * @param {Uint8Array} allowed
   */
  isIn(row, allowed) {
    const { codes, starts, each } = this;
    if (!each[row]) return allowed[this.classCount] === 1;
    for (let at = starts[row]; at < starts[row] + each[row]; at++) if (allowed[codes[at]]) return true;
    return false;
  }

  /**
   * @param {number} row
   * @returns {string}
   */
  textOf(row) {
    return Array.from(this.tagsOf(row), (code) => this.className(code)).join(", ");
  }
}

/** @typedef {CategoryColumn | NumberColumn | TagColumn} ClassedColumn */
/** @typedef {ClassedColumn | TextColumn} CarriedColumn */

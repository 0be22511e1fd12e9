// The items of the map, by row: first the articles, then the questions. Numbers stand in typed arrays.

import { CategoryColumn, NumberColumn, TextColumn } from "./carried.js";
import { takeCarried, takeColumn, takeTexts } from "./carriers.js";
import {
  addressOf,
  coordinateOf,
  decodeText,
  neighborsOf,
  stretchOf,
  trustOf,
  unpackPositions,
  unpackSimilarities,
} from "./columns.js";

/**
 * @typedef {object} Label what an area is called
 * @property {string} text
 * @property {number} x in map units
 * @property {number} y
 * @property {"words" | "titles" | "tags"} from where it comes from
 * @property {Uint32Array} rows the articles of the area to which it applies
 * @property {number} of how many articles the area has
 * @property {number[]} examples rows of some of them, the most like the label
 */
/** @typedef {{ grid: number, width: number, labels: Label[] }} LabelLevel `grid` cells a side, each `width` map units wide */
/** @typedef {{ x_min: number, x_max: number, y_min: number, y_max: number }} Region in map units */
/**
 * @typedef {object} Question
 * @property {number} row
 * @property {string} id
 * @property {string} text
 * @property {string[]} options
 * @property {number | null} answer the number of the right option
 * @property {number} difficulty in standard deviations of knowledge
 * @property {number} source the row of the article that it comes from, or -1
 * @property {string[]} [concepts] that it tests
 * @property {import("./rich_text.js").RichText[]} [parts] of its text and of each option, where one has a formula
 */
/**
 * @typedef {object} Domain a group of questions
 * @property {string} name
 * @property {number} level how many domains it is below
 * @property {Region | null} region
 * @property {number[]} questions their numbers
 */
/**
 * @typedef {object} QuizSettings
 * @property {string} map names questions and positions
 * @property {string[]} former the names of the maps from which this one has grown, the last one first
 * @property {string} questions names the questions, with options and answers: 12 hexadecimal digits
 * @property {number} length_scale in map units
 * @property {number} general_level
 * @property {boolean} shuffle_options
 */
/** @typedef {(row: number) => string} TextReader */

class ItemStore {
  /** Rows. */
  count = 0;
  /** Rows that are articles. */
  articleCount = 0;
  /** So many of them, the last ones, were placed on the finished map. */
  placedCount = 0;
  /** x of every row, in map units. */
  x = new Float32Array(0);
  /** y of every row, in map units, upward. */
  y = new Float32Array(0);
  /** @type {string[]} the names of the sources */
  sources = [];
  /** The number of every article's source. */
  source = new Uint8Array(0);
  /** @type {Question[]} in the order of their rows */
  questions = [];
  /** @type {QuizSettings} */
  quiz = { map: "", former: [], questions: "", length_scale: 0, general_level: 0, shuffle_options: false };
  /** @type {Domain[]} each before those below it */
  domains = [];
  /** @type {Region | null} the question region */
  region = null;
  /** @type {LabelLevel[]} the levels of the whole map, coarse to fine */
  levels = [];
  /** @type {LabelLevel[]} the levels of the question region, coarse to fine */
  regionLevels = [];
  /** @type {import("./carried.js").CarriedColumn[]} what the articles carry */
  carried = [];
  /** @type {import("./carried.js").ClassedColumn[]} what one can filter by: the source, if there are several, what is carried, and trust */
  classed = [];
  /** The source of every article, as a column. */
  sourceColumn = sourceColumn([], new Uint8Array(0));
  /** How far the surroundings of every article can be trusted, as a column. */
  trustColumn = trustColumn(new Uint8Array(0));

  /** @type {TextReader} */
  #titles = () => "";
  /** @type {TextReader} */
  #excerpts = () => "";
  /** @type {TextReader} */
  #urls = () => "";
  /** @type {import("./columns.js").AddressRule | null} */
  #addressRule = null;
  #neighbors = new Uint8Array(0);
  #neighborsEach = 0;
  #similarities = new Uint8Array(0);
  #trust = new Uint8Array(0);
  #stretch = new Uint8Array(0);

  /** Unpack what the page carries; nothing else may be asked before. */
  async load() {
    const [head, positions, sources, neighbors, similarities, trust, stretch, labelRows, titles, excerpts, urls] = await Promise
      .all([
        takeColumn("head"),
        takeColumn("positions"),
        takeColumn("sources"),
        takeColumn("neighbors"),
        takeColumn("similarities"),
        takeColumn("trust"),
        takeColumn("stretch"),
        takeColumn("label-rows"),
        takeTexts("titles"),
        takeTexts("excerpts"),
        takeTexts("urls"),
      ]);
    const { questions, levels, region_levels, carried, ...rest } = JSON.parse(decodeText(head));
    ({ articles: this.articleCount, sources: this.sources, quiz: this.quiz, region: this.region, url: this.#addressRule } = rest);
    [this.domains, this.placedCount] = [rest.domains, rest.placed];
    ({ x: this.x, y: this.y } = unpackPositions(positions));
    this.count = this.x.length;
    this.source = sources;
    this.#neighbors = neighbors;
    this.#neighborsEach = neighbors.length / 3 / this.count;
    this.#similarities = unpackSimilarities(similarities, this.count);
    [this.#trust, this.#stretch] = [trust, stretch];
    [this.#titles, this.#excerpts, this.#urls] = [titles.textOf, excerpts.textOf, urls.textOf];
    const unpack = levelUnpacker(new Uint32Array(labelRows.buffer));
    [this.levels, this.regionLevels] = [levels.map(unpack), region_levels.map(unpack)];
    this.questions = questions.map((/** @type {Question} */ question, /** @type {number} */ number) => {
      const row = this.articleCount + number;
      return { ...question, row, text: titles.textOf(row) };
    });
    this.carried = await takeCarried(carried);
    this.classed = this.carried.flatMap((column) => column instanceof TextColumn ? [] : [column]);
    this.sourceColumn = sourceColumn(this.sources, sources);
    if (this.sources.length > 1) this.classed.unshift(this.sourceColumn);
    this.trustColumn = trustColumn(trust.subarray(0, this.articleCount));
    if (this.trustColumn.missing < this.articleCount) this.classed.push(this.trustColumn);
  }

  /**
   * Return whether an item is a question.
   * @param {number} row
   * @returns {boolean}
   */
  isQuestion(row) {
    return row >= this.articleCount;
  }

  /**
   * Return whether an item is an article that was placed on the finished map.
   * @param {number} row
   * @returns {boolean}
   */
  isPlaced(row) {
    return row < this.articleCount && row >= this.articleCount - this.placedCount;
  }

  /**
   * Return the position of an item, x and y, in map units.
   * @param {number} row
   * @returns {[number, number]}
   */
  position(row) {
    return [this.x[row], this.y[row]];
  }

  /**
   * Return the title of an article, or the text of a question.
   * @param {number} row
   * @returns {string}
   */
  title(row) {
    const title = this.#titles(row);
    return /\S/.test(title) ? title : "(no title)";
  }

  /**
   * Return the first words of an article, or "".
   * @param {number} row
   * @returns {string}
   */
  excerpt(row) {
    return this.#excerpts(row);
  }

  /**
   * Return the address of an item, or "" where it has none of the web.
   * @param {number} row
   * @returns {string}
   */
  url(row) {
    return addressOf(this.#urls(row), this.#titles(row), this.#addressRule);
  }

  /**
   * Return the rows of the items nearest in meaning, nearest first.
   * @param {number} row
   * @returns {number[]}
   */
  neighbors(row) {
    return neighborsOf(this.#neighbors, row, this.#neighborsEach);
  }

  /**
   * Return the cosine similarity of an item to its neighbor of a rank, to 1/255.
   * @param {number} row
   * @param {number} rank 0 for the nearest one
   * @returns {number}
   */
  similarity(row, rank) {
    return this.#similarities[rank * this.count + row] / 255;
  }

  /**
   * Return which share of the articles nearest to an item in meaning are among as many nearest on the map.
   * @param {number} row
   * @returns {number | null} 0 to 1; null where no article is known to be near
   */
  trust(row) {
    return trustOf(this.#trust[row]);
  }

  /**
   * Return how far on the map the articles nearest to an item in meaning lie, as a multiple of what is usual.
   * @param {number} row
   * @returns {number | null} null where no article is known to be near
   */
  stretch(row) {
    return stretchOf(this.#stretch[row]);
  }
}

/**
 * Return trust as a column of whole percents.
 * @param {Uint8Array<ArrayBuffer>} bytes
 */
function trustColumn(bytes) {
  const percents = bytes.map((byte) => Math.round(100 * (trustOf(byte) ?? 2.55))); // 255 is no value
  const missing = percents.reduce((count, percent) => count + Number(percent === 255), 0);
  const edges = [...Array(10).keys()].map((tenth) => 10 * tenth);
  return new NumberColumn({ name: "Trust", kind: "number", missing, whole: true, edges: [...edges, 101], unit: " %" }, percents);
}

/**
 * Return the sources as a column; those beyond the commonest 255 have no names.
 * @param {string[]} names
 * @param {Uint8Array<ArrayBuffer>} numbers
 */
function sourceColumn(names, numbers) {
  const missing = numbers.reduce((count, number) => count + Number(number === 255), 0);
  return new CategoryColumn("Source", missing, { count: names.length, textOf: (number) => names[number] }, numbers);
}

/**
 * @typedef {object} PackedLevel columns of labels; positions are in steps, `applies` says how many rows each label has
 * @property {number} grid
 * @property {number} width
 * @property {string[]} labels
 * @property {number[]} x
 * @property {number[]} y
 * @property {Label["from"][]} from
 * @property {number[]} applies
 * @property {number[]} of
 * @property {number[][]} examples
 */

/**
 * Return what unpacks one level after another.
 * @param {Uint32Array} distances of each label's rows, each from the row before
 * @returns {(level: PackedLevel) => LabelLevel}
 */
function levelUnpacker(distances) {
  let start = 0;
  /** @param {number} count */
  const takeRows = (count) => {
    let row = 0;
    const rows = distances.subarray(start, start += count);
    return rows.map((distance) => row += distance);
  };
  return ({ grid, width, labels, x, y, from, applies, of, examples }) => ({
    grid,
    width,
    labels: labels.map((text, n) => ({
      text,
      x: coordinateOf(x[n]),
      y: coordinateOf(y[n]),
      from: from[n],
      rows: takeRows(applies[n]),
      of: of[n],
      examples: examples[n],
    })),
  });
}

/** The items of this page. */
export const store = new ItemStore();

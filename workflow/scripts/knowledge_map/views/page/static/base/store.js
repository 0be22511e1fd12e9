// The items of the map, by row: first the articles, then the questions. Numbers stand in typed arrays.

import { CategoryColumn, NumberColumn, TagColumn, TextColumn, unpackNumbers } from "./carried.js";
import { takeCarried, takeColumn, takeEmptyCarried, takeTexts } from "./carriers.js";
import {
  addressOf,
  coordinateOf,
  decodeText,
  neighborsOf,
  stepsOf,
  stretchOf,
  trustOf,
  unpackPositions,
  unpackSimilarities,
} from "./columns.js";
import { textsOf } from "./parts.js";
import { Quadtree } from "./quadtree.js";
import { signal } from "./signal.js";
import { TileItems } from "./tile_items.js";
import { showToast } from "./toast.js";

/**
 * @typedef {object} Label what an area is called
 * @property {string} text
 * @property {number} x in map units
 * @property {number} y
 * @property {"words" | "titles" | "tags"} from where it comes from
 * @property {number} applies to how many articles of the area it applies
 * @property {Uint32Array | null} rows these articles; null where the page does not know them
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
/** @typedef {import("./geometry.js").Box} Box */
/** @typedef {(row: number) => string} TextReader */

class ItemStore {
  /** Rows. */
  count = 0;
  /** Rows that are articles. */
  articleCount = 0;
  /** So many of them, the last ones, were placed on the finished map. */
  placedCount = 0;
  /** x of every row, in steps: half the room of map units. */
  xSteps = new Uint16Array(0);
  /** y of every row, in steps, upward. */
  ySteps = new Uint16Array(0);
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

  /** @type {Box} the box that all items fill, in map units */
  bounds = [0, 1, 0, 1];
  /** @type {TileItems | null} in a page of tiles, which articles are there; in others all are */
  tiles = null;
  /** @type {Uint32Array | null} in a page of tiles, how many articles lie in each cell of a raster over the map, the lowest row first */
  density = null;
  /** @type {{ titles: string, words: string } | null} in a page of tiles, the files of the search index */
  search = null;
  /** In a page of tiles: the labels came. */
  /** @type {import("./signal.js").Signal<[]>} */
  labelsArrived = signal();

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
  /** @type {number[][]} in a page of tiles, the articles near each question */
  #nearQuestions = [];

  /** Unpack what the page carries; nothing else may be asked before. */
  async load() {
    const head = JSON.parse(decodeText(await takeColumn("head")));
    ({ articles: this.articleCount, sources: this.sources, quiz: this.quiz, region: this.region, url: this.#addressRule } = head);
    [this.domains, this.placedCount] = [head.domains, head.placed];
    this.count = this.articleCount + head.questions.length;
    this.questions = head.questions.map((/** @type {Question} */ question, /** @type {number} */ number) => {
      return { ...question, row: this.articleCount + number };
    });
    await (head.tiles ? this.#loadTiles(head) : this.#loadColumns(head));
    this.classed = this.carried.flatMap((column) => column instanceof TextColumn ? [] : [column]);
    if (this.sources.length > 1) this.classed.unshift(this.sourceColumn);
    if (this.trustColumn.missing < this.articleCount) this.classed.push(this.trustColumn);
  }

  /**
   * Take the items of a page of one file, all of which it carries.
   * @param {any} head
   */
  async #loadColumns(head) {
    const [positions, sources, neighbors, similarities, trust, stretch, labelRows, titles, excerpts, urls] = await Promise.all([
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
    ({ x: this.xSteps, y: this.ySteps } = unpackPositions(positions));
    /** @param {Uint16Array} steps */
    const ends = (steps) => [steps.reduce((a, b) => Math.min(a, b), stepsOf(1)), steps.reduce((a, b) => Math.max(a, b), 0)];
    this.bounds = /** @type {Box} */ ([...ends(this.xSteps), ...ends(this.ySteps)].map(coordinateOf));
    this.source = sources;
    this.#neighbors = neighbors;
    this.#neighborsEach = neighbors.length / 3 / this.count;
    this.#similarities = unpackSimilarities(similarities, this.count);
    [this.#trust, this.#stretch] = [trust, stretch];
    [this.#titles, this.#excerpts, this.#urls] = [titles.textOf, excerpts.textOf, urls.textOf];
    const unpack = levelUnpacker(new Uint32Array(labelRows.buffer));
    [this.levels, this.regionLevels] = [head.levels.map(unpack), head.region_levels.map(unpack)];
    for (const question of this.questions) question.text = titles.textOf(question.row);
    this.carried = await takeCarried(head.carried);
    this.sourceColumn = sourceColumn(this.sources, sources);
    this.trustColumn = trustColumn(trust.subarray(0, this.articleCount));
  }

  /**
   * Make room for the items of a page of tiles; no article is there yet.
   * @param {any} head
   */
  async #loadTiles(head) {
    /** @type {(number: number, row: number) => string} */
    const carriedText = (number, row) => tiles.detail(row, ({ parts }, place) => textsOf(parts, `carried-${number}`)(place), "");
    const [tree, digests, density, carried] = await Promise.all([
      takeColumn("tree"),
      takeColumn("digests"),
      takeColumn("density"),
      takeEmptyCarried(head.carried, this.articleCount, carriedText),
    ]);
    const count = tree.length / 5, counts = /** @type {Uint32Array} */ (unpackNumbers(tree.slice(count), 4)); // a byte, then four
    const tiles = new TileItems(new Quadtree(tree.subarray(0, count), counts), digests, head.tiles, (first, parts) => {
      this.#fillTile(first, parts);
    });
    this.tiles = tiles;
    this.density = /** @type {Uint32Array} */ (unpackNumbers(density, 4));
    this.search = head.tiles.search;
    this.bounds = head.tiles.bounds.map(coordinateOf);
    [this.xSteps, this.ySteps] = [new Uint16Array(this.count), new Uint16Array(this.count)];
    this.questions.forEach((question, number) => {
      const { text, x, y, near } = head.tiles.questions[number];
      question.text = text;
      [this.xSteps[question.row], this.ySteps[question.row]] = [x, y];
      this.#nearQuestions.push(near.map((/** @type {[number, string, string]} */ [row, title, url]) => {
        tiles.pin(row, title, url);
        return row;
      }));
    });
    const textOf = (/** @type {number} */ row) => this.questions[row - this.articleCount].text;
    this.#titles = (row) => this.isQuestion(row) ? textOf(row) : tiles.title(row) ?? "…";
    this.#excerpts = (row) => this.isQuestion(row) ? "" : tiles.detail(row, ({ excerptOf }, place) => excerptOf(place), "");
    this.#urls = (row) => this.isQuestion(row) ? "" : tiles.url(row);
    this.source = new Uint8Array(this.articleCount);
    this.#trust = new Uint8Array(this.articleCount);
    this.carried = carried;
    const { sources, trust } = head.tiles.missing;
    this.sourceColumn = Object.assign(sourceColumn(this.sources, new Uint8Array(this.articleCount)), { missing: sources });
    this.trustColumn = Object.assign(trustColumn(new Uint8Array(this.articleCount)), { missing: trust });
    tiles.ahead = [{ file: { kind: "labels", name: head.tiles.labels }, take: ({ parts }) => this.#takeLabels(parts) }];
  }

  /**
   * Take the columns of the articles of a tile.
   * @param {number} first
   * @param {import("./parts.js").Parts} parts
   */
  #fillTile(first, parts) {
    /** @param {string} name */
    const bytes = (name) => parts.get(name) ?? new Uint8Array(0);
    const steps = unpackNumbers(bytes("positions"), 2), count = steps.length / 2;
    this.xSteps.set(steps.subarray(0, count), first);
    this.ySteps.set(steps.subarray(count), first);
    this.source.set(bytes("sources"), first);
    this.sourceColumn.fill(first, bytes("sources"));
    this.#trust.set(bytes("trust"), first);
    this.trustColumn.fill(first, trustPercents(bytes("trust")));
    this.carried.forEach((column, number) => {
      if (column instanceof TextColumn) return;
      const values = bytes(`carried-${number}`);
      if (column instanceof TagColumn) {
        column.fill(first, unpackNumbers(values, column.codes.BYTES_PER_ELEMENT), bytes(`carried-${number}-each`));
      } else if (column instanceof NumberColumn) column.fill(first, unpackNumbers(values, column.head.bytes ?? 1));
      else column.fill(first, unpackNumbers(values, column.codes.BYTES_PER_ELEMENT));
    });
  }

  /** @param {import("./parts.js").Parts} parts */
  #takeLabels(parts) {
    const { levels, region_levels } = JSON.parse(decodeText(/** @type {Uint8Array} */ (parts.get("labels"))));
    const unpack = levelUnpacker(null);
    for (const { examples, titles } of [...levels, ...region_levels]) {
      const names = titles.flat();
      examples.flat().forEach((/** @type {number} */ row, /** @type {number} */ at) => this.tiles?.pin(row, names[at]));
    }
    [this.levels, this.regionLevels] = [levels.map(unpack), region_levels.map(unpack)];
    this.labelsArrived();
  }

  // ---- What is there ----

  /**
   * Return the articles that are there, as runs of rows, each from its first row to the one behind its last.
   * @returns {[number, number][]}
   */
  runs() {
    if (!this.tiles) return [[0, this.articleCount]];
    const { tree } = this.tiles;
    return Array.from(this.tiles.loadedTiles(), (tile) => [tree.first[tile], tree.first[tile + 1]]);
  }

  /**
   * Return whether an item is there.
   * @param {number} row
   * @returns {boolean}
   */
  isThere(row) {
    return !this.tiles || this.isQuestion(row) || this.tiles.has(row);
  }

  /**
   * Return whether the title of an item is known.
   * @param {number} row
   * @returns {boolean}
   */
  hasTitle(row) {
    return !this.tiles || this.isQuestion(row) || this.tiles.title(row) !== undefined;
  }

  /**
   * Do something once items are there, at once if they are.
   * @param {number[]} rows
   * @param {() => void} action
   * @param {(reason: string) => void} [failed] called where they did not come
   */
  whenThere(rows, action, failed = tellMissing) {
    const { tiles } = this, missing = rows.filter((row) => !this.isThere(row));
    if (tiles && missing.length) {
      tiles.need(missing.map((row) => tiles.tree.tileOf(row))).then(action, ({ message }) => failed(message));
    } else action();
  }

  /**
   * Do something once all that is known of items is there, at once if it is.
   * @param {number[]} rows
   * @param {() => void} action
   * @param {(reason: string) => void} [failed] called where it did not come
   */
  whenDetailed(rows, action, failed = tellMissing) {
    const { tiles } = this, missing = tiles ? rows.filter((row) => !this.isQuestion(row) && !tiles.hasDetails(row)) : [];
    if (tiles && missing.length) tiles.needDetails(missing).then(action, ({ message }) => failed(message));
    else action();
  }

  /**
   * Do something once the articles around a position are there, at once if they are.
   * @param {number} x
   * @param {number} y
   * @param {() => void} action
   */
  whenAround(x, y, action) {
    const { tiles } = this, path = tiles ? tiles.tree.pathTo(x, y).filter((tile) => !tiles.hasTile(tile)) : [];
    if (tiles && path.length) tiles.need(path).then(action, ({ message }) => tellMissing(message));
    else action();
  }

  // ---- Items ----

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
    return [this.xOf(row), this.yOf(row)];
  }

  /**
   * @param {number} row
   * @returns {number}
   */
  xOf(row) {
    return coordinateOf(this.xSteps[row]);
  }

  /**
   * @param {number} row
   * @returns {number}
   */
  yOf(row) {
    return coordinateOf(this.ySteps[row]);
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
    if (!this.tiles) return neighborsOf(this.#neighbors, row, this.#neighborsEach);
    if (this.isQuestion(row)) return this.#nearQuestions[row - this.articleCount];
    return this.tiles.detail(row, ({ neighborsOf }, place) => neighborsOf(place), []);
  }

  /**
   * Return the cosine similarity of an item to its neighbor of a rank, to 1/255.
   * @param {number} row
   * @param {number} rank 0 for the nearest one
   * @returns {number}
   */
  similarity(row, rank) {
    if (this.tiles) return this.tiles.detail(row, ({ similarityOf }, place) => similarityOf(place, rank), 0);
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
    return this.tiles
      ? this.tiles.detail(row, ({ stretch }, place) => stretchOf(stretch[place]), null)
      : stretchOf(this.#stretch[row]);
  }
}

/** @param {string} reason */
function tellMissing(reason) {
  showToast(`A part of the map did not come: ${reason}.`);
}

/**
 * Return trust in whole percents, 255 being no value.
 * @param {Uint8Array<ArrayBuffer>} bytes
 */
function trustPercents(bytes) {
  return bytes.map((byte) => Math.round(100 * (trustOf(byte) ?? 2.55)));
}

/**
 * Return trust as a column of whole percents.
 * @param {Uint8Array<ArrayBuffer>} bytes
 */
function trustColumn(bytes) {
  const percents = trustPercents(bytes);
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
 * @param {Uint32Array | null} distances of each label's rows, each from the row before; null where the page does not have them
 * @returns {(level: PackedLevel) => LabelLevel}
 */
function levelUnpacker(distances) {
  let start = 0;
  /** @param {number} count */
  const takeRows = (count) => {
    let row = 0;
    if (!distances) return null;
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
      applies: applies[n],
      rows: takeRows(applies[n]),
      of: of[n],
      examples: examples[n],
    })),
  });
}

/** The items of this page. */
export const store = new ItemStore();

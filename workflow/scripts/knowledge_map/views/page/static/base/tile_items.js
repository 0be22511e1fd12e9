// The articles of a page of tiles: which are there, their texts, and fetching those that are not.

import { neighborsOf, unpackSimilarities } from "./columns.js";
import { fetchFile, fetchForView } from "./fetching.js";
import { nameAt, textsOf } from "./parts.js";
import { signal } from "./signal.js";

/** @typedef {import("./parts.js").Parts} Parts */
/** @typedef {import("./quadtree.js").Quadtree} Quadtree */
/** @typedef {import("./fetching.js").Unpacked} Unpacked */
/** @typedef {{ file: import("./fetching.js").File, take: (content: Unpacked) => void }} Wanted a file, and what takes it */
/** @typedef {(row: number) => string} TextReader */
/** @typedef {{ titleOf: TextReader, bytes: number }} Tile the titles of a tile, by their places in it, and how long they are */
/**
 * @typedef {object} Details what stands in the cards of some articles, by their places among these
 * @property {number} first their first row
 * @property {TextReader} excerptOf
 * @property {TextReader} urlOf as the column has it
 * @property {(place: number) => number[]} neighborsOf
 * @property {(place: number, rank: number) => number} similarityOf
 * @property {Uint8Array} stretch
 * @property {Parts} parts
 */

const MOST_BYTES = 12e6; // of titles: beyond, those of tiles that were in view longest ago are dropped
const MOST_DETAILS = 200; // files of details that are kept

export class TileItems {
  /** Articles came: from a row to the one behind the last. */
  /** @type {import("./signal.js").Signal<[number, number]>} */
  arrived = signal();
  /** Articles were dropped. */
  /** @type {import("./signal.js").Signal<[number, number]>} */
  left = signal();

  /** The tiles. */
  tree;
  /** @type {Wanted[]} files that are fetched before all tiles but the first, until they have come */
  ahead = [];
  #digests;
  #neighborsEach;
  #detailsEach;
  #fill;
  /** @type {Map<number, Tile>} the tiles that are there, those in view longest ago first */
  #tiles = new Map();
  #bytes = 0;
  /** @type {Map<number, Details>} the same of files of details */
  #details = new Map();
  /** The first file of details of each tile. */
  #firstDetails;
  /** @type {Map<number, { title: string, url: string }>} what is known of articles whatever tiles are there */
  #pinned = new Map();

  /**
   * @param {Quadtree} tree
   * @param {Uint8Array} digests of the tiles, and behind them of the files of details
   * @param {{ details_each: number, neighbors: number }} sizes articles of a file of details, and neighbors of an article
   * @param {(first: number, parts: Parts) => void} fill takes the columns of the articles from a row on
   */
  constructor(tree, digests, sizes, fill) {
    this.tree = tree;
    this.#digests = digests;
    this.#detailsEach = sizes.details_each;
    this.#neighborsEach = sizes.neighbors;
    this.#fill = fill;
    this.#firstDetails = new Uint32Array(tree.count + 1);
    for (let tile = 0; tile < tree.count; tile++) {
      this.#firstDetails[tile + 1] = this.#firstDetails[tile] + Math.ceil(tree.size(tile) / sizes.details_each);
    }
  }

  // ---- Tiles ----

  /**
   * Return whether a tile is there.
   * @param {number} tile
   */
  hasTile(tile) {
    return this.#tiles.has(tile);
  }

  /** Return the tiles that are there. */
  loadedTiles() {
    return this.#tiles.keys();
  }

  /**
   * Return whether an article is there.
   * @param {number} row
   */
  has(row) {
    return this.#tiles.has(this.tree.tileOf(row));
  }

  /**
   * Fetch the tiles in view that are not there, and drop others where there are too many.
   * @param {number[]} tiles in the order in which they are wanted
   */
  view(tiles) {
    for (const tile of tiles) this.#use(tile);
    const inView = new Set(tiles);
    for (const tile of this.#tiles.keys()) {
      if (this.#bytes <= MOST_BYTES) break;
      if (!inView.has(tile)) this.#drop(tile);
    }
    const ahead = (this.#tiles.size ? this.ahead : []).map(({ file, take }) => ({
      file,
      take: (/** @type {Unpacked} */ content) => this.#takeAhead(file, take, content),
    }));
    const missing = tiles.filter((tile) => !this.#tiles.has(tile) && this.tree.size(tile));
    const files = missing.map((tile) => {
      return { file: this.#fileOf(tile), take: (/** @type {Unpacked} */ { parts }) => this.#take(tile, parts) };
    });
    fetchForView([...ahead, ...files]);
  }

  /**
   * @param {import("./fetching.js").File} file
   * @param {Wanted["take"]} take
   * @param {Unpacked} content
   */
  #takeAhead(file, take, content) {
    this.ahead = this.ahead.filter((other) => other.file !== file);
    take(content);
  }

  /**
   * Fetch tiles that somebody waits for. Rejects with an Error that says in words for people what went wrong.
   * @param {number[]} tiles
   */
  async need(tiles) {
    await Promise.all(
      [...new Set(tiles)].filter((tile) => !this.#tiles.has(tile)).map(async (tile) => {
        this.#take(tile, (await fetchFile(this.#fileOf(tile))).parts);
      }),
    );
  }

  /** @param {number} tile */
  #fileOf(tile) {
    return { kind: "tiles", name: nameAt(this.#digests, tile), count: this.tree.size(tile) };
  }

  /**
   * @param {number} tile
   * @param {Parts} parts
   */
  #take(tile, parts) {
    if (this.#tiles.has(tile)) return;
    const bytes = parts.get("titles")?.length ?? 0, [first, end] = this.tree.first.subarray(tile, tile + 2);
    this.#tiles.set(tile, { titleOf: textsOf(parts, "titles"), bytes });
    this.#bytes += bytes;
    this.#fill(first, parts);
    this.arrived(first, end);
  }

  /** @param {number} tile */
  #drop(tile) {
    this.#bytes -= this.#tiles.get(tile)?.bytes ?? 0;
    this.#tiles.delete(tile);
    this.left(this.tree.first[tile], this.tree.first[tile + 1]);
  }

  /** @param {number} tile */
  #use(tile) {
    const used = this.#tiles.get(tile);
    if (!used) return;
    this.#tiles.delete(tile);
    this.#tiles.set(tile, used); // is the last one now
  }

  /**
   * Keep what is known of an article.
   * @param {number} row
   * @param {string} title
   * @param {string} [url] as the column has it
   */
  pin(row, title, url = "") {
    this.#pinned.set(row, { title, url: url || (this.#pinned.get(row)?.url ?? "") });
  }

  /**
   * Return the title of an article; undefined where it is not known.
   * @param {number} row
   */
  title(row) {
    const tile = this.tree.tileOf(row), loaded = this.#tiles.get(tile);
    return loaded ? loaded.titleOf(row - this.tree.first[tile]) : this.#pinned.get(row)?.title;
  }

  // ---- Details ----

  /** @param {number} row */
  #detailsOf(row) {
    const tile = this.tree.tileOf(row);
    return this.#firstDetails[tile] + Math.floor((row - this.tree.first[tile]) / this.#detailsEach);
  }

  /**
   * Return whether the details of an article are there.
   * @param {number} row
   */
  hasDetails(row) {
    return this.#details.has(this.#detailsOf(row));
  }

  /**
   * Fetch the details of articles. Rejects with an Error that says in words for people what went wrong.
   * @param {number[]} rows
   */
  async needDetails(rows) {
    /** @type {Map<number, number>} */
    const missing = new Map(); // files, and one of their articles
    for (const row of rows) if (!this.hasDetails(row)) missing.set(this.#detailsOf(row), row);
    await Promise.all([...missing].map(async ([file, row]) => {
      const tile = this.tree.tileOf(row), place = row - this.tree.first[tile], begin = place - (place % this.#detailsEach);
      const count = Math.min(this.#detailsEach, this.tree.size(tile) - begin),
        name = nameAt(this.#digests, this.tree.count + file);
      const { parts } = await fetchFile({ kind: "details", name, count });
      for (const oldest of this.#details.keys()) {
        if (this.#details.size < Math.max(MOST_DETAILS, missing.size)) break;
        this.#details.delete(oldest);
      }
      this.#details.set(file, detailsFrom(parts, this.tree.first[tile] + begin, count, this.#neighborsEach));
    }));
  }

  /**
   * Return something of the details of an article; `missing` where they are not there.
   * @template T
   * @param {number} row
   * @param {(details: Details, place: number) => T} read
   * @param {T} missing
   * @returns {T}
   */
  detail(row, read, missing) {
    const details = this.#details.get(this.#detailsOf(row));
    return details ? read(details, row - details.first) : missing;
  }

  /**
   * Return the address of an article as the column has it, or "".
   * @param {number} row
   */
  url(row) {
    return this.detail(row, ({ urlOf }, place) => urlOf(place), this.#pinned.get(row)?.url ?? "");
  }
}

/**
 * @param {Parts} parts
 * @param {number} first
 * @param {number} count
 * @param {number} each neighbors of an article
 * @returns {Details}
 */
function detailsFrom(parts, first, count, each) {
  /** @param {string} name */
  const bytes = (name) => /** @type {Uint8Array<ArrayBuffer>} */ (parts.get(name));
  const neighbors = bytes("neighbors"), similarities = unpackSimilarities(bytes("similarities"), count);
  return {
    first,
    excerptOf: textsOf(parts, "excerpts"),
    urlOf: textsOf(parts, "urls"),
    neighborsOf: (place) => neighborsOf(neighbors, place, each),
    similarityOf: (place, rank) => similarities[rank * count + place] / 255,
    stretch: bytes("stretch"),
    parts,
  };
}

// Which articles are shown. In a page of one file all are, always; in a page of tiles those of the tiles in view, as they come.

import { forgetFailures } from "../base/fetching.js";
import { store } from "../base/store.js";
import { camera } from "./camera.js";
import { filter } from "./filter.js";
import { flightBegan, isFlying } from "./navigation.js";
import { articlePoints, redraw } from "./renderer.js";
import { articleIndex } from "./spatial_index.js";

/** @typedef {import("../base/tile_items.js").TileItems} TileItems */
/** @typedef {import("./camera.js").View} View */

const NARROWEST = 170; // pixels of the screen that a tile must be wide to be shown; the coarsest always is
const CELLS = 16; // of a side of a tile, in which its articles are indexed
const REFRESH = 300; // milliseconds after which what came is counted and filtered

let frame = 0;
/** @type {Set<number>} */
let shownTiles = new Set();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let refreshing;
/** @type {View} */
let destination = [0, 0, 1]; // of the flight that is under way, if one is

/**
 * Return the tiles that a view shows, whether they are there or not.
 * @param {TileItems} tiles
 * @param {View} view
 */
function tilesOf({ tree }, [x, y, scale]) {
  const [across, along] = [camera.width / 2 / scale, camera.height / 2 / scale];
  const isClosest = camera.clampScale(1.01 * scale) < 1.01 * scale; // one cannot zoom in to see more
  return tree.inView([x - across, x + across, y - along, y + along], isClosest ? 0 : NARROWEST / scale);
}

/**
 * Fetch what the view shows, or will show when a flight ends, and show what of it is there.
 * @param {TileItems} tiles
 */
function follow(tiles) {
  frame = 0;
  const inView = tilesOf(tiles, [camera.x, camera.y, camera.scale]);
  tiles.view(isFlying() ? tilesOf(tiles, destination) : inView);
  const shown = inView.filter((tile) => tiles.hasTile(tile)), { tree } = tiles;
  articleIndex.show(shown);
  // Tiles of a level lie side by side, those of several above each other: densities of levels add up.
  /** @type {Map<number, number[]>} */
  const densities = new Map();
  for (const tile of shown) {
    densities.set(tree.level[tile], [...(densities.get(tree.level[tile]) ?? []), tree.size(tile) * 4 ** tree.level[tile]]);
  }
  const mean = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const density = [...densities.values()].reduce((sum, values) => sum + mean(values), 0);
  shownTiles = new Set(shown);
  articlePoints.show(shown, shown.reduce((sum, tile) => sum + tree.size(tile), 0), density, !hasAllIn(camera.visibleBox()));
  redraw();
}

/**
 * Return whether all articles of a box are shown.
 * @param {import("../base/geometry.js").Box} box
 * @returns {boolean}
 */
export function hasAllIn(box) {
  return !store.tiles || store.tiles.tree.hasAllIn(box, (tile) => shownTiles.has(tile));
}

/** Fetch again what did not come. */
export function tryAgain() {
  forgetFailures();
  if (store.tiles) follow(store.tiles);
}

/** Show the articles. */
export function startShownArticles() {
  const { tiles } = store;
  if (!tiles) {
    articlePoints.add(0, 0, store.articleCount);
    return articlePoints.show([0], store.articleCount, store.articleCount);
  }
  const followSoon = () => {
    frame ||= requestAnimationFrame(() => follow(tiles));
  };
  const refreshSoon = () => {
    refreshing ??= setTimeout(() => {
      refreshing = undefined;
      filter.refresh();
    }, REFRESH);
  };
  tiles.arrived.listen((first, end) => {
    const tile = tiles.tree.tileOf(first);
    articleIndex.add(tile, tiles.tree.box(tile), CELLS, first, end);
    articlePoints.add(tile, first, end);
    filter.add(first, end);
    followSoon();
    refreshSoon();
  });
  tiles.left.listen((first, end) => {
    const tile = tiles.tree.tileOf(first);
    articleIndex.remove(tile);
    articlePoints.remove(tile);
    filter.remove(first, end);
    refreshSoon();
  });
  store.labelsArrived.listen(redraw);
  camera.changed.listen(followSoon);
  flightBegan.listen((view) => {
    destination = view;
    followSoon();
  });
}

/**
 * Return whether all is there that the view shows, and counted.
 * @returns {boolean}
 */
export function isLoaded() {
  const { tiles } = store;
  return !tiles ||
    (!frame && !refreshing && tilesOf(tiles, [camera.x, camera.y, camera.scale]).every((tile) => tiles.hasTile(tile)));
}

// The regions of which most and least is known, named by the labels of the map.

import { store } from "../base/store.js";
import { articleIndex } from "../map/spatial_index.js";

/** @typedef {import("./estimate.js").KnowledgeEstimate} KnowledgeEstimate */
/** @typedef {import("../base/store.js").Label} Label */
/** @typedef {{ x: number, y: number, known: number }} Spot a position, and the share known there, 0 to 1 */
/** @typedef {Spot & { text: string }} KnowledgeRegion a spot and the name of what lies around it */

const MOST = 3; // regions of each kind
const TOLD = 0.1; // certainty from which a region is spoken of
const STRONG = 0.5; // share known from which a region counts as strong
const LESS = 0.05; // by how much less must be known of a weak region than of the strongest

/**
 * Return the labels whose cells are about as large as the length scale; where there are subjects among them, these only.
 * @param {number} lengthScale in map units
 * @returns {Label[]}
 */
function labelsOfSize(lengthScale) {
  /** @param {{ grid: number }} level */
  const misfit = ({ grid }) => Math.abs(Math.log(grid * lengthScale));
  const labels = [...store.levels].sort((a, b) => misfit(a) - misfit(b))[0]?.labels ?? [];
  const subjects = labels.filter(({ from }) => from !== "titles");
  return subjects.length ? subjects : labels;
}

/**
 * Return the positions of which the estimate can tell anything, half a length scale apart.
 * @param {KnowledgeEstimate} estimate
 * @returns {Spot[]}
 */
function certainSpots(estimate) {
  const [left, right, bottom, top] = estimate.box, step = estimate.lengthScale / 2;
  const columns = 2 + Math.ceil((right - left) / step), rows = 2 + Math.ceil((top - bottom) / step);
  const { known, certainty } = estimate.raster(columns, rows);
  /** @type {Spot[]} */
  const spots = [];
  known.forEach((share, at) => {
    const x = left + ((at % columns) / (columns - 1)) * (right - left);
    const y = bottom + (Math.floor(at / columns) / (rows - 1)) * (top - bottom);
    if (certainty[at] >= TOLD) spots.push({ x, y, known: share });
  });
  return spots;
}

/**
 * Return the regions of which most and least is known; at most three each.
 * @param {KnowledgeEstimate} estimate
 * @returns {{ strongest: KnowledgeRegion[], weakest: KnowledgeRegion[] }}
 */
export function strengthsOf(estimate) {
  const labels = labelsOfSize(estimate.lengthScale), spots = certainSpots(estimate).sort((a, b) => b.known - a.known);
  /** @type {KnowledgeRegion[]} */
  const taken = [];
  /** @param {Spot[]} candidates best first */
  const take = (candidates) => {
    const chosen = [];
    for (const spot of candidates) {
      if (chosen.length === MOST) break;
      if (taken.some(({ x, y }) => Math.hypot(x - spot.x, y - spot.y) < 2 * estimate.lengthScale)) continue;
      const region = { ...spot, text: nameOf(spot, labels) };
      if (taken.some(({ text }) => text === region.text)) continue;
      chosen.push(region);
      taken.push(region);
    }
    return chosen;
  };
  const strongest = take(spots.filter(({ known }) => known >= STRONG));
  const weakest = take(spots.filter(({ known }) => !strongest.length || known < strongest[0].known - LESS).reverse());
  return { strongest, weakest };
}

/**
 * Return the label nearest to a position; where there is none at all, the title of the nearest article.
 * @param {Spot} spot
 * @param {Label[]} labels
 */
function nameOf({ x, y }, labels) {
  /** @param {Label} label */
  const distance = (label) => Math.hypot(label.x - x, label.y - y);
  if (labels.length) return labels.reduce((best, label) => (distance(label) < distance(best) ? label : best)).text;
  const [row] = articleIndex.nearest(x, y, 1);
  return row === undefined ? "Unnamed" : store.title(row);
}

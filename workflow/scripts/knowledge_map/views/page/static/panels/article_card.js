// What the panel says of an article: its first words, a link, what it carries, and the articles near it in meaning and on the map.

import { button, create } from "../base/dom.js";
import { store } from "../base/store.js";
import { shorten, trustInWords } from "../base/text.js";
import { itemOpened } from "../map/item_events.js";
import { articleIndex } from "../map/spatial_index.js";
import { itemList } from "./item_list.js";
import { showPanel } from "./panel.js";

const NEAR = 8; // articles nearest on the map that are listed
const LONGEST = 300; // characters of a title, or of a carried text

/**
 * Return what a card says of a carried column; an address of the web is a link.
 * @param {{ name: string, text: string }} column
 */
function valueNodes({ name, text }) {
  const shown = shorten(text, LONGEST);
  const value = /^https?:\/\/\S+$/i.test(text) && URL.canParse(text)
    ? create("a", { href: text, target: "_blank", rel: "noopener noreferrer", textContent: shown })
    : shown;
  return [create("dt", { textContent: name }), create("dd", {}, value)];
}

/** @type {number} the article that is to be shown once it is there */
let wanted = -1;

/**
 * Show an article once all of it is there, or what of it is.
 * @param {number} row
 */
function openArticle(row) {
  wanted = row;
  /** @param {string} [trouble] */
  const show = (trouble) => {
    if (wanted === row) showArticle(row, trouble);
  };
  store.whenThere([row], () => store.whenDetailed([row], () => show(), show));
}

/**
 * @param {number} row
 * @param {string} [trouble] why more of it is not there
 */
function showArticle(row, trouble) {
  const card = create("article", { className: "item" }), excerpt = store.excerpt(row), url = store.url(row);
  const kind = store.isPlaced(row) ? "Article placed afterwards" : "Article";
  const source = store.sources.length > 1 ? ` · ${store.sources[store.source[row]]}` : "";
  card.append(create("p", { className: "kind", textContent: kind + source }));
  if (excerpt) card.append(create("p", { textContent: excerpt }));
  if (trouble) {
    const again = button("Try again", () => openArticle(row));
    card.append(create("p", { className: "faint", textContent: `More of it did not come: ${trouble}.` }), again);
  }
  if (url) card.append(create("a", { href: url, target: "_blank", rel: "noopener noreferrer", textContent: "Read the article" }));
  const carried = store.carried.map((column) => ({ name: column.name, text: column.textOf(row) })).filter(({ text }) => text);
  if (carried.length) card.append(create("dl", { className: "carried" }, ...carried.flatMap(valueNodes)));
  const neighbors = store.neighbors(row);
  if (neighbors.length) {
    /** @param {number} rank */
    const similarity = (rank) => `${Math.round(100 * store.similarity(row, rank))} %`;
    card.append(create("h3", { textContent: "Nearest in meaning" }), itemList(neighbors, similarity));
  }
  const trust = store.trust(row);
  if (trust !== null) {
    card.append(create("p", { className: "faint", textContent: trustInWords(trust, store.stretch(row)) }));
  }
  const around = create("div");
  card.append(around);
  store.whenAround(...store.position(row), () => {
    const near = articleIndex.nearest(...store.position(row), NEAR + 1).filter((other) => other !== row).slice(0, NEAR);
    if (near.length) around.append(create("h3", { textContent: "Nearest on the map" }), itemList(near));
  });
  showPanel(card, shorten(store.title(row), LONGEST), row);
}

/** Show every article that somebody opens. */
export function startArticleCards() {
  itemOpened.listen((row) => {
    if (store.isQuestion(row)) wanted = -1;
    else openArticle(row);
  });
}

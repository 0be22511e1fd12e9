// Search by title, as one types.

import { bitsOf } from "../base/bits.js";
import { create, element } from "../base/dom.js";
import { store } from "../base/store.js";
import { counted, fold, searchedText, shorten, written } from "../base/text.js";
import { filter } from "../map/filter.js";
import { goToItem } from "./item_list.js";
import { titleNodes } from "./item_title.js";
import { rankOf, TitleIndex } from "./title_index.js";
import { TitleTries } from "./title_tries.js";

/** @typedef {import("./title_index.js").Found} Found */

const SHOWN = 20; // results
const LONGEST = 90; // characters of a title
const LONGEST_WORDS = 30; // characters of what was looked for, in a condition

/** The key of the condition about titles. */
export const WORDS = "words";

const field = /** @type {HTMLInputElement} */ (element("search")), results = element("found");
const told = element("search-told"), keep = element("keep-found");
let index = new TitleIndex(0, () => "");
/** @type {TitleTries | null} the index of a page of tiles */
let tries = null;
let turn = 0; // of searching: an answer that comes after the next search is dropped
/** @type {number[]} */
let rows = [];
let active = -1; // the result that the keys point at

/** Fold the titles ahead, whenever there is nothing else to do. */
function foldAhead() {
  const later = globalThis.requestIdleCallback ?? ((/** @type {() => void} */ work) => setTimeout(work, 20));
  const work = () => {
    if (index.foldBlock()) later(work);
  };
  later(work);
}

/**
 * Return a title with what was looked for marked, where that is as long as it was folded and no formula is drawn.
 * @param {number} row
 * @param {string} words
 */
function marked(row, words) {
  const nodes = titleNodes(row, LONGEST), [title] = nodes;
  if (nodes.length > 1 || typeof title !== "string") return nodes;
  const folded = fold(title), wanted = fold(words).trim(), at = folded.indexOf(wanted);
  if (folded.length !== title.length || at < 0) return nodes;
  const mark = create("mark", { textContent: title.slice(at, at + wanted.length) });
  return [title.slice(0, at), mark, title.slice(at + wanted.length)];
}

/** Search for what stands in the field. */
function present() {
  const now = ++turn;
  if (!tries) {
    return showFound({ ...index.find(field.value, SHOWN, (row) => store.isQuestion(row) || filter.keeps(row)), isWhole: true });
  }
  told.textContent = field.value.trim() ? "Searching…" : "";
  /** @param {() => void} show */
  const inTurn = (show) => {
    if (now === turn) show();
  };
  findRemote(tries, field.value).then(
    (found) => inTurn(() => showFound(found)),
    ({ message }) => inTurn(() => told.textContent = `A part of the search index did not come: ${message}.`),
  );
}

/**
 * Return the best titles of a page of tiles, whose questions are here.
 * @param {TitleTries} tries
 * @param {string} words
 */
async function findRemote(tries, words) {
  const { best, count, isWhole } = await tries.find(words, SHOWN), wanted = searchedText(words).trim();
  const questions = wanted ? store.questions.filter(({ text }) => rankOf(text, wanted) < Infinity) : [];
  for (const { row, title } of best) store.tiles?.pin(row, title);
  const all = [...best, ...questions.map(({ row, text }) => ({ row, title: text }))];
  const ranks = new Map(all.map(({ row, title }) => [row, rankOf(title, wanted)]));
  const rows = [...ranks.keys()].sort((a, b) => Number(ranks.get(a)) - Number(ranks.get(b))).slice(0, SHOWN);
  return { rows, count: count + questions.length, kept: 0, isWhole };
}

/**
 * Show results.
 * @param {Found & { isWhole: boolean }} found
 */
function showFound(found) {
  rows = found.rows;
  results.replaceChildren(...rows.map(resultOption));
  pointAt(-1);
  results.hidden = !rows.length;
  field.setAttribute("aria-expanded", String(rows.length > 0));
  const kept = filter.isOn && !tries ? `, ${written(found.kept)} of them kept` : "";
  const rest = found.count > rows.length ? `, the first ${rows.length} shown` : "";
  const about = found.isWhole ? "" : "about ";
  const answer = found.count ? `${about}${counted(found.count, "title")}${kept}${rest}` : "No title has that in it.";
  told.textContent = field.value.trim() ? answer : "";
  keep.hidden = !found.count || tries !== null; // in a page of tiles words do not filter
}

/**
 * Return the condition that some words are in the title; null in a page of tiles, in which words do not filter.
 * @param {string} words
 * @returns {import("../map/filter.js").Condition | null}
 */
export function titleCondition(words) {
  if (tries) return null;
  const articles = index.matches(words).filter((row) => !store.isQuestion(row));
  const text = `Title: ${shorten(words, LONGEST_WORDS)}`;
  return { text, bits: bitsOf(articles, store.articleCount), record: [WORDS, words] };
}

/** Filter by the words in the field: articles with these in their titles are kept. */
function keepFound() {
  filter.set(WORDS, titleCondition(field.value.trim()));
  field.focus();
  close();
}

/**
 * @param {number} row
 * @param {number} n
 */
function resultOption(row, n) {
  const title = create("span", {}, ...marked(row, field.value));
  const option = create("li", { id: `found-${n}`, role: "option" }, title);
  const note = store.isQuestion(row) ? "question" : filter.keeps(row) ? "" : "filtered out";
  if (note) option.append(create("small", { textContent: note }));
  option.addEventListener("pointerdown", (event) => event.preventDefault());
  option.addEventListener("click", () => pick(n));
  return option;
}

/**
 * Point at a result with the keys.
 * @param {number} n
 */
function pointAt(n) {
  active = n;
  [...results.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === n)));
  if (n < 0) field.removeAttribute("aria-activedescendant");
  else {
    field.setAttribute("aria-activedescendant", `found-${n}`);
    results.children[n].scrollIntoView({ block: "nearest" });
  }
}

/** @param {number} n */
function pick(n) {
  const row = rows[n];
  close();
  goToItem(row);
}

function close() {
  turn++;
  results.hidden = keep.hidden = true;
  told.textContent = "";
  field.setAttribute("aria-expanded", "false");
  pointAt(-1);
}

/** @param {KeyboardEvent} event */
function keyPressed(event) {
  if (event.isComposing) return;
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0, n = rows.length;
  if (step && n) {
    if (results.hidden && !tries) present();
    pointAt(active < 0 ? (step > 0 ? 0 : n - 1) : (active + step + n) % n);
  } else if (event.key === "Enter" && n && !results.hidden) pick(Math.max(active, 0));
  else if (event.key === "Escape" && (field.value || !results.hidden)) {
    field.value = "";
    rows = [];
    close();
  } else return;
  event.preventDefault();
}

/** Move the focus to the search field. */
export function focusSearch() {
  field.focus();
}

/** Listen to the search field. */
export function startSearch() {
  if (store.search) tries = new TitleTries(store.search);
  else {
    index = new TitleIndex(store.count, (row) => store.title(row));
    foldAhead();
  }
  field.addEventListener("input", present);
  field.addEventListener("keydown", keyPressed);
  field.addEventListener("focus", () => {
    if (field.value && results.hidden) present();
  });
  // The button follows the field; on the way to it nothing is closed.
  field.addEventListener("blur", (event) => {
    if (event.relatedTarget !== keep) close();
  });
  keep.addEventListener("blur", (event) => {
    if (event.relatedTarget !== field) close();
  });
  keep.addEventListener("pointerdown", (event) => event.preventDefault());
  keep.addEventListener("click", keepFound);
}

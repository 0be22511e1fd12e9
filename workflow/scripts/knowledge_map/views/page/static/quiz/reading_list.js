// Articles to read: each can be gone to on the map, and has its link.

import { create } from "../base/dom.js";
import { store } from "../base/store.js";
import { itemList } from "../panels/item_list.js";

const NEAR = 3; // articles that are near a question

/**
 * Return the rows of the articles to read after a question: the one that it comes from, or those nearest in meaning.
 * @param {import("../base/store.js").Question} question
 * @returns {number[]}
 */
export function articlesFor({ row, source }) {
  return source < 0 ? store.neighbors(row).filter((other) => !store.isQuestion(other)).slice(0, NEAR) : [source];
}

/**
 * Return a list of articles with their links.
 * @param {number[]} rows
 * @returns {HTMLUListElement}
 */
export function readingList(rows) {
  const list = itemList(rows);
  rows.forEach((row, at) => {
    const url = store.url(row), label = `Read ${store.title(row)}`;
    const link = { className: "read", href: url, target: "_blank", rel: "noopener noreferrer", textContent: "↗", title: label };
    if (url) list.children[at].append(create("a", { ...link, ariaLabel: label }));
  });
  return list;
}

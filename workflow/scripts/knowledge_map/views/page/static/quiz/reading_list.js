// Articles to read: each can be gone to on the map, and has its link.

import { create } from "../base/dom.js";
import { store } from "../base/store.js";
import { itemList } from "../panels/item_list.js";

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

// The title of an item where it is listed, found or hinted at.

import { richText } from "../base/rich_text.js";
import { store } from "../base/store.js";
import { shorten } from "../base/text.js";

/**
 * Return what shows a title of at most `most` characters. Questions have their formulas drawn, where nothing is cut; the title of an
 * article is only text.
 * @param {number} row
 * @param {number} most
 * @returns {(string | Element)[]}
 */
export function titleNodes(row, most) {
  const title = store.title(row), parts = store.isQuestion(row) ? store.questions[row - store.articleCount].parts?.[0] : null;
  return parts && title.length <= most ? richText(title, parts) : [shorten(title, most)];
}

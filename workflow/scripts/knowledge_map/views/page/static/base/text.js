// Texts that people read.

/**
 * Return a text of at most `most` characters; where it is cut it ends in "…".
 * @param {string} text
 * @param {number} most
 * @returns {string}
 */
export function shorten(text, most) {
  return text.length > most ? [...text.slice(0, 2 * most)].slice(0, most - 1).join("").trimEnd() + "…" : text;
}

/**
 * Return a text as it is searched: without accents and case.
 * @param {string} text
 * @returns {string}
 */
export function fold(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

/**
 * Return a number as people write it, with commas.
 * @param {number} count
 * @returns {string}
 */
export function written(count) {
  return count.toLocaleString("en");
}

/**
 * Return a number of things, such as "1 article" or "2,000 articles".
 * @param {number} count
 * @param {string} thing one of them
 * @returns {string}
 */
export function counted(count, thing) {
  return `${written(count)} ${thing}${count === 1 ? "" : "s"}`;
}

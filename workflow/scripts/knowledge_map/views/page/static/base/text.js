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
 * Return in words how far the surroundings of an item can be trusted.
 * @param {number} trust share of the articles nearest in meaning that are the nearest on the map
 * @param {number | null} stretch how far away these lie on the map, as a multiple of what is usual
 * @returns {string}
 */
export function trustInWords(trust, stretch) {
  const how = trust >= 0.5 ? "well" : trust >= 0.25 ? "in part" : "little";
  const far = stretch === null ? "" : `, and they lie ${stretch.toFixed(1)} times as far away as is usual`;
  return `Its surroundings can be trusted ${how}: ${
    Math.round(100 * trust)
  } % of the articles nearest in meaning are the nearest here${far}.`;
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

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
 * Return a text as it is searched: without accents and case, and one sigma for both.
 * @param {string} text
 * @returns {string}
 */
export function fold(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("ς", "σ");
}

/**
 * Return a text as it stands in an index of titles: folded, and on one line.
 * @param {string} text
 * @returns {string}
 */
export function searchedText(text) {
  return fold(text).replace(/\p{Cc}/gu, " ");
}

/**
 * Return a count as people write it, with commas.
 *
 * The first number that the browser itself formats takes it 20 ms, which would be a tenth of what opening a page takes.
 * @param {number} count
 * @returns {string}
 */
export function written(count) {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
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

/** @type {Record<number, Intl.NumberFormat>} formats by the digits that they keep, each made when it is needed first */
const formats = {};

/**
 * Return a value as people write it: years without a comma, larger numbers with, and of long fractions four digits.
 * @param {number} value
 * @returns {string}
 */
export function numberText(value) {
  const size = Math.abs(value);
  if (size && (size >= 1e15 || size < 1e-4)) return value.toExponential(3);
  const digits = Math.abs(value * 1e4 - Math.round(value * 1e4)) < 1e-6 ? 15 : 4;
  formats[digits] ??= new Intl.NumberFormat("en", { maximumSignificantDigits: digits, useGrouping: "min2" });
  return formats[digits].format(value);
}

/**
 * Return a share as people write it, such as "12 %" or "0.3 %".
 * @param {number} part
 * @param {number} whole
 * @returns {string}
 */
export function shareText(part, whole) {
  const percent = whole ? (100 * part) / whole : 0;
  return `${percent >= 10 || percent === 0 ? Math.round(percent) : percent.toPrecision(percent < 1 ? 1 : 2)} %`;
}

// A shared result in the address of the page, behind its #.

import { RESULT } from "../panels/address.js";

/**
 * Return the parts of the address behind the #.
 * @returns {URLSearchParams}
 */
function partsOfAddress() {
  return new URLSearchParams(location.hash.slice(1));
}

/**
 * Return the result that the address holds as text, or null.
 * @returns {string | null}
 */
export function resultInAddress() {
  return partsOfAddress().get(RESULT);
}

/** Take the result from the address, and leave the rest. */
export function removeResult() {
  const parts = partsOfAddress();
  parts.delete(RESULT);
  history.replaceState(null, "", `#${parts}`);
}

/**
 * Return the address of this page with a result.
 * @param {string} code the result as text
 * @returns {string}
 */
export function addressOfResult(code) {
  return `${location.href.split("#", 1)[0]}#${RESULT}=${code}`;
}

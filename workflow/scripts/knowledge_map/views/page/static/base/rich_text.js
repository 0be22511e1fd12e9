// Texts with formulas. The page carries a formula as a tree of MathML elements; each is made by itself, and no text becomes markup.

/** @typedef {[string, Record<string, string>, ...(string | FormulaTree)[]]} FormulaTree name, attributes and children of an element */
/** @typedef {(string | FormulaTree)[] | null} RichText parts of a text and formulas between them; null where it has no formula */

const MATHML = "http://www.w3.org/1998/Math/MathML";

/**
 * @param {FormulaTree} tree
 * @returns {Element}
 */
function formulaElement([name, attributes, ...children]) {
  const made = document.createElementNS(MATHML, name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children.map(nodeOf));
  return made;
}

/** @param {string | FormulaTree} part */
function nodeOf(part) {
  return typeof part === "string" ? part : formulaElement(part);
}

/**
 * Return what shows a text: its formulas as elements, all the rest as text.
 * @param {string} text
 * @param {RichText | undefined} parts of this text
 * @returns {(string | Element)[]}
 */
export function richText(text, parts) {
  return parts ? parts.map(nodeOf) : [text];
}

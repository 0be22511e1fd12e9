// The order in which options are shown: the same one for a person each time, another one for another person.

/** What refers to the other options; it stays where it is. */
const REFERS = /^\W*(all|none|both|neither|any) of (the|these|those)\b/i;

/**
 * Return a function that gives numbers from 0 to 1: the generator mulberry32.
 * @param {number} seed a whole number of 32 bits
 */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Return a hash of a text: FNV-1a, 32 bits.
 * @param {string} text
 */
function hashOf(text) {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}

/**
 * Return the numbers of a question's options in the order in which a person sees them (Fisher-Yates).
 * @param {{ id: string, options: string[] }} question
 * @param {number} seed of the person, a whole number of 32 bits
 * @returns {number[]}
 */
export function shuffledOptions({ id, options }, seed) {
  const random = randomNumbers(seed ^ hashOf(id)), order = options.map((_, option) => option);
  const movable = order.filter((option) => !REFERS.test(options[option]));
  for (let last = movable.length - 1; last > 0; last--) {
    const at = Math.floor(random() * (last + 1)), one = order[movable[last]];
    order[movable[last]] = order[movable[at]];
    order[movable[at]] = one;
  }
  return order;
}

/**
 * Return a new seed for a person.
 * @returns {number}
 */
export function newSeed() {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}

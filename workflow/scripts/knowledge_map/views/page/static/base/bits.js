// Sets of rows, a bit for each.

/** @typedef {Uint32Array<ArrayBuffer>} Bits */

/**
 * Return the empty set of rows below `count`.
 * @param {number} count
 * @returns {Bits}
 */
export function emptyBits(count) {
  return new Uint32Array((count + 31) >>> 5);
}

/**
 * Return a set of these rows, out of those below `count`.
 * @param {Iterable<number>} rows
 * @param {number} count
 * @returns {Bits}
 */
export function bitsOf(rows, count) {
  const bits = emptyBits(count);
  for (const row of rows) addBit(bits, row);
  return bits;
}

/**
 * Put a row into a set.
 * @param {Bits} bits
 * @param {number} row
 */
export function addBit(bits, row) {
  bits[row >>> 5] |= 1 << (row & 31);
}

/**
 * Take a row out of a set.
 * @param {Bits} bits
 * @param {number} row
 */
export function removeBit(bits, row) {
  bits[row >>> 5] &= ~(1 << (row & 31));
}

/**
 * Return whether a row is in a set.
 * @param {Bits} bits
 * @param {number} row
 * @returns {boolean}
 */
export function hasBit(bits, row) {
  return ((bits[row >>> 5] >>> (row & 31)) & 1) === 1;
}

/**
 * Return how many rows are in a set.
 * @param {Bits} bits
 * @returns {number}
 */
export function countBits(bits) {
  let count = 0;
  for (let word of bits) {
    // Bits are added up in pairs, then in fours, then in bytes; the product adds up the bytes.
    word -= (word >>> 1) & 0x55555555;
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
    count += Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return count;
}

/**
 * Return the rows that are in all of these sets; null, which stands for every row, of none.
 * @param {Bits[]} sets
 * @returns {Bits | null}
 */
export function intersectionOf(sets) {
  if (!sets.length) return null;
  const common = sets[0].slice();
  for (const bits of sets.slice(1)) {
    for (let word = 0; word < common.length; word++) common[word] &= bits[word];
  }
  return common;
}

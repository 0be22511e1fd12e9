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
  for (const word of bits) count += bitsIn(word);
  return count;
}

/** @param {number} word of 32 bits */
function bitsIn(word) {
  // They are added up in pairs, then in fours, then in bytes; the product adds up the bytes.
  word -= (word >>> 1) & 0x55555555;
  word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
  return Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/**
 * Return the set of all rows below `count`.
 * @param {number} count
 * @returns {Bits}
 */
export function fullBits(count) {
  const bits = emptyBits(count).fill(0xffffffff);
  if (count % 32) bits[bits.length - 1] = 2 ** (count % 32) - 1;
  return bits;
}

/**
 * Visit the rows that one of two sets has and the other has not.
 * @param {Bits} before
 * @param {Bits} after a set of as many rows
 * @param {(row: number, isIn: boolean) => void} visit is told whether the row is in `after`
 */
export function visitChanges(before, after, visit) {
  for (let word = 0; word < after.length; word++) {
    const now = after[word];
    for (let changed = before[word] ^ now; changed; changed &= changed - 1) {
      const bit = 31 - Math.clz32(changed & -changed); // the lowest one
      visit(32 * word + bit, ((now >>> bit) & 1) === 1);
    }
  }
}

/**
 * Return how many rows one of two sets has and the other has not.
 * @param {Bits} one
 * @param {Bits} other a set of as many rows
 * @returns {number}
 */
export function countChanges(one, other) {
  let count = 0;
  for (let word = 0; word < one.length; word++) count += bitsIn(one[word] ^ other[word]);
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

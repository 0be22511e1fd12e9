// How a module tells others of an event without knowing them.

/**
 * A signal: calling it calls all listeners, in the order in which they came.
 * @template {unknown[]} V
 * @typedef {((...values: V) => void) & { listen: (listener: (...values: V) => void) => void }} Signal
 */

/**
 * A value that several modules share; listeners hear of a new one.
 * @template T
 * @typedef {{ readonly value: T, set: (value: T) => void, listen: (listener: (value: T) => void) => void }} State
 */

/**
 * Return a new signal.
 * @template {unknown[]} V
 * @returns {Signal<V>}
 */
export function signal() {
  /** @type {((...values: V) => void)[]} */
  const listeners = [];
  return Object.assign((/** @type {V} */ ...values) => listeners.forEach((listener) => listener(...values)), {
    listen: (/** @type {(...values: V) => void} */ listener) => void listeners.push(listener),
  });
}

/**
 * Return a new shared value.
 * @template T
 * @param {T} value the first one
 * @returns {State<T>}
 */
export function state(value) {
  /** @type {Signal<[T]>} */
  const changed = signal();
  return {
    get value() {
      return value;
    },
    set: (newValue) => {
      value = newValue;
      changed(value);
    },
    listen: changed.listen,
  };
}

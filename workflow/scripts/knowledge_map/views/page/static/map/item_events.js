// What happens to items and labels on the map, and to items in lists.

import { signal } from "../base/signal.js";

/** Somebody opens the item of a row: a panel shows an article, the quiz a question. */
/** @type {import("../base/signal.js").Signal<[number]>} */
export const itemOpened = signal();

/** The pointer is over the item of a row, -1 for none; and where on the screen, in pixels. */
/** @type {import("../base/signal.js").Signal<[number, number, number]>} */
export const itemHovered = signal();

/** The pointer is over a label, null for none; and where on the screen, in pixels. */
/** @type {import("../base/signal.js").Signal<[import("../base/store.js").Label | null, number, number]>} */
export const labelHovered = signal();

/** Somebody clicks a label. */
/** @type {import("../base/signal.js").Signal<[import("../base/store.js").Label]>} */
export const labelOpened = signal();

// What happens to items on the map and in lists of items.

import { signal } from "../base/signal.js";

/** Somebody opens the item of a row: a panel shows an article, the quiz a question. */
/** @type {import("../base/signal.js").Signal<[number]>} */
export const itemOpened = signal();

/** The pointer is over the item of a row, -1 for none; and where on the screen, in pixels. */
/** @type {import("../base/signal.js").Signal<[number, number, number]>} */
export const itemHovered = signal();

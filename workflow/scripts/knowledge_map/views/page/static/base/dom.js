// Elements of the page. Every text reaches the page as text, never as markup.

/**
 * Return the element of an id, or null. An id belongs to one module, and no other module asks for it.
 * @param {string} id
 * @returns {HTMLElement | null}
 */
export function optionalElement(id) {
  return document.getElementById(id);
}

/**
 * Return the element of an id that every page has.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function element(id) {
  return /** @type {HTMLElement} */ (optionalElement(id));
}

/**
 * Return the elements that the page marks with a data attribute, in the order of its numbers.
 * @param {string} name such as "step" for data-step
 * @returns {HTMLElement[]}
 */
export function markedElements(name) {
  const marked = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(`[data-${name}]`)]);
  return marked.sort((a, b) => Number(a.dataset[name]) - Number(b.dataset[name]));
}

/**
 * Return the canvas of an id that every page has.
 * @param {string} id
 * @returns {HTMLCanvasElement}
 */
export function canvasElement(id) {
  return /** @type {HTMLCanvasElement} */ (optionalElement(id));
}

/**
 * Return a new element.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Partial<HTMLElementTagNameMap[T]>} [properties] such as `className`
 * @param {...(Node | string)} children nodes or texts
 * @returns {HTMLElementTagNameMap[T]}
 */
export function create(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/**
 * Return a new button.
 * @param {string} text what it says
 * @param {() => void} action what it does
 * @param {Partial<HTMLButtonElement>} [properties]
 * @returns {HTMLButtonElement}
 */
export function button(text, action, properties = {}) {
  const made = create("button", { type: "button", textContent: text, ...properties });
  made.addEventListener("click", action);
  return made;
}

/**
 * Return a new canvas and the context to draw on it.
 * @param {number} width in pixels
 * @param {number} height in pixels
 * @param {Partial<HTMLCanvasElement>} [properties]
 * @returns {[HTMLCanvasElement, CanvasRenderingContext2D]}
 */
export function createCanvas(width, height, properties = {}) {
  const canvas = create("canvas", { width, height, ...properties });
  return [canvas, contextOf(canvas)];
}

/**
 * Return the two-dimensional context of a canvas.
 * @param {HTMLCanvasElement} canvas
 * @returns {CanvasRenderingContext2D}
 */
export function contextOf(canvas) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
}

/**
 * Return the element in which an event happened.
 * @param {Event} event
 * @returns {HTMLElement}
 */
export function targetOf(event) {
  return /** @type {HTMLElement} */ (event.target);
}

/**
 * Return whether letters that are pressed in an element mean something to it.
 * @param {HTMLElement} target
 * @returns {boolean}
 */
export function takesLetters(target) {
  return target.closest("input:not([type=radio], [type=checkbox], [type=range]), textarea, select") !== null;
}

/**
 * Return how many pixels of a canvas stand for a pixel of the screen.
 * @returns {number}
 */
export function pixelRatio() {
  return globalThis.devicePixelRatio || 1;
}

/**
 * Hand a file to the person.
 * @param {string} name
 * @param {Blob} blob
 */
export function download(name, blob) {
  const url = URL.createObjectURL(blob);
  create("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

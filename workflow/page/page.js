// What every part uses: elements, numbers and texts. All texts reach the page as text, never as markup.

const element = (id) => document.getElementById(id);
const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
const shorten = (text, most) => (text.length > most ? [...text].slice(0, most - 1).join("").trimEnd() + "…" : text);
/** Return text as it is searched: without accents and case. */
const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** Return a new element with properties such as `className`, and `children`: nodes or texts. */
function create(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Return a list of functions to call later; calling it calls them all. */
function signal() {
  const listeners = [];
  return Object.assign((...values) => listeners.forEach((listener) => listener(...values)), {
    listen: (listener) => listeners.push(listener),
  });
}

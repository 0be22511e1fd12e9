// What every part uses: elements, numbers and texts. All texts reach the page as text, never as markup.

const element = (id) => document.getElementById(id);
const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
const shorten = (text, most) => (text.length > most ? [...text.slice(0, 2 * most)].slice(0, most - 1).join("").trimEnd() + "…" : text);
/** Return text as it is searched: without accents and case. */
const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const counted = (n, what) => `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;

/** Return a new element with properties such as `className`, and `children`: nodes or texts. */
function create(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Return a button that says `text` and does `action`. */
function button(text, action, properties = {}) {
  const made = create("button", { type: "button", textContent: text, ...properties });
  made.addEventListener("click", action);
  return made;
}

/** Return a list of functions to call later; calling it calls them all. */
function signal() {
  const listeners = [];
  return Object.assign((...values) => listeners.forEach((listener) => listener(...values)), {
    listen: (listener) => listeners.push(listener),
  });
}

/** Show a short message for a while; it is also read aloud. */
function say(text) {
  const toast = element("toast");
  toast.textContent = text;
  toast.classList.add("shown");
  clearTimeout(say.end);
  say.end = setTimeout(() => toast.classList.remove("shown"), 4000);
}

/** Hand a file to the person. */
function download(name, blob) {
  const url = URL.createObjectURL(blob);
  create("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

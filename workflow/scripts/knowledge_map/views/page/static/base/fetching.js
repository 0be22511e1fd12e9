// Fetching the files of a page of tiles: what somebody waits for at once, what is in view a few at a time, and what went wrong.

import { inflate } from "./columns.js";
import { unpackParts } from "./parts.js";
import { state } from "./signal.js";

/** @typedef {ReturnType<typeof unpackParts>} Unpacked */
/** @typedef {{ kind: string, name: string, count?: number }} File of a kind, with so many articles in it, if it has articles */
/** @typedef {{ waiting: number, failed: string[] }} Traffic files that have not come yet, and why others did not come */

const SIDE_BY_SIDE = 6; // files that are fetched for the view at a time
const PATIENCE = 30_000; // milliseconds without an answer after which a file is given up

/** What is being fetched, and what failed since somebody tried again. */
export const traffic = state(/** @type {Traffic} */ ({ waiting: 0, failed: [] }));

/** @type {Map<string, Promise<Unpacked>>} files that are being fetched because somebody waits for them */
const awaited = new Map();
/** @type {Map<string, AbortController>} files that are being fetched for the view */
const viewed = new Map();
/** @type {Map<string, string>} files for the view that did not come, and why */
const failed = new Map();
/** @type {Set<string>} files that have not come whole yet, though they were fetched */
const broken = new Set();
/** @type {{ file: File, take: (content: Unpacked) => void }[]} files for the view that are still to be fetched, the first first */
let queue = [];

const tell = () => traffic.set({ waiting: awaited.size + viewed.size + queue.length, failed: [...new Set(failed.values())] });

/**
 * Fetch a file that somebody waits for. Rejects with an Error that says in words for people what went wrong.
 * @param {File} file
 * @returns {Promise<Unpacked>}
 */
export function fetchFile(file) {
  const running = awaited.get(file.name);
  if (running) return running;
  const promise = fetchUnpacked(file, new AbortController()).finally(() => {
    awaited.delete(file.name);
    tell();
  });
  awaited.set(file.name, promise);
  tell();
  return promise;
}

/**
 * Fetch the files that the view needs, the first first; those of a former call that are not among them are not fetched any more.
 * @param {{ file: File, take: (content: Unpacked) => void }[]} wanted
 */
export function fetchForView(wanted) {
  const names = new Set(wanted.map(({ file }) => file.name));
  for (const [name, controller] of viewed) {
    if (names.has(name)) continue;
    viewed.delete(name);
    controller.abort();
  }
  queue = wanted.filter(({ file: { name } }) => !viewed.has(name) && !failed.has(name));
  fetchNext();
}

function fetchNext() {
  while (viewed.size < SIDE_BY_SIDE && queue.length) {
    const { file, take } = /** @type {typeof queue[0]} */ (queue.shift()), controller = new AbortController();
    viewed.set(file.name, controller);
    fetchUnpacked(file, controller)
      .then(take)
      .catch((error) => {
        if (viewed.get(file.name) === controller) failed.set(file.name, error.message);
      })
      .finally(() => {
        if (viewed.get(file.name) === controller) viewed.delete(file.name);
        fetchNext();
      });
  }
  tell();
}

/** Forget what went wrong, so that it is fetched again with the next view. */
export function forgetFailures() {
  failed.clear();
  tell();
}

/**
 * @param {File} file
 * @param {AbortController} controller
 * @returns {Promise<Unpacked>}
 */
async function fetchUnpacked({ kind, name, count }, controller) {
  const patience = setTimeout(() => controller.abort(new Error("the server does not answer")), PATIENCE);
  // A second try does not take what the browser has kept of the first.
  const cache = broken.has(name) ? "reload" : "default";
  broken.add(name);
  if (location.protocol === "file:") throw new Error("a page of tiles needs a web server, such as `make serve` starts");
  let response, bytes;
  try {
    response = await fetch(`data/${kind}/${name}.bin`, { signal: controller.signal, cache });
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch {
    throw new Error(controller.signal.reason?.message ?? "the server cannot be reached");
  } finally {
    clearTimeout(patience);
  }
  if (response.status === 404) throw new Error("it is not there: the map may have been made anew, so load the page again");
  if (!response.ok) throw new Error(`the server answers ${response.status}`);
  let content;
  try {
    content = unpackParts(await inflate(bytes));
  } catch {
    throw new Error("it is damaged or cut short");
  }
  if (content.kind !== kind || content.count !== count) throw new Error("it belongs to another map: load the page again");
  broken.delete(name);
  return content;
}

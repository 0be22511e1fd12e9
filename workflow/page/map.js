"use strict";

// ---- Data: places of all items (articles first, then questions) in typed arrays; texts reach the page only as text ----

const element = (id) => document.getElementById(id);
const decode = (base64, Type) => new Type(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)).buffer);
const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
const shorten = (text, most) => (text.length > most ? [...text].slice(0, most - 1).join("").trimEnd() + "…" : text);

const data = JSON.parse(element("data").textContent);
const places = decode(data.places, Uint16Array);
const neighbors = decode(data.neighbors, Int32Array);
const count = places.length / 2;
const X = Float32Array.from({ length: count }, (_, row) => places[2 * row] / 65535);
const Y = Float32Array.from({ length: count }, (_, row) => places[2 * row + 1] / 65535);
const whole = [X, Y].flatMap((values) => [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))]);
for (const level of data.levels) level.places = decode(level.places, Uint16Array);

// An index of the articles: a grid whose cell c holds the rows order[starts[c]] to order[starts[c + 1] - 1].
const SIDE = 128;
const cellOf = (value) => clamp(Math.floor(value * SIDE), 0, SIDE - 1);
const starts = new Uint32Array(SIDE * SIDE + 1);
const order = new Uint32Array(data.articles);
for (let row = 0; row < data.articles; row++) starts[cellOf(Y[row]) * SIDE + cellOf(X[row]) + 1]++;
for (let cell = 0; cell < SIDE * SIDE; cell++) starts[cell + 1] += starts[cell];
const filled = starts.slice();
for (let row = 0; row < data.articles; row++) order[filled[cellOf(Y[row]) * SIDE + cellOf(X[row])]++] = row;

/** Return the articles in the cells that touch a box, as runs of `order`. */
function articlesIn(left, right, bottom, top) {
  const runs = [];
  for (let gy = cellOf(bottom); gy <= cellOf(top); gy++) {
    const first = starts[gy * SIDE + cellOf(left)], last = starts[gy * SIDE + cellOf(right) + 1];
    if (first < last) runs.push(order.subarray(first, last));
  }
  return runs;
}

/** Return the item nearest to a point of the screen, within 12 pixels, or -1; questions come before articles. */
function itemAt(screenX, screenY) {
  const [x, y] = toMap(screenX, screenY), reach = 12 / view.scale;
  let best = -1, nearest = reach * reach;
  const ask = (row) => {
    const distance = (X[row] - x) ** 2 + (Y[row] - y) ** 2;
    if (distance <= nearest) [best, nearest] = [row, distance];
  };
  for (let row = data.articles; row < count; row++) ask(row);
  if (best < 0) articlesIn(x - reach, x + reach, y - reach, y + reach).forEach((run) => run.forEach(ask));
  return best;
}

// ---- The view: which point of the map is in the middle of the screen, and how many pixels a map unit takes ----

const canvas = element("map"), pen = canvas.getContext("2d");
const view = { x: 0.5, y: 0.5, scale: 500 };
let width = 0, height = 0, selected = -1, hovered = -1, frame = 0, flight = 0;

const toScreen = (x, y) => [width / 2 + (x - view.x) * view.scale, height / 2 - (y - view.y) * view.scale];
const toMap = (x, y) => [view.x + (x - width / 2) / view.scale, view.y - (y - height / 2) / view.scale];
const clampScale = (scale) => clamp(scale, 0.3 * Math.min(width, height), 150 * Math.max(width, height));
const redraw = () => (frame ||= requestAnimationFrame(() => { frame = 0; draw(); }));

function pan(byX, byY) {
  cancelAnimationFrame(flight);
  view.x = clamp(view.x - byX / view.scale, 0, 1);
  view.y = clamp(view.y + byY / view.scale, 0, 1);
  redraw();
}

function zoom(factor, screenX = width / 2, screenY = height / 2) {
  cancelAnimationFrame(flight);
  const [x, y] = toMap(screenX, screenY);
  view.scale = clampScale(view.scale * factor);
  view.x = x - (screenX - width / 2) / view.scale;
  view.y = y + (screenY - height / 2) / view.scale;
  redraw();
}

/** Move the view smoothly, or at once where less motion is wanted. */
function flyTo(x, y, scale) {
  const from = { ...view }, last = clampScale(scale), begin = performance.now();
  const span = matchMedia("(prefers-reduced-motion: reduce)").matches ? 1 : 450;
  const step = (now) => {
    const part = clamp((now - begin) / span, 0, 1), eased = part * part * (3 - 2 * part);
    view.scale = from.scale * (last / from.scale) ** eased;
    // Linear in 1 / scale, so that the target keeps a straight course on the screen.
    const moved = Math.abs(last / from.scale - 1) < 1e-6 ? eased : (1 / from.scale - 1 / view.scale) / (1 / from.scale - 1 / last);
    view.x = from.x + (x - from.x) * moved;
    view.y = from.y + (y - from.y) * moved;
    redraw();
    if (part < 1) flight = requestAnimationFrame(step);
  };
  hover(-1);
  cancelAnimationFrame(flight);
  flight = requestAnimationFrame(step);
}

/** Return the view's x, y and scale that show a box [left, right, bottom, top], beside the heading where there is room. */
function around([left, right, bottom, top]) {
  const heading = width > 900 ? 270 : 0;
  const scale = 0.88 * Math.min((width - heading) / Math.max(right - left, 0.02), height / Math.max(top - bottom, 0.02));
  return [(left + right - heading / scale) / 2, (bottom + top) / 2, scale];
}

// ---- Drawing ----

let colors, shade;

/** Take the colors from the style sheet, where light and dark are told apart. */
function readColors() {
  const style = getComputedStyle(document.documentElement);
  const names = ["paper", "ink", "accent", "point", "shade-low", "shade-middle", "shade-high"];
  colors = Object.fromEntries(names.map((name) => [name, style.getPropertyValue("--" + name).trim()]));
  shade = densityShade([colors["shade-low"], colors["shade-middle"], colors["shade-high"]]);
  redraw();
}

/** Return a canvas over -0.1 to 1.1 of the map with the articles' density: counted, blurred, log-scaled, colored. */
function densityShade(hexColors) {
  const size = 480, radius = Math.max(1, Math.round((0.075 * size) / Math.max(data.articles, 1) ** 0.25));
  const bin = (value) => Math.floor(((value + 0.1) / 1.2) * size);
  let bins = new Float32Array(size * size);
  for (let row = 0; row < data.articles; row++) bins[(size - 1 - bin(Y[row])) * size + bin(X[row])]++;
  for (let pass = 0; pass < 6; pass++) bins = blurredRows(bins, size, radius); // three boxes each way come near a Gaussian
  const highest = bins.reduce((a, b) => Math.max(a, b)), dense = bins.filter((value) => value > 1e-3 * highest).sort();
  const peak = dense[Math.floor(0.98 * dense.length)] || 1;
  const stops = hexColors.map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));
  const image = new ImageData(size, size);
  bins.forEach((value, at) => {
    const level = (2 * Math.log1p(8 * Math.min(1, value / peak))) / Math.log(9), below = level < 1 ? 0 : 1;
    for (let c = 0; c < 3; c++) image.data[4 * at + c] = stops[below][c] + (stops[below + 1][c] - stops[below][c]) * (level - below);
    image.data[4 * at + 3] = 255 * Math.min(1, 3 * level);
  });
  const layer = document.createElement("canvas");
  layer.width = layer.height = size;
  layer.getContext("2d").putImageData(image, 0, 0);
  return layer;
}

/** Return a square image with its rows averaged over 2 * radius + 1 pixels, transposed. */
function blurredRows(image, size, radius) {
  const out = new Float32Array(image.length), span = 2 * radius + 1;
  for (let row = 0; row < size; row++) {
    for (let at = 0, sum = 0; at < size + radius; at++) {
      if (at < size) sum += image[row * size + at];
      if (at >= span) sum -= image[row * size + at - span];
      if (at >= radius) out[(at - radius) * size + row] = sum / span;
    }
  }
  return out;
}

function draw() {
  const ratio = window.devicePixelRatio || 1;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.fillStyle = colors.paper;
  pen.fillRect(0, 0, width, height);
  pen.drawImage(shade, ...toScreen(-0.1, 1.1), 1.2 * view.scale, 1.2 * view.scale);
  const [left, top] = toMap(0, 0), [right, bottom] = toMap(width, height);
  const runs = articlesIn(left, right, bottom, top);
  const shown = runs.reduce((sum, run) => sum + run.length, 0);
  drawPoints(runs, shown);
  for (const row of [hovered, selected]) if (row >= 0) drawRing(...toScreen(X[row], Y[row]));
  if (data.region) drawRegion(data.region);
  drawLabels(shown < 300 ? titlesOf(runs) : levelLabels(), drawQuestions());
}

function drawPoints(runs, shown) {
  const radius = clamp((0.06 * view.scale) / Math.sqrt(data.articles), 0.6, 4), step = Math.ceil(shown / 60000);
  let seen = 0;
  pen.fillStyle = colors.point;
  pen.globalAlpha = 0.5;
  pen.beginPath();
  for (const run of runs) {
    for (const row of run) {
      if (seen++ % step) continue;
      const [x, y] = toScreen(X[row], Y[row]);
      if (radius < 1.5) pen.rect(x - radius, y - radius, 2 * radius, 2 * radius);
      else { pen.moveTo(x + radius, y); pen.arc(x, y, radius, 0, 7); }
    }
  }
  pen.fill();
  pen.globalAlpha = 1;
}

function drawRing(x, y) {
  pen.strokeStyle = colors.accent;
  pen.lineWidth = 2;
  pen.beginPath();
  pen.arc(x, y, 7, 0, 7);
  pen.stroke();
}

function drawRegion({ x_min, x_max, y_min, y_max }) {
  pen.strokeStyle = colors.accent;
  pen.lineWidth = 1.2;
  pen.setLineDash([6, 4]);
  pen.strokeRect(...toScreen(x_min, y_max), (x_max - x_min) * view.scale, (y_max - y_min) * view.scale);
  pen.setLineDash([]);
}

/** Draw the questions by number; return the boxes they take up. */
function drawQuestions() {
  pen.font = "bold 11px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  return data.questions.map((_, number) => {
    const [x, y] = toScreen(X[data.articles + number], Y[data.articles + number]);
    pen.beginPath();
    pen.arc(x, y, 10, 0, 7);
    pen.fillStyle = colors.accent;
    pen.fill();
    pen.strokeStyle = pen.fillStyle = colors.paper;
    pen.lineWidth = 1.5;
    pen.stroke();
    pen.fillText(number + 1, x, y + 0.5);
    return [x - 11, x + 11, y - 11, y + 11];
  });
}

/** Yield text, place and pixels above it of the labels of the finest level whose cells give them room. */
function* levelLabels() {
  const level = data.levels.findLast(({ grid }) => view.scale / grid > 55) ?? data.levels[0];
  for (const [at, text] of (level?.labels ?? []).entries()) {
    yield [text, level.places[2 * at] / 65535, level.places[2 * at + 1] / 65535, 0];
  }
}

/** Yield the same of articles, when few enough are on the screen to be named themselves. */
function* titlesOf(runs) {
  for (const run of runs) for (const row of run) yield [data.titles[row], X[row], Y[row], 13];
}

/** Write labels, the first first, where they cover neither each other nor what is `taken`. */
function drawLabels(labels, taken) {
  pen.font = "13px system-ui, sans-serif";
  pen.strokeStyle = colors.paper;
  pen.fillStyle = colors.ink;
  pen.lineWidth = 3;
  pen.lineJoin = "round";
  for (const [full, mapX, mapY, above] of labels) {
    const text = shorten(full, 34), [x, y] = toScreen(mapX, mapY);
    if (x < -150 || x > width + 150 || y < -20 || y > height + 20) continue;
    const half = pen.measureText(text).width / 2 + 7;
    const box = [x - half, x + half, y - above - 11, y - above + 11];
    if (taken.some((other) => box[0] < other[1] && other[0] < box[1] && box[2] < other[3] && other[2] < box[3])) continue;
    taken.push(box);
    pen.globalAlpha = 0.75;
    pen.strokeText(text, x, y - above);
    pen.globalAlpha = 1;
    pen.fillText(text, x, y - above);
  }
}

// ---- What is said of an item ----

const link = (url) => (/^https?:\/\//i.test(url) ? url : "");

function fillList(list, rows) {
  list.replaceChildren(...rows.map((row) => {
    const item = document.createElement("li"), button = document.createElement("button");
    button.textContent = data.titles[row];
    button.addEventListener("click", () => {
      element("found").replaceChildren();
      select(row);
      flyTo(X[row], Y[row], Math.max(view.scale, 4 * Math.min(width, height)));
    });
    item.append(button);
    return item;
  }));
}

/** Open the panel on an item, or close it with -1. */
function select(row) {
  selected = row;
  element("panel").hidden = row < 0;
  if (row >= 0) {
    const number = row - data.articles, question = data.questions[number];
    element("kind").textContent = question ? `Question ${number + 1}` : "Article";
    element("title").textContent = data.titles[row];
    element("excerpt").textContent = data.excerpts[row];
    element("link").hidden = !link(data.urls[row]);
    element("link").href = link(data.urls[row]);
    element("options").replaceChildren(...(question?.options ?? []).map((text, at) => {
      const item = document.createElement("li");
      item.textContent = text;
      item.classList.toggle("answer", at === question.answer);
      return item;
    }));
    const size = neighbors.length / count;
    fillList(element("neighbors"), [...neighbors.subarray(row * size, (row + 1) * size)].filter((near) => near >= 0));
    element("panel").scrollTop = 0;
  }
  redraw();
}

function hover(row, x, y) {
  const hint = element("hint");
  canvas.classList.toggle("over", row >= 0);
  hint.hidden = row < 0;
  if (row !== hovered) redraw();
  hovered = row;
  if (row < 0) return;
  hint.children[0].textContent = shorten(data.titles[row], 200);
  hint.children[1].textContent = data.excerpts[row];
  const right = x + 16 + hint.offsetWidth > width ? x - 16 - hint.offsetWidth : x + 16;
  hint.style.transform = `translate(${Math.max(4, right)}px, ${clamp(y + 14, 4, height - hint.offsetHeight - 8)}px)`;
}

const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
let folded;

/** Return the items whose titles hold `words`: first those that begin with them, and shorter before longer. */
function search(words) {
  folded ??= data.titles.map(fold);
  const wanted = fold(words.trim()), found = [];
  if (wanted) folded.forEach((title, row) => { if (title.includes(wanted)) found.push(row); });
  const rank = (row) => 1e6 * !folded[row].startsWith(wanted) + folded[row].length;
  return found.sort((a, b) => rank(a) - rank(b)).slice(0, 12);
}

// ---- What the user does ----

const pointers = new Map();
let travelled = 0;

canvas.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  canvas.setPointerCapture(event.pointerId);
  if (!pointers.size) travelled = 0;
  pointers.set(event.pointerId, [event.clientX, event.clientY]);
});
canvas.addEventListener("pointermove", (event) => {
  const before = pointers.get(event.pointerId), now = [event.clientX, event.clientY];
  if (!before) return hover(itemAt(...now), ...now);
  const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
  const share = other ? 0.5 : 1;
  pan(share * (now[0] - before[0]), share * (now[1] - before[1]));
  if (other) {
    const apart = ([x, y]) => Math.max(1, Math.hypot(x - other[0], y - other[1]));
    zoom(apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
  }
  travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
  pointers.set(event.pointerId, now);
  canvas.classList.toggle("dragged", travelled > 4);
  if (travelled > 4) hover(-1);
});
for (const name of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(name, (event) => {
    const held = pointers.delete(event.pointerId);
    canvas.classList.remove("dragged");
    if (held && name === "pointerup" && travelled <= 4) select(itemAt(event.clientX, event.clientY));
  });
}
canvas.addEventListener("pointerleave", () => hover(-1));
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.03 : 0.0016) * (event.ctrlKey ? 4 : 1)), event.clientX, event.clientY);
}, { passive: false });
canvas.addEventListener("keydown", (event) => {
  const moves = {
    ArrowLeft: () => pan(60, 0), ArrowRight: () => pan(-60, 0), ArrowUp: () => pan(0, 60), ArrowDown: () => pan(0, -60),
    "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5), 0: () => flyTo(...around(whole)),
  };
  if (moves[event.key] && !event.ctrlKey && !event.metaKey) { event.preventDefault(); moves[event.key](); }
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape") select(-1); });

element("zoom-in").addEventListener("click", () => flyTo(view.x, view.y, view.scale * 2));
element("zoom-out").addEventListener("click", () => flyTo(view.x, view.y, view.scale / 2));
element("whole").addEventListener("click", () => flyTo(...around(whole)));
element("region")?.addEventListener("click", () => flyTo(...around(Object.values(data.region))));
element("close").addEventListener("click", () => select(-1));
element("search").addEventListener("input", (event) => fillList(element("found"), search(event.target.value)));
element("search").addEventListener("keydown", (event) => { if (event.key === "Enter") element("found").querySelector("button")?.click(); });

new ResizeObserver(() => {
  const first = !width;
  [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = width * (window.devicePixelRatio || 1);
  canvas.height = height * (window.devicePixelRatio || 1);
  if (first) [view.x, view.y, view.scale] = around(whole);
  draw();
}).observe(canvas);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", readColors);
readColors();

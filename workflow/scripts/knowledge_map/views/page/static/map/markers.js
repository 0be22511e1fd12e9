// The questions on the map. Shape and sign tell what became of each, and the colour says it again.

import { state } from "../base/signal.js";
import { store } from "../base/store.js";
import { FONT, theme } from "../base/theme.js";
import { camera } from "./camera.js";

/** @typedef {"open" | "current" | "right" | "wrong" | "unknown"} QuestionState `unknown` was answered with "I don't know" */
/**
 * @typedef {object} Marker all numbers are pixels of the screen
 * @property {number} number of the question
 * @property {number} ownX where the question lies
 * @property {number} ownY
 * @property {number} x where the marker is drawn
 * @property {number} y
 * @property {boolean} small there was no room for a large one
 */
/**
 * @typedef {object} Look colours by their names in the theme
 * @property {"circle" | "square" | "diamond"} shape
 * @property {string} fill
 * @property {string} edge
 * @property {string} ink
 * @property {string} [sign] in place of the number
 * @property {boolean} [halo]
 */

const RADIUS = 10; // pixels
const REACH = 46; // pixels that a marker may be away from its question
const SMALL_RADIUS = 4; // pixels

/** @type {Record<QuestionState, Look>} */
const LOOKS = {
  open: { shape: "circle", fill: "paper", edge: "accent", ink: "accent" },
  current: { shape: "circle", fill: "accent", edge: "accent", ink: "paper", halo: true },
  right: { shape: "circle", fill: "right", edge: "paper", ink: "paper", sign: "✓" },
  wrong: { shape: "square", fill: "wrong", edge: "paper", ink: "paper", sign: "✕" },
  unknown: { shape: "diamond", fill: "faint", edge: "paper", ink: "paper", sign: "?" },
};

/** What became of each question, in their order; a question without a state is open. */
export const questionStates = state(/** @type {QuestionState[]} */ ([]));

/** @type {Marker[]} */
let drawn = [];

/** Find a position for each marker: its own, or one nearby where another marker is; small where there is none. */
function arrange() {
  /** @type {Marker[]} */
  const placed = [];
  const apart = 2 * RADIUS + 1;
  // The large markers by squares as wide as they must be apart: only those in the squares around can be too near.
  /** @type {Map<number, Marker[]>} */
  const squares = new Map();
  /** @param {number} x @param {number} y */
  const square = (x, y) => 10_000 * Math.floor(x / apart) + Math.floor(y / apart);
  /** @param {Marker} marker */
  const isFree = ({ x, y }) => {
    for (const dx of [-apart, 0, apart]) {
      for (const dy of [-apart, 0, apart]) {
        const others = squares.get(square(x + dx, y + dy)) ?? [];
        if (others.some((other) => Math.hypot(other.x - x, other.y - y) < apart)) return false;
      }
    }
    return true;
  };
  /** @param {number} number */
  const isCurrent = (number) => Number(questionStates.value[number] === "current");
  const numbers = store.questions.map((_, number) => number).sort((a, b) => isCurrent(b) - isCurrent(a));
  for (const number of numbers) {
    const [ownX, ownY] = camera.toScreen(...store.position(store.questions[number].row));
    if (ownX < -60 || ownX > camera.width + 60 || ownY < -60 || ownY > camera.height + 60) continue;
    const marker = { number, ownX, ownY, x: ownX, y: ownY, small: false };
    for (let turn = 0; !isFree(marker); turn++) {
      const angle = 2.4 * turn, away = RADIUS + 4 * Math.sqrt(turn + 1);
      if (away > REACH) {
        Object.assign(marker, { x: ownX, y: ownY, small: true });
        break;
      }
      [marker.x, marker.y] = [ownX + away * Math.cos(angle), ownY + away * Math.sin(angle)];
    }
    placed.push(marker);
    if (marker.small) continue;
    const key = square(marker.x, marker.y);
    squares.set(key, [...(squares.get(key) ?? []), marker]);
  }
  return placed.sort((a, b) => Number(b.small) - Number(a.small));
}

/**
 * Draw the markers; return the boxes that they take up.
 * @param {CanvasRenderingContext2D} pen
 * @returns {import("./labels.js").ScreenBox[]}
 */
export function drawMarkers(pen) {
  drawn = arrange();
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.lineJoin = "miter";
  for (const marker of drawn) drawTether(pen, marker);
  for (const marker of drawn) drawMarker(pen, marker, questionStates.value[marker.number] ?? "open");
  return drawn.filter(({ small }) => !small).map(({ x, y }) => [x - RADIUS - 2, x + RADIUS + 2, y - RADIUS - 2, y + RADIUS + 2]);
}

/**
 * Join a marker with the position of its question, where it is away from it.
 * @param {CanvasRenderingContext2D} pen
 * @param {Marker} marker
 */
function drawTether(pen, { x, y, ownX, ownY }) {
  if (x === ownX && y === ownY) return;
  pen.strokeStyle = theme.colors.accent;
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(x, y);
  pen.lineTo(ownX, ownY);
  pen.stroke();
  pen.fillStyle = theme.colors.accent;
  pen.beginPath();
  pen.arc(ownX, ownY, 2, 0, 7);
  pen.fill();
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {{ number: number, x: number, y: number, small: boolean }} marker
 * @param {QuestionState} state
 */
function drawMarker(pen, { number, x, y, small }, state) {
  const { shape, fill, edge, ink, sign, halo } = LOOKS[state], radius = small ? SMALL_RADIUS : RADIUS;
  if (halo) {
    pen.globalAlpha = 0.25;
    pen.fillStyle = theme.colors.accent;
    pen.beginPath();
    pen.arc(x, y, radius + 7, 0, 7);
    pen.fill();
    pen.globalAlpha = 1;
  }
  outline(pen, shape, x, y, radius);
  pen.fillStyle = theme.colors[fill];
  pen.fill();
  pen.strokeStyle = theme.colors[edge];
  pen.lineWidth = small ? 1 : state === "open" ? 2 : 1.5;
  pen.stroke();
  if (small) return;
  pen.font = `700 ${sign ? 13 : number < 99 ? 11 : 9}px ${FONT}`;
  pen.fillStyle = theme.colors[ink];
  pen.fillText(sign ?? String(number + 1), x, y + 0.5);
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Look["shape"]} shape
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 */
function outline(pen, shape, x, y, radius) {
  pen.beginPath();
  if (shape === "circle") pen.arc(x, y, radius, 0, 7);
  else if (shape === "square") pen.rect(x - 0.9 * radius, y - 0.9 * radius, 1.8 * radius, 1.8 * radius);
  else {
    const far = 1.3 * radius;
    pen.moveTo(x, y - far);
    for (const [dx, dy] of [[far, 0], [0, far], [-far, 0]]) pen.lineTo(x + dx, y + dy);
    pen.closePath();
  }
}

/**
 * Draw the marker of a state by itself.
 * @param {CanvasRenderingContext2D} pen
 * @param {QuestionState} state
 * @param {number} x in pixels
 * @param {number} y in pixels
 */
export function drawSampleMarker(pen, state, x, y) {
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  drawMarker(pen, { number: 0, x, y, small: false }, state);
}

/**
 * Return the number of the question whose marker is at a place of the screen, or -1; those on top come first.
 * @param {number} screenX in pixels
 * @param {number} screenY in pixels
 * @returns {number}
 */
export function questionAt(screenX, screenY) {
  const hit = drawn.findLast(({ x, y, small }) => Math.hypot(x - screenX, y - screenY) <= (small ? 6 : RADIUS + 3));
  return hit ? hit.number : -1;
}

/**
 * Return the marker of a question; nothing where it is not on the screen.
 * @param {number} number
 * @returns {Marker | undefined}
 */
export function markerOf(number) {
  return drawn.find((marker) => marker.number === number);
}

// The result as a picture: the map with what is known, the key to its colours, the domains, the score, and where the page is.

import { createCanvas } from "../base/dom.js";
import { store } from "../base/store.js";
import { shorten } from "../base/text.js";
import { FONT, theme } from "../base/theme.js";
import { mapPicture } from "../map/renderer.js";
import { domainResults, writtenLevel } from "./domain_report.js";
import { knowledgeColor, knowledgeSwatch } from "./knowledge_layer.js";
import { writtenScore } from "./score.js";

const WIDTH = 1200, MARGIN = 48, MAP_HEIGHT = 800; // pixels
const LINE = 40; // pixels from one domain to the next
const MOST = 16; // domains
const LONGEST = 48; // characters of the name of a domain
const BAR = 420; // pixels of a bar for all that can be known

/** Return the domains that the picture has room for: those with the most answers, in their order. */
function shownDomains() {
  const results = domainResults(), most = [...results].sort((a, b) => b.answered - a.answered).slice(0, MOST);
  return results.filter((result) => most.includes(result));
}

/**
 * Return a picture of the result, in the colours of the page.
 * @returns {HTMLCanvasElement}
 */
export function resultPicture() {
  const domains = shownDomains(), isOnline = /^https?:$/.test(location.protocol);
  const below = MARGIN + 150 + MAP_HEIGHT + 110 + domains.length * LINE;
  const [canvas, pen] = createCanvas(WIDTH, below + (isOnline ? 60 : 0));
  pen.fillStyle = theme.colors.paper;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.textBaseline = "alphabetic";
  write(pen, shorten(document.title, 60), MARGIN, MARGIN + 36, `600 38px ${FONT}`);
  write(pen, writtenScore(), MARGIN, MARGIN + 88, `28px ${FONT}`);
  drawMap(pen, MARGIN + 120);
  const keyTop = MARGIN + 150 + MAP_HEIGHT;
  drawKey(pen, keyTop);
  domains.forEach((result, at) => drawDomain(pen, result, keyTop + 110 + at * LINE));
  if (isOnline) write(pen, shorten(location.href.split("#", 1)[0], 90), MARGIN, below + 24, `20px ${FONT}`, "faint");
  return canvas;
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {string} text
 * @param {number} x
 * @param {number} y of the line on which it stands
 * @param {string} font
 * @param {string} [color] its name in the theme
 */
function write(pen, text, x, y, font, color = "ink") {
  pen.font = font;
  pen.fillStyle = theme.colors[color];
  pen.fillText(text, x, y);
}

/**
 * Draw the map as on the screen, its middle where there is not room for all.
 * @param {CanvasRenderingContext2D} pen
 * @param {number} top
 */
function drawMap(pen, top) {
  const map = mapPicture(), width = WIDTH - 2 * MARGIN, scale = Math.max(width / map.width, MAP_HEIGHT / map.height);
  const [wide, high] = [width / scale, MAP_HEIGHT / scale];
  pen.drawImage(map, (map.width - wide) / 2, (map.height - high) / 2, wide, high, MARGIN, top, width, MAP_HEIGHT);
  pen.strokeStyle = theme.colors.line;
  pen.lineWidth = 1;
  pen.strokeRect(MARGIN + 0.5, top + 0.5, width - 1, MAP_HEIGHT - 1);
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {number} top
 */
function drawKey(pen, top) {
  write(pen, "Estimated knowledge: little", MARGIN, top + 34, `20px ${FONT}`);
  const x = MARGIN + pen.measureText("Estimated knowledge: little").width + 14;
  pen.drawImage(knowledgeSwatch(), x, top + 6, 240, 40);
  write(pen, "much; the fainter, the less certain", x + 254, top + 34, `20px ${FONT}`);
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {import("./domain_report.js").DomainResult} result
 * @param {number} y of the line on which its name stands
 */
function drawDomain(pen, result, y) {
  const { name, level } = store.domains[result.domain], left = WIDTH - MARGIN - BAR - 150;
  write(pen, shorten(name, LONGEST), MARGIN + 24 * level, y, `22px ${FONT}`);
  pen.fillStyle = theme.colors.line;
  pen.fillRect(left, y - 16, BAR, 16);
  pen.fillStyle = knowledgeColor(result.known);
  pen.fillRect(left, y - 16, BAR * result.known, 16);
  write(pen, writtenLevel(result), left + BAR + 16, y, `22px ${FONT}`);
}

// Keep what one sees: as a picture, as a link, on paper.

import { canvasElement, contextOf, download, element, pixelRatio } from "../base/dom.js";
import { counted, shorten, written } from "../base/text.js";
import { FONT, refreshTheme, theme, withLightColors } from "../base/theme.js";
import { showToast } from "../base/toast.js";
import { filter } from "../map/filter.js";
import { mapPicture } from "../map/renderer.js";
import { writeAddress } from "./address.js";
import { drawLegend } from "./legend.js";

/** @type {() => HTMLCanvasElement} */
let drawPaper = pictureWithKey;

// ---- Pictures ----

const LONGEST = 120; // characters of what is filtered

/** Return the map as on the screen, with its title, what is filtered, and the key to colours and markers. */
function pictureWithKey() {
  const picture = mapPicture(), pen = contextOf(picture), ratio = pixelRatio();
  pen.setTransform(1, 0, 0, 1, 0, 0);
  drawLegend(pen, 16 * ratio, picture.height - 16 * ratio, ratio);
  pen.textAlign = "left";
  pen.textBaseline = "top";
  pen.lineJoin = "round";
  pen.lineWidth = 5 * ratio;
  pen.strokeStyle = theme.colors.paper;
  pen.fillStyle = theme.colors.ink;
  /** @param {string} text @param {number} size @param {number} top */
  const write = (text, size, top) => {
    pen.font = `600 ${size * ratio}px ${FONT}`;
    pen.strokeText(text, 20 * ratio, top * ratio);
    pen.fillText(text, 20 * ratio, top * ratio);
  };
  write(document.title, 20, 18);
  const conditions = filter.conditions().map(([, { text }]) => text);
  if (conditions.length) {
    const kept = `${written(filter.count)} of ${counted(filter.total, "article")}`;
    write(shorten(`${kept} · ${conditions.join(" · ")}`, LONGEST), 13, 44);
  }
  return picture;
}

function savePicture() {
  pictureWithKey().toBlob((blob) => {
    if (blob) download("knowledge-map.png", blob);
  }, "image/png");
}

/**
 * Choose what is printed; null for the map as on the screen.
 * @param {(() => HTMLCanvasElement) | null} draw
 */
export function setPaper(draw) {
  drawPaper = draw ?? pictureWithKey;
}

function fillPaper() {
  const paper = canvasElement("paper");
  withLightColors(() => {
    const picture = drawPaper();
    [paper.width, paper.height] = [picture.width, picture.height];
    contextOf(paper).drawImage(picture, 0, 0);
  });
}

// ---- Links ----

async function copyLink() {
  writeAddress();
  try {
    await navigator.clipboard.writeText(location.href);
    showToast("Link copied.");
  } catch {
    showToast("The link is in the address bar: copy it there.");
  }
}

/** Listen to the buttons and to printing. */
export function startExport() {
  element("save-picture").addEventListener("click", savePicture);
  element("copy-link").addEventListener("click", copyLink);
  element("print").addEventListener("click", () => globalThis.print());
  addEventListener("beforeprint", fillPaper);
  addEventListener("afterprint", refreshTheme);
}

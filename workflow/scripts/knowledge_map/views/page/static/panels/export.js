// Keep what one sees: as a picture, as a link, on paper.

import { canvasElement, contextOf, download, element, pixelRatio } from "../base/dom.js";
import { store } from "../base/store.js";
import { FONT, refreshTheme, theme, withLightColors } from "../base/theme.js";
import { showToast } from "../base/toast.js";
import { camera } from "../map/camera.js";
import { chooseColoring, chosenColoring, coloringChosen, isPlain } from "../map/coloring.js";
import { itemOpened } from "../map/item_events.js";
import { mapPicture, mapSettled } from "../map/renderer.js";
import { drawLegend } from "./legend.js";
import { panelChanged } from "./panel.js";

const RESULT = "result"; // the part of the address with a shared result, which belongs to the quiz

let shownItem = -1; // the row of the item in the panel
/** @type {() => HTMLCanvasElement} */
let drawPaper = pictureWithKey;

// ---- Pictures ----

/** Return the map as on the screen, with its title and the key to colours and markers. */
function pictureWithKey() {
  const picture = mapPicture(), pen = contextOf(picture), ratio = pixelRatio();
  pen.setTransform(1, 0, 0, 1, 0, 0);
  drawLegend(pen, 16 * ratio, picture.height - 16 * ratio, ratio);
  pen.font = `600 ${20 * ratio}px ${FONT}`;
  pen.textAlign = "left";
  pen.textBaseline = "top";
  pen.lineJoin = "round";
  pen.lineWidth = 5 * ratio;
  pen.strokeStyle = theme.colors.paper;
  pen.strokeText(document.title, 20 * ratio, 18 * ratio);
  pen.fillStyle = theme.colors.ink;
  pen.fillText(document.title, 20 * ratio, 18 * ratio);
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

// ---- The view in the address ----

/** Write view, colouring and item behind the # of the address. */
function writeAddress() {
  const parts = new URLSearchParams(), result = new URLSearchParams(location.hash.slice(1)).get(RESULT);
  if (result) parts.set(RESULT, result);
  parts.set("x", camera.x.toFixed(5));
  parts.set("y", camera.y.toFixed(5));
  parts.set("zoom", camera.zoomLevel.toPrecision(4));
  if (!isPlain()) parts.set("color", chosenColoring());
  if (shownItem >= 0) parts.set("item", String(shownItem));
  history.replaceState(null, "", `#${parts}`);
}

/** Take what the address holds, as far as it makes sense. */
function readAddress() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const [x, y, zoom, row] = ["x", "y", "zoom", "item"].map((name) => Number(parts.get(name) || NaN));
  if ([x, y, zoom].every(Number.isFinite) && zoom > 0) camera.jumpTo(x, y, camera.scaleOf(zoom));
  chooseColoring(parts.get("color") ?? "plain");
  if (Number.isInteger(row) && row >= 0 && row < store.count) itemOpened(row);
}

async function copyLink() {
  writeAddress();
  try {
    await navigator.clipboard.writeText(location.href);
    showToast("Link copied.");
  } catch {
    showToast("The link is in the address bar: copy it there.");
  }
}

/** Follow the address, keep it up to date, and listen to the buttons and to printing. */
export function startExport() {
  element("save-picture").addEventListener("click", savePicture);
  element("copy-link").addEventListener("click", copyLink);
  element("print").addEventListener("click", () => globalThis.print());
  addEventListener("beforeprint", fillPaper);
  addEventListener("afterprint", refreshTheme);
  mapSettled.listen(writeAddress);
  coloringChosen.listen(writeAddress);
  panelChanged.listen((row) => {
    shownItem = row;
    writeAddress();
  });
  addEventListener("hashchange", readAddress);
  if (location.hash) readAddress();
}

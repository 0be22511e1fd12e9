// What the answers tell: on the map, and in words about where one seems strong and where to read on.

import { create } from "../base/dom.js";
import { store } from "../base/store.js";
import { shorten } from "../base/text.js";
import { theme } from "../base/theme.js";
import { camera } from "../map/camera.js";
import { flyTo } from "../map/navigation.js";
import { articleIndex } from "../map/spatial_index.js";
import { answers } from "./answers.js";
import { conceptReport, domainReport } from "./domain_report.js";
import { knowledgeColor, knowledgeSwatch, showKnowledge } from "./knowledge_layer.js";
import { currentEstimate, noteAnswers } from "./learner.js";
import { readingList } from "./reading_list.js";
import { strengthsOf } from "./strengths.js";

const READ = 2; // articles to read in a region
const LONGEST = 60; // characters of a label
const REACH = 0.12; // of the shorter side of the screen that a length scale takes when one goes to a region

const node = create("section", { className: "insight" });
const wanted = create("input", { type: "checkbox", checked: true });
/** @type {ReturnType<typeof setTimeout> | undefined} */
let pending; // the timer until the report is shown

/**
 * Take note that the answers to these questions changed; the report shows it once what is on the screen now has been drawn.
 * @param {number[]} numbers
 */
export function reportAnswers(numbers) {
  noteAnswers(numbers);
  node.ariaBusy = "true";
  clearTimeout(pending);
  pending = setTimeout(show);
}

function show() {
  const estimate = currentEstimate();
  showOnMap();
  node.replaceChildren();
  node.ariaBusy = "false";
  if (!answers.count) return;
  const { strongest, weakest } = strengthsOf(estimate);
  const ends = ["little", "much"].map((textContent) => create("span", { textContent }));
  const across = create("span", { className: "across" }, ...ends);
  const [known, strong] = answers.isShared ? ["is known", "Strong"] : ["I seem to know", "Where you seem strong"];
  node.append(
    create("label", { className: "check" }, wanted, `Show on the map what ${known}`),
    create("div", { className: "inside-key" }, knowledgeSwatch(), across, "The fainter, the less certain."),
    ...domainReport(),
    ...conceptReport(),
    ...regionList(strong, strongest),
    ...regionList("Where to read on", weakest),
  );
}

function showOnMap() {
  showKnowledge(answers.count > 0 && wanted.checked ? currentEstimate() : null);
}

/**
 * Return a heading and the regions beneath it, each with articles to read there; nothing where there are none.
 * @param {string} title
 * @param {import("./strengths.js").KnowledgeRegion[]} regions
 */
function regionList(title, regions) {
  if (!regions.length) return [];
  return [create("h3", { textContent: title }), create("ul", { className: "regions" }, ...regions.map(regionItem))];
}

/** @param {import("./strengths.js").KnowledgeRegion} region */
function regionItem({ text, x, y, known }) {
  const patch = create("span", { className: "patch" }), go = create("button", { type: "button" });
  patch.style.background = knowledgeColor(known);
  const share = create("b", { textContent: `${Math.round(100 * known)} %` });
  go.append(patch, create("span", { textContent: shorten(text, LONGEST) }), share);
  go.addEventListener("click", () => flyTo(x, y, camera.scaleOf(REACH / store.quiz.length_scale)));
  return create("li", {}, go, readingList(articleIndex.nearest(x, y, READ)));
}

/**
 * Keep the report up to date; return its element.
 * @returns {HTMLElement}
 */
export function startReport() {
  wanted.addEventListener("change", showOnMap);
  theme.changed.listen(() => {
    if (node.childElementCount) show();
  });
  return node;
}

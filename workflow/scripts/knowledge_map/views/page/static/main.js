// The page from its beginning: unpack the items, then start the parts, from the lowest layer to the highest.

import { store } from "./base/store.js";
import { startTheme } from "./base/theme.js";
import { camera } from "./map/camera.js";
import { allowClasses, allowRange } from "./map/class_filter.js";
import { articleValues, startColoring } from "./map/coloring.js";
import { startDensity } from "./map/density.js";
import { filter } from "./map/filter.js";
import { startGestures } from "./map/gestures.js";
import { itemOpened, labelHovered, labelOpened } from "./map/item_events.js";
import { labelAt, startLabels, writtenLabels } from "./map/labels.js";
import { drawSampleMarker, markerOf, questionStates } from "./map/markers.js";
import { boxOfAll, flyTo, isInView, viewOfBox } from "./map/navigation.js";
import { isAtRest, itemAt, mapPicture, mapSettled, showMap, shownLayer, startRenderer } from "./map/renderer.js";
import { isLoaded, startShownArticles } from "./map/shown_articles.js";
import { articleIndex } from "./map/spatial_index.js";
import { startAddress } from "./panels/address.js";
import { startArticleCards } from "./panels/article_card.js";
import { startChips } from "./panels/chips.js";
import { startColorMenu } from "./panels/color_menu.js";
import { startControls } from "./panels/controls.js";
import { startExport } from "./panels/export.js";
import { startFilterPanel } from "./panels/filter_panel.js";
import { startHelp } from "./panels/help.js";
import { startHints } from "./panels/hint.js";
import { startLegend } from "./panels/legend.js";
import { startLoading } from "./panels/loading.js";
import { startOverview } from "./panels/overview.js";
import { startPanel } from "./panels/panel.js";
import { startScene } from "./panels/scene.js";
import { startSearch } from "./panels/search.js";
import { startSelection, takeSelectionTool } from "./panels/selection.js";
import { startTour } from "./panels/tour.js";
import { answers } from "./quiz/answers.js";
import { startQuiz } from "./quiz/quiz.js";

/**
 * What tests, benchmarks and a person at the console may ask of the page, as `knowledgeMap`. It is not needed by the page itself.
 */
const knowledgeMap = {
  // data
  store,
  answers,
  // the camera and where it goes
  camera,
  flyTo,
  isInView,
  viewOfBox,
  boxOfAll,
  // the map
  isAtRest,
  isLoaded,
  mapSettled,
  mapPicture,
  shownLayer,
  questionStates,
  articleValues,
  writtenLabels,
  markerOf,
  drawSampleMarker,
  filter,
  classFilter: { allowClasses, allowRange },
  // items
  itemAt,
  itemOpened,
  labelAt,
  labelHovered,
  labelOpened,
  /** @type {(x: number, y: number, count: number) => number[]} */
  articlesNear: (x, y, count) => articleIndex.nearest(x, y, count),
  // tools
  takeSelectionTool,
};

async function start() {
  await store.load();
  articleIndex.fill((row) => store.xOf(row), (row) => store.yOf(row), store.tiles ? 0 : store.articleCount);
  filter.start(store.articleCount, !store.tiles);
  startTheme();
  startDensity();
  startLabels();
  startRenderer();
  startOverview();
  startColoring();
  startShownArticles();
  showMap();
  startGestures();
  startPanel();
  startLoading();
  startHints();
  startLegend();
  startColorMenu();
  startArticleCards();
  startSearch();
  startSelection();
  startChips();
  startFilterPanel();
  startHelp();
  startControls();
  startScene();
  if (store.questions.length) startQuiz();
  startExport();
  const isFirstView = !location.hash;
  startAddress();
  if (isFirstView) startTour();
  Object.assign(globalThis, { knowledgeMap });
  document.body.dataset.state = "ready";
}

start();

// The quiz: asks the questions in the panel, by pointer or by keys, and says what became of the answers.

import { button, create, element, targetOf } from "../base/dom.js";
import { store } from "../base/store.js";
import { counted, shorten, written } from "../base/text.js";
import { itemOpened } from "../map/item_events.js";
import { questionStates } from "../map/markers.js";
import { flyTo, isInView } from "../map/navigation.js";
import { isAtRest } from "../map/renderer.js";
import { setPaper } from "../panels/export.js";
import { panelChanged, scrollPanelToTop, showPanel } from "../panels/panel.js";
import { answers, LONGEST_FILE, NOT_KEPT } from "./answers.js";
import { chooseQuestion } from "./choosing.js";
import { domainChoice, showDomain } from "./domain_choice.js";
import { chosenDomain, questionsOf } from "./domains.js";
import { reportAnswers, startReport } from "./knowledge_report.js";
import { questionView, verdict } from "./question_view.js";
import { renderTools } from "./quiz_tools.js";
import { removeResult, resultInAddress } from "./result_address.js";
import { resultPicture } from "./result_picture.js";
import { writtenScore } from "./score.js";
import { renderSharing } from "./sharing.js";

const box = create("div", { className: "quiz" });
const asking = create("section"), tally = create("p", { className: "tally" }), bar = create("progress");
const notice = create("p", { className: "notice", hidden: true });
const sharing = create("section", { className: "sharing" }), tools = create("section", { className: "tools" });
/** @type {number[]} */
const trail = []; // the questions in the order in which they were shown, for going back and forth; -1 is the result
/** @type {number[]} */
let askable = []; // questions of the domain that can be asked
let step = 0; // where in the trail
let current = -1; // the question there; -1 is the result, after the last one
/** @type {string | null} the shared result that is shown, as the address has it */
let sharedCode = null;

const isShown = () => box.isConnected;
const canGoOn = () => !answers.isShared && askable.length > 0;
const openQuestions = () => askable.filter((number) => answers.isOpen(number));
const isAnyOpen = () => askable.some((number) => answers.isOpen(number));

/**
 * Tell those who listen instead of look.
 * @param {string} text
 */
function announce(text) {
  element("quiz-said").textContent = text;
}

/**
 * Show a notice, and say it.
 * @param {string} text
 */
function notify(text) {
  notice.hidden = !text;
  notice.textContent = text;
  announce(text);
}

// ---- The course of the quiz ----

/**
 * Show the question at a step of the trail; beyond its end the next one, or the result where none is open.
 * @param {number} newStep
 */
function goTo(newStep) {
  const open = newStep === trail.length && !answers.isShared ? openQuestions() : [];
  if (open.length) trail.push(chooseQuestion(answers.mode, open, current));
  step = newStep;
  show(trail[step] ?? -1);
}

/** Let the trail hold the questions answered, and go on after them. */
function retrace() {
  trail.splice(0, trail.length, ...answers.chosen.keys());
  step = trail.length;
}

/**
 * Take the answer to the present question.
 * @param {number | null} option null for "I don't know"
 */
function decide(option) {
  const isKept = answers.give(current, option);
  reportAnswers([current]);
  render();
  if (!isKept) notify(NOT_KEPT);
  /** @type {HTMLElement | null} */ (asking.querySelector(".strong"))?.focus();
  announce(`${verdict(current)} ${tally.textContent}`);
}

/** Ask about the domain that was chosen, and go to its region. */
function domainChosen() {
  askable = questionsOf(chosenDomain.value);
  const isOpen = current >= 0 && answers.isOpen(current) && askable.includes(current);
  if (isOpen || !isShown()) render();
  else if (answers.isShared) show(-1);
  else {
    if (current >= 0 && answers.isOpen(current)) trail.splice(step); // it was not answered, and is not asked in this domain
    goTo(trail.length);
  }
  if (isShown()) showDomain();
  announce(tally.textContent);
}

function answerAgain() {
  answers.withdraw(current);
  reportAnswers([current]);
  show(current);
}

function restart() {
  const answered = [...answers.chosen.keys()];
  answers.clear();
  reportAnswers(answered);
  retrace();
  current = -1;
  goTo(step);
  announce("The quiz begins anew.");
}

/**
 * Show a question, or the result with -1.
 * @param {number} number
 */
function show(number) {
  current = number;
  const opens = !isShown(), rests = isAtRest();
  if (opens) openPanel();
  render();
  if (opens) showDomain();
  else if (number >= 0 && rests) {
    const position = store.position(store.questions[number].row);
    if (!isInView(...position)) flyTo(...position);
  }
  asking.querySelector("h3")?.focus({ preventScroll: true });
  scrollPanelToTop();
}

/**
 * Show the question of a row, as a new step of the trail.
 * @param {number} row
 */
function openQuestion(row) {
  const number = row - store.articleCount;
  if (number !== current) {
    trail.splice(step + 1, 0, number);
    step = trail.indexOf(number, step);
  }
  show(number);
}

// ---- What is on the screen ----

function openPanel() {
  showPanel(box, answers.isShared ? "A shared result" : "Quiz");
}

function render() {
  const { right, wrong, unknown } = answers.score(askable), answered = right + wrong + unknown;
  [bar.max, bar.value] = [askable.length, answered];
  tally.textContent = `${written(right)} right of ${written(answered)} answered, ${written(askable.length - answered)} open.`;
  element("quiz-open").textContent = openerText();
  asking.replaceChildren(...(current < 0 ? resultView(wrong, unknown) : questionView(current, stepActions())));
  renderSharing(sharing);
  mark();
}

function openerText() {
  if (answers.isShared) return "See the shared result";
  if (!answers.count) return "Take the quiz";
  return answers.count < questionsOf(-1).length ? "Go on with the quiz" : "See my result";
}

/** Mark the questions on the map by what became of them, and say what is printed. */
function mark() {
  const isAsked = isShown() && !answers.isShared && current >= 0 && answers.isOpen(current);
  questionStates.set(store.questions.map((_, number) => (isAsked && number === current ? "current" : answers.state(number))));
  setPaper(isShown() && answers.count ? resultPicture : null);
}

/**
 * Return what can be done at a question.
 * @returns {import("./question_view.js").QuestionActions}
 */
function stepActions() {
  const next = () => button(isAnyOpen() ? "Next" : "See the result", () => goTo(step + 1), { className: "strong" });
  return { decide, answerAgain, back: backButton(), proceed: canGoOn() ? next() : null };
}

function backButton() {
  return button("Back", () => goTo(step - 1), { disabled: step === 0, title: "The question before" });
}

/**
 * @param {number} wrong
 * @param {number} unknown
 */
function resultView(wrong, unknown) {
  const first = answers.isShared ? "A shared result " : isAnyOpen() ? "So far " : "All questions are answered ";
  const heading = create("h3", { className: "asked", tabIndex: -1 });
  heading.append(create("span", { className: "ordinal", textContent: first }), writtenScore());
  const rest = create("p", {
    textContent: `${counted(wrong, "wrong answer")}, ${written(unknown)} not known. The map shows where.`,
  });
  if (!answers.isShared) return [heading, rest, create("div", { className: "steps" }, backButton())];
  const whose = "These are the answers of somebody else. Your own are kept as they are, and are not on the screen now.";
  const take = button("Take it yourself", leaveShared, { className: "strong" });
  return [create("p", { className: "notice", textContent: whose }), heading, rest, create("div", { className: "steps" }, take)];
}

// ---- Answers from outside ----

function showTools() {
  if (answers.isShared) tools.replaceChildren();
  else renderTools(tools, { load: loadAnswers, restart });
}

/** Show the result that the address holds, or one's own where it holds none. */
function takeShared() {
  const code = resultInAddress();
  if (code === sharedCode) return;
  if (code === null) return leaveShared();
  const before = [...answers.chosen.keys()];
  try {
    answers.showShared(code);
  } catch (error) {
    removeResult();
    goTo(step);
    return notify(`The shared result was not opened: ${/** @type {Error} */ (error).message}`);
  }
  sharedCode = code;
  trail.splice(0, trail.length, -1);
  step = 0;
  answersReplaced(before);
  notify("");
  openPanel();
  show(-1);
  showDomain();
}

/** Put away the result of somebody else, and go on with one's own. */
function leaveShared() {
  const before = [...answers.chosen.keys()], trouble = answers.showOwn();
  sharedCode = null;
  removeResult();
  retrace();
  answersReplaced(before);
  current = -1;
  openPanel();
  goTo(step);
  notify(trouble);
}

/**
 * Show what follows from other answers than before.
 * @param {number[]} before the questions that were answered
 */
function answersReplaced(before) {
  reportAnswers([...new Set([...before, ...answers.chosen.keys()])]);
  showTools();
}

/** @param {File} file */
async function loadAnswers(file) {
  const before = [...answers.chosen.keys()];
  let loaded;
  try {
    if (file.size > LONGEST_FILE) throw new Error("the file is too large.");
    loaded = answers.load(await file.text());
  } catch (error) {
    return notify(`${shorten(file.name, 60)} was not loaded: ${/** @type {Error} */ (error).message}`);
  }
  answersReplaced(before);
  retrace();
  goTo(step);
  const parts = [`${counted(loaded.taken, "answer")} loaded`];
  if (loaded.unknown) parts.push(`${counted(loaded.unknown, "question")} not of this quiz`);
  if (loaded.unusable) parts.push(`${counted(loaded.unusable, "answer")} not usable, perhaps because the question changed`);
  if (loaded.elsewhere) parts.push("given on another map");
  notify(`${parts.join("; ")}.`);
}

/**
 * Answer by the keys 1 to 9 and 0, go on with Enter; while the quiz is on the screen and nobody types.
 * @param {KeyboardEvent} event
 */
function keyPressed(event) {
  if (!isShown() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const target = targetOf(event);
  if (target.closest("input:not([type=radio], [type=checkbox]), textarea")) return;
  if (answers.isShared || current < 0) return;
  const isOpen = answers.canBeAsked(store.questions[current]) && answers.isOpen(current);
  if (isOpen && /^[0-9]$/.test(event.key)) {
    const place = Number(event.key) - 1, shown = answers.shownOptions(current);
    if (place < shown.length) decide(place < 0 ? null : shown[place]);
  } else if (event.key === "Enter" && !isOpen && canGoOn() && !target.closest("button, a, summary")) goTo(step + 1);
  else return;
  event.preventDefault();
}

/** Restore the answers of a former visit, and offer the quiz; only for a map with questions. */
export function startQuiz() {
  askable = questionsOf(-1);
  const trouble = answers.restore(), open = element("quiz-open");
  box.append(bar, tally, ...domainChoice(), asking, notice, startReport(), sharing, tools);
  bar.ariaLabel = "Questions answered";
  reportAnswers([...answers.chosen.keys()]);
  retrace();
  showTools();
  render();
  if (trouble) notify(trouble);
  open.hidden = !askable.length;
  open.addEventListener("click", () => goTo(step));
  document.addEventListener("keydown", keyPressed);
  panelChanged.listen(mark);
  chosenDomain.listen(domainChosen);
  itemOpened.listen((row) => {
    if (store.isQuestion(row)) openQuestion(row);
  });
  addEventListener("hashchange", takeShared);
  takeShared();
}

// The quiz: asks the questions in the panel, by pointer or by keys, and says what became of the answers.

import { button, create, download, element, targetOf } from "../base/dom.js";
import { store } from "../base/store.js";
import { counted, shorten, written } from "../base/text.js";
import { itemOpened } from "../map/item_events.js";
import { questionStates } from "../map/markers.js";
import { flyTo, isInView, showQuestions } from "../map/navigation.js";
import { isAtRest } from "../map/renderer.js";
import { itemList } from "../panels/item_list.js";
import { panelChanged, scrollPanelToTop, showPanel } from "../panels/panel.js";
import { answers, LONGEST_FILE, NOT_KEPT } from "./answers.js";
import { reportAnswers, startReport } from "./knowledge_report.js";
import { mostTelling } from "./learner.js";

const NEAR = 3; // articles that are listed beneath a question

const box = create("div", { className: "quiz" });
const asking = create("section"), tally = create("p", { className: "tally" }), bar = create("progress");
const notice = create("p", { className: "notice", hidden: true });
const tools = create("section", { className: "tools" });
/** @type {number[]} */
const trail = []; // the questions in the order in which they were shown, for going back and forth
/** @type {number[]} */
let askable = []; // questions that can be asked
let step = 0; // where in the trail
let current = -1; // the question there; -1 is the result, after the last one

const isShown = () => box.isConnected;
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

/** Return the question to ask next: the next open one in order, or the one that would tell most; -1 where none is open. */
function nextQuestion() {
  const open = askable.filter((number) => answers.isOpen(number));
  if (!open.length) return -1;
  return answers.byTelling ? mostTelling(open) : open.find((number) => number > current) ?? open[0];
}

/**
 * Show the question at a step of the trail; beyond its end the next one, or the result where none is open.
 * @param {number} newStep
 */
function goTo(newStep) {
  if (newStep === trail.length && isAnyOpen()) trail.push(nextQuestion());
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
  if (opens) showPanel(box, "Quiz");
  render();
  if (opens) showQuestions();
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

function render() {
  const { right, wrong, unknown } = answers.score(), answered = right + wrong + unknown;
  [bar.max, bar.value] = [askable.length, answered];
  tally.textContent = `${written(right)} right of ${written(answered)} answered, ${written(askable.length - answered)} open.`;
  const rest = answered < askable.length ? "Go on with the quiz" : "See my result";
  element("quiz-open").textContent = answered ? rest : "Take the quiz";
  asking.replaceChildren(...(current < 0 ? resultView(right, wrong, unknown) : questionView(current)));
  mark();
}

/** Mark the questions on the map by what became of them. */
function mark() {
  const openCurrent = isShown() && current >= 0 && answers.isOpen(current) ? current : -1;
  questionStates.set(store.questions.map((_, number) => (number === openCurrent ? "current" : answers.state(number))));
}

/**
 * Return what is shown of a question: its text, its options, and what became of it if it has been answered.
 * @param {number} number
 */
function questionView(number) {
  const { row, text, options, source } = store.questions[number], state = answers.state(number);
  const ordinal = create("span", { textContent: `Question ${number + 1} ` });
  const heading = create("h3", { className: "asked", tabIndex: -1 }, ordinal, text);
  if (!answers.canBeAsked(store.questions[number])) {
    return [
      heading,
      create("ul", { className: "only-shown" }, ...options.map((option) => create("li", { textContent: option }))),
      create("p", { className: "verdict", textContent: "This question is only shown: no answer to it is known here." }),
      create("h4", { textContent: "Articles near it" }),
      itemList(articlesNear(row)),
      ...(askable.length ? [stepButtons(proceedButton())] : []),
    ];
  }
  const choices = create("ol", { className: "choices" }, ...options.map((_, at) => create("li", {}, choiceButton(number, at))));
  if (state === "open") return [heading, choices, stepButtons(button("I don’t know", () => decide(null), { title: "Key 0" }))];
  return [
    heading,
    choices,
    create("p", { className: `verdict ${state}`, textContent: verdict(number) }),
    stepButtons(button("Answer again", answerAgain), proceedButton()),
    create("h4", { textContent: source < 0 ? "Articles near it" : "Where it comes from" }),
    itemList(source < 0 ? articlesNear(row) : [source]),
  ];
}

/**
 * Return the button of an option: it answers, or shows what became of it.
 * @param {number} number
 * @param {number} option
 */
function choiceButton(number, option) {
  const isOpen = answers.isOpen(number), { sign, className, said } = lookOfChoice(number, option);
  const made = button("", () => decide(option), { className, disabled: !isOpen });
  made.append(
    create("kbd", { textContent: sign, ariaHidden: "true" }),
    create("span", {}, store.questions[number].options[option], create("span", { className: "unseen", textContent: said })),
  );
  return made;
}

/**
 * @param {number} number
 * @param {number} option
 */
function lookOfChoice(number, option) {
  if (answers.isOpen(number)) return { sign: option < 9 ? `${option + 1}` : "·", className: "", said: "" };
  if (option === store.questions[number].answer) return { sign: "✓", className: "right", said: " (the right answer)" };
  if (option === answers.chosen.get(number)) return { sign: "✗", className: "wrong", said: " (your answer)" };
  return { sign: "", className: "", said: "" };
}

/** @param {number} number */
function verdict(number) {
  const { options, answer } = store.questions[number], state = answers.state(number);
  if (state === "right") return "Right.";
  return `${state === "wrong" ? "Not right" : "Not known"}: the answer is “${options[answer ?? -1]}”.`;
}

/**
 * Return the articles nearest to a question in meaning.
 * @param {number} row
 */
function articlesNear(row) {
  return store.neighbors(row).filter((other) => !store.isQuestion(other)).slice(0, NEAR);
}

function proceedButton() {
  return button(isAnyOpen() ? "Next" : "See the result", () => goTo(step + 1), { className: "strong" });
}

/**
 * Return the row of buttons beneath a question; the way back comes first.
 * @param {...HTMLButtonElement} buttons
 */
function stepButtons(...buttons) {
  const back = button("Back", () => goTo(step - 1), { disabled: step === 0, title: "The question before" });
  return create("div", { className: "steps" }, back, ...buttons);
}

/**
 * @param {number} right
 * @param {number} wrong
 * @param {number} unknown
 */
function resultView(right, wrong, unknown) {
  const share = Math.round((100 * right) / Math.max(askable.length, 1));
  const finished = create("span", { textContent: "All questions are answered " });
  const score = `You knew ${written(right)} of ${written(askable.length)}, ${share} %`;
  const rest = `${counted(wrong, "wrong answer")}, ${written(unknown)} not known. The map shows where.`;
  return [
    create("h3", { className: "asked", tabIndex: -1 }, finished, score),
    create("p", { textContent: rest }),
    stepButtons(),
  ];
}

// ---- Order, keeping and exchange ----

/**
 * Return the choice of an order of the questions.
 * @param {boolean} byTelling
 * @param {string} text
 */
function orderChoice(byTelling, text) {
  const choice = create("input", { type: "radio", name: "quiz-order", checked: answers.byTelling === byTelling });
  choice.addEventListener("change", () => {
    answers.byTelling = byTelling;
  });
  return create("label", { className: "check" }, choice, text);
}

function renderTools() {
  const file = create("input", { type: "file", accept: ".json,application/json", hidden: true });
  file.addEventListener("change", () => {
    const chosen = file.files?.[0];
    if (chosen) loadAnswers(chosen);
    file.value = "";
  });
  const order = create("fieldset", {}, create("legend", { textContent: "Next question" }));
  order.append(orderChoice(false, "in the order of the file"), orderChoice(true, "the one that would tell most"));
  const restartButton = button("Start anew", () => (answers.count ? confirmRestart() : restart()));
  const buttons = [button("Save answers", saveAnswers), button("Load answers", () => file.click()), file, restartButton];
  tools.replaceChildren(order, create("div", { className: "steps" }, ...buttons));
}

function confirmRestart() {
  const keep = button("Keep them", () => {
    renderTools();
    /** @type {HTMLElement | null} */ (tools.querySelector(".steps button:last-child"))?.focus();
  });
  const forget = button("Forget them", () => {
    renderTools();
    restart();
  });
  const asked = create("p", { textContent: `Forget ${counted(answers.count, "answer")} and start anew?` });
  const buttons = create("div", { className: "steps" }, keep, forget);
  tools.replaceChildren(create("div", { role: "group", ariaLabel: "Start anew" }, asked, buttons));
  keep.focus();
}

function saveAnswers() {
  download("knowledge-map-answers.json", new Blob([answers.asJson()], { type: "application/json" }));
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
  reportAnswers([...before, ...answers.chosen.keys()]);
  retrace();
  renderTools();
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
  if (target.closest("input:not([type=radio], [type=checkbox]), textarea, select")) return;
  const isOpen = current >= 0 && answers.canBeAsked(store.questions[current]) && answers.isOpen(current);
  const canGoOn = !isOpen && current >= 0 && askable.length > 0;
  if (isOpen && /^[0-9]$/.test(event.key)) {
    const option = Number(event.key) - 1;
    if (option < store.questions[current].options.length) decide(option < 0 ? null : option);
  } else if (event.key === "Enter" && canGoOn && !target.closest("button, a, summary")) goTo(step + 1);
  else return;
  event.preventDefault();
}

/** Restore the answers of a former visit, and offer the quiz; only for a map with questions. */
export function startQuiz() {
  askable = store.questions.flatMap((question, number) => (answers.canBeAsked(question) ? [number] : []));
  const trouble = answers.restore(), open = element("quiz-open");
  box.append(bar, tally, asking, notice, startReport(), tools);
  bar.ariaLabel = "Questions answered";
  reportAnswers([...answers.chosen.keys()]);
  retrace();
  renderTools();
  render();
  if (trouble) notify(trouble);
  open.hidden = !askable.length;
  open.addEventListener("click", () => goTo(step));
  document.addEventListener("keydown", keyPressed);
  panelChanged.listen(mark);
  itemOpened.listen((row) => {
    if (store.isQuestion(row)) openQuestion(row);
  });
}

// What stands beneath the quiz: which question comes next, answers to a file and from it, and a new beginning.

import { button, create, download } from "../base/dom.js";
import { counted } from "../base/text.js";
import { answers, MODES } from "./answers.js";

/** @typedef {import("./answers.js").Mode} Mode */
/**
 * @typedef {object} ToolActions
 * @property {(file: File) => void} load takes the answers of a file
 * @property {() => void} restart forgets all answers
 */

/**
 * Return the choice of a way to choose the next question.
 * @param {Mode} mode
 */
function modeChoice(mode) {
  const choice = create("input", { type: "radio", name: "quiz-mode", checked: answers.mode === mode });
  choice.addEventListener("change", () => {
    answers.mode = mode;
  });
  return create("label", { className: "check" }, choice, MODES[mode]);
}

/**
 * Show the tools.
 * @param {HTMLElement} box
 * @param {ToolActions} actions
 */
export function renderTools(box, actions) {
  const file = create("input", { type: "file", accept: ".json,application/json", hidden: true });
  file.addEventListener("change", () => {
    const chosen = file.files?.[0];
    if (chosen) actions.load(chosen);
    file.value = "";
  });
  const modes = create("fieldset", {}, create("legend", { textContent: "Next question" }));
  modes.append(...Object.keys(MODES).map((mode) => modeChoice(/** @type {Mode} */ (mode))));
  const restartButton = button("Start anew", () => (answers.count ? confirmRestart(box, actions) : actions.restart()));
  const buttons = [button("Save answers", saveAnswers), button("Load answers", () => file.click()), file, restartButton];
  box.replaceChildren(modes, create("div", { className: "steps" }, ...buttons));
}

/**
 * @param {HTMLElement} box
 * @param {ToolActions} actions
 */
function confirmRestart(box, actions) {
  const keep = button("Keep them", () => {
    renderTools(box, actions);
    /** @type {HTMLElement | null} */ (box.querySelector(".steps button:last-child"))?.focus();
  });
  const forget = button("Forget them", () => {
    renderTools(box, actions);
    actions.restart();
  });
  const asked = create("p", { textContent: `Forget ${counted(answers.count, "answer")} and start anew?` });
  const buttons = create("div", { className: "steps" }, keep, forget);
  box.replaceChildren(create("div", { role: "group", ariaLabel: "Start anew" }, asked, buttons));
  keep.focus();
}

function saveAnswers() {
  download("knowledge-map-answers.json", new Blob([answers.asJson()], { type: "application/json" }));
}

// The quiz: asks the questions in the panel, by pointer or by keys, and says what became of the answers.

const quiz = (() => {
  const box = create("div", { className: "quiz" });
  const asking = create("section"), tally = create("p", { className: "tally" }), bar = create("progress");
  const notice = create("p", { className: "notice", hidden: true });
  const tools = create("section", { className: "tools" });
  const trail = []; // the questions in the order in which they were shown, for going back and forth
  let askable = [], at = 0, current = -1; // the place in the trail, and the question there; -1 is the result, after the last one

  const place = (number) => map.places(data.questions[number].row);
  const isShown = () => box.isConnected;
  const isOpen = (number) => progress.state(number) === "open";
  const written = (n) => n.toLocaleString("en");
  /** Tell those who listen instead of look. */
  const announce = (text) => { element("quiz-said").textContent = text; };

  // ---- The course of the quiz ----

  /** Return the question to ask next: the next open one in order, or the one that would tell most; -1 where none is open. */
  function next() {
    const open = askable.filter(isOpen);
    if (!open.length) return -1;
    return progress.byTelling ? insight.mostTelling(open) : open.find((number) => number > current) ?? open[0];
  }

  /** Show the question at a place of the trail; beyond its end the next one, or the result where none is open. */
  function go(step) {
    if (step === trail.length && askable.some(isOpen)) trail.push(next());
    at = step;
    show(trail[at] ?? -1);
  }

  /** Let the trail hold the questions answered, and go on after them. */
  function retrace() {
    trail.splice(0, trail.length, ...progress.answers.keys());
    at = trail.length;
  }

  /** Take the option chosen, or null for "I don't know", as the answer to the present question. */
  function decide(chosen) {
    const kept = progress.answer(current, chosen);
    insight.reconsider([current]);
    render();
    if (!kept) tell(progress.NOT_KEPT);
    asking.querySelector(".strong").focus();
    announce(`${verdict(current)} ${tally.textContent}`);
  }

  function answerAgain() {
    progress.withdraw(current);
    insight.reconsider([current]);
    show(current);
  }

  function restart() {
    const answered = [...progress.answers.keys()];
    progress.clear();
    insight.reconsider(answered);
    retrace();
    current = -1;
    go(at);
    announce("The quiz begins anew.");
  }

  /** Go to a question, or to the result with -1. */
  function show(number) {
    current = number;
    const opens = !isShown(), rests = map.isAtRest();
    if (opens) panel.show(box, "Quiz");
    render();
    if (opens) view.showRegion();
    else if (number >= 0 && rests && !view.shows(...place(number))) map.flyTo(...place(number));
    asking.querySelector("h3").focus({ preventScroll: true });
    element("panel").scrollTop = 0;
  }

  // ---- What is on the screen ----

  function render() {
    const { right, wrong, unknown } = progress.score(), answered = right + wrong + unknown;
    [bar.max, bar.value] = [askable.length, answered];
    tally.textContent = `${written(right)} right of ${written(answered)} answered, ${written(askable.length - answered)} open.`;
    element("quiz-open").textContent = !answered ? "Take the quiz" : answered < askable.length ? "Go on with the quiz" : "See my result";
    asking.replaceChildren(...(current < 0 ? result(right, wrong, unknown) : question(current)));
    mark();
  }

  /** Mark the questions on the map by what became of them. */
  function mark() {
    map.markQuestions(data.questions.map((_, number) => (number === current && isOpen(number) && isShown() ? "current" : progress.state(number))));
  }

  /** Return what is shown of a question: its text, its options, and what became of it if it has been answered. */
  function question(number) {
    const { row, text, options, source } = data.questions[number], state = progress.state(number);
    const heading = create("h3", { className: "asked", tabIndex: -1 }, create("span", { textContent: `Question ${number + 1} ` }), text);
    if (!progress.canBeAsked(data.questions[number])) {
      return [heading, create("ul", { className: "only-shown" }, ...options.map((option) => create("li", { textContent: option }))),
        create("p", { className: "verdict", textContent: "This question is only shown: no answer to it is known here." }),
        create("h4", { textContent: "Articles near it" }), item.list(nearby(row)),
        ...(askable.length ? [steps(proceed())] : [])];
    }
    const choices = create("ol", { className: "choices" }, ...options.map((_, at) => create("li", {}, choice(number, at))));
    if (state === "open") return [heading, choices, steps(button("I don’t know", () => decide(null), { title: "Key 0" }))];
    const [title, rows] = source < 0 ? ["Articles near it", nearby(row)] : ["Where it comes from", [source]];
    return [heading, choices, create("p", { className: `verdict ${state}`, textContent: verdict(number) }),
      steps(button("Answer again", answerAgain), proceed()), create("h4", { textContent: title }), item.list(rows)];
  }

  /** Return the button of an option: it answers, or shows what became of it. */
  function choice(number, at) {
    const { options, answer } = data.questions[number], open = isOpen(number), chosen = progress.answers.get(number);
    const [kind, sign, said] = open ? ["", at < 9 ? `${at + 1}` : "·", ""]
      : at === answer ? ["right", "✓", " (the right answer)"]
      : at === chosen ? ["wrong", "✗", " (your answer)"] : ["", "", ""];
    return create("button", { type: "button", className: kind, disabled: !open, onclick: () => decide(at) },
      create("kbd", { textContent: sign, ariaHidden: "true" }),
      create("span", {}, options[at], create("span", { className: "unseen", textContent: said })));
  }

  function verdict(number) {
    const { options, answer } = data.questions[number], state = progress.state(number);
    if (state === "right") return "Right.";
    return `${state === "wrong" ? "Not right" : "Not known"}: the answer is “${options[answer]}”.`;
  }

  /** Return the articles nearest to a question in meaning. */
  const nearby = (row) => data.neighbors(row).filter((near) => near < data.articles).slice(0, 3);

  const proceed = () => button(askable.some(isOpen) ? "Next" : "See the result", () => go(at + 1), { className: "strong" });

  /** Return the row of buttons beneath a question; the way back comes first. */
  const steps = (...buttons) => create("div", { className: "steps" },
    button("Back", () => go(at - 1), { disabled: at === 0, title: "The question before" }), ...buttons);

  function result(right, wrong, unknown) {
    const share = Math.round((100 * right) / Math.max(askable.length, 1));
    return [create("h3", { className: "asked", tabIndex: -1 }, create("span", { textContent: "All questions are answered " }),
      `You knew ${written(right)} of ${written(askable.length)}, ${share} %`),
    create("p", { textContent: `${counted(wrong, "wrong answer")}, ${written(unknown)} not known. The map shows where.` }), steps()];
  }

  // ---- Order, keeping and exchange ----

  function makeTools() {
    const order = (byTelling, text) => {
      const choice = create("input", { type: "radio", name: "quiz-order", checked: progress.byTelling === byTelling });
      choice.addEventListener("change", () => { progress.byTelling = byTelling; });
      return create("label", { className: "check" }, choice, text);
    };
    const file = create("input", { type: "file", accept: ".json,application/json", hidden: true });
    file.addEventListener("change", () => {
      if (file.files.length) load(file.files[0]);
      file.value = "";
    });
    tools.replaceChildren(
      create("fieldset", {}, create("legend", { textContent: "Next question" }),
        order(false, "in the order of the file"), order(true, "the one that would tell most")),
      create("div", { className: "steps" }, button("Save answers", save), button("Load answers", () => file.click()), file,
        button("Start anew", () => { if (progress.answers.size) confirmRestart(); else restart(); })));
  }

  function confirmRestart() {
    const keep = button("Keep them", () => { makeTools(); tools.querySelector(".steps button:last-child").focus(); });
    tools.replaceChildren(create("div", { role: "group", ariaLabel: "Start anew" },
      create("p", { textContent: `Forget ${counted(progress.answers.size, "answer")} and start anew?` }),
      create("div", { className: "steps" }, keep, button("Forget them", () => { makeTools(); restart(); }))));
    keep.focus();
  }

  function save() {
    download("knowledge-map-answers.json", new Blob([progress.written()], { type: "application/json" }));
  }

  async function load(file) {
    const before = [...progress.answers.keys()];
    let told;
    try {
      if (file.size > progress.LONGEST) throw new Error("the file is too large.");
      told = progress.read(await file.text());
    } catch (error) {
      tell(`${shorten(file.name, 60)} was not loaded: ${error.message}`);
      return;
    }
    insight.reconsider([...before, ...progress.answers.keys()]);
    retrace();
    makeTools();
    go(at);
    const parts = [`${counted(told.taken, "answer")} loaded`];
    if (told.unknown) parts.push(`${counted(told.unknown, "question")} not of this quiz`);
    if (told.unusable) parts.push(`${counted(told.unusable, "answer")} not usable, perhaps because the question changed`);
    if (told.elsewhere) parts.push("given on another map");
    tell(`${parts.join("; ")}.`);
  }

  /** Show a notice, and say it. */
  function tell(text) {
    notice.hidden = !text;
    notice.textContent = text;
    announce(text);
  }

  /** Answer by the keys 1 to 9 and 0, go on with Enter; while the quiz is on the screen and nobody types. */
  function pressed(event) {
    if (!isShown() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest("input:not([type=radio], [type=checkbox]), textarea, select")) return;
    const open = current >= 0 && progress.canBeAsked(data.questions[current]) && isOpen(current);
    if (open && /^[0-9]$/.test(event.key)) {
      const option = Number(event.key) - 1;
      if (option < data.questions[current].options.length) decide(option < 0 ? null : option);
    } else if (event.key === "Enter" && !open && current >= 0 && askable.length && !event.target.closest("button, a, summary")) go(at + 1);
    else return;
    event.preventDefault();
  }

  function start() {
    askable = data.questions.flatMap((question, number) => (progress.canBeAsked(question) ? [number] : []));
    const trouble = progress.restore();
    box.append(bar, tally, asking, notice, insight.node, tools);
    bar.ariaLabel = "Questions answered";
    insight.start();
    insight.reconsider([...progress.answers.keys()]);
    retrace();
    makeTools();
    render();
    if (trouble) tell(trouble);
    element("quiz-open").hidden = !askable.length;
    element("quiz-open").addEventListener("click", () => go(at));
    document.addEventListener("keydown", pressed);
    panel.onChange(mark);
    map.onQuestionClick((number) => {
      if (number !== current) {
        trail.splice(at + 1, 0, number);
        at = trail.indexOf(number, at);
      }
      show(number);
    });
  }

  return { start };
})();

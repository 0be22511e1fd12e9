// The questions.

const quiz = (() => {
  function show(number) {
    const { row, text, options, answer } = map.questions[number];
    const list = create("ol", { className: "options" }, ...options.map((option, at) =>
      create("li", { textContent: option, className: at === answer ? "answer" : "" })));
    const node = create("div", {}, create("p", { textContent: text }), list, create("h3", { textContent: "Nearest in meaning" }), item.list(data.neighbors(row)));
    panel.show(node, `Question ${number + 1}`);
  }

  function start() {
    map.onQuestionClick(show);
  }

  return { start };
})();

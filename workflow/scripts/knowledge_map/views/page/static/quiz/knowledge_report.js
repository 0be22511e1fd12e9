// What the answers tell: keeps the estimate of knowledge up to date with them, and shows it on the map and in words.

const insight = (() => {
  const node = create("section", { className: "insight" });
  const wanted = create("input", { type: "checkbox", checked: true });
  const changed = new Set(); // questions whose answers the estimate does not know yet
  let knowledge = null, pending = 0;

  /** Return a question as the estimate takes it. */
  function placed(number) {
    const { row, options, difficulty } = data.questions[number], [x, y] = map.places(row);
    return { key: number, x, y, difficulty, guess: 1 / options.length };
  }

  /** Return the places that matter when the next question is chosen: cells of the question region, weighed by their articles. */
  function interest() {
    const SIDE = 24, { x_min, x_max, y_min, y_max } = data.region, weights = new Float64Array(SIDE * SIDE);
    const cell = (value, low, high) => clamp(Math.floor(((value - low) / (high - low || 1)) * SIDE), 0, SIDE - 1);
    for (const run of places.articlesIn(x_min, x_max, y_min, y_max)) {
      for (const row of run) weights[cell(data.Y[row], y_min, y_max) * SIDE + cell(data.X[row], x_min, x_max)]++;
    }
    const middle = (at, low, high) => low + ((at + 0.5) / SIDE) * (high - low);
    return Array.from(weights, (weight, at) => [middle(at % SIDE, x_min, x_max), middle(Math.floor(at / SIDE), y_min, y_max), weight])
      .filter(([, , weight]) => weight > 0);
  }

  /** Bring the estimate up to date with the answers. */
  function estimate() {
    const isOpen = (number) => progress.state(number) === "open";
    if (!progress.answers.size) knowledge.clear();
    else [...changed].filter(isOpen).forEach((number) => knowledge.unlearn(number));
    knowledge.learn([...changed].filter((number) => !isOpen(number))
      .map((number) => ({ ...placed(number), known: progress.state(number) === "right" })));
    changed.clear();
  }

  /** Return the question of these whose answer would tell most. */
  function mostTelling(numbers) {
    estimate();
    knowledge.interest ??= interest();
    const gains = knowledge.gains(numbers.map(placed));
    return numbers[gains.indexOf(gains.reduce((most, gain) => Math.max(most, gain)))];
  }

  /** Take note that the answers to these questions changed; it shows once what is on the screen now has been drawn. */
  function reconsider(numbers) {
    for (const number of numbers) changed.add(number);
    node.ariaBusy = "true";
    clearTimeout(pending);
    pending = setTimeout(show);
  }

  function show() {
    estimate();
    const told = progress.answers.size > 0;
    showHeat();
    node.replaceChildren();
    node.ariaBusy = "false";
    if (!told) return;
    const { strongest, weakest } = regions.compare(knowledge);
    const words = (...texts) => create("span", { className: "across" }, ...texts.map((textContent) => create("span", { textContent })));
    node.append(create("label", { className: "check" }, wanted, "Show on the map what I seem to know"),
      create("div", { className: "inside-key" }, heat.swatch(), words("little", "much"), "The fainter, the less certain."),
      ...listed("Where you seem strong", strongest), ...listed("Where to read on", weakest));
  }

  function showHeat() {
    const shown = progress.answers.size > 0 && wanted.checked;
    map.showHeat(shown ? heat.draw(knowledge) : null);
    element("heat-key").hidden = !shown;
    legend.show();
    element("heat-swatch").replaceWith(Object.assign(heat.swatch(), { id: "heat-swatch" }));
  }

  /** Return a heading and the regions beneath it, each with articles to read there; nothing where there are none. */
  function listed(title, found) {
    if (!found.length) return [];
    return [create("h3", { textContent: title }), create("ul", { className: "regions" }, ...found.map(({ text, x, y, known }) => {
      const patch = create("span", { className: "patch" }), there = create("button", { type: "button" });
      patch.style.background = heat.css(known);
      there.append(patch, create("span", { textContent: shorten(text, 60) }), create("b", { textContent: `${Math.round(100 * known)} %` }));
      there.addEventListener("click", () => map.flyTo(x, y, (0.12 * Math.min(view.width, view.height)) / data.quiz.length_scale));
      return create("li", {}, there, item.list(map.articlesNear(x, y, 2)));
    }))];
  }

  function start() {
    const { x_min, x_max, y_min, y_max } = data.region;
    knowledge = new Knowledge([x_min, x_max, y_min, y_max], data.quiz.length_scale, data.quiz.general_level);
    wanted.addEventListener("change", showHeat);
    theme.changed.listen(() => { if (node.childElementCount) show(); });
  }

  return { node, start, reconsider, mostTelling };
})();

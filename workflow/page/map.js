// The map on the screen, and what other parts may ask of it.

const map = (() => {
  const canvas = element("map"), pen = canvas.getContext("2d");
  let frame = 0, density, heat = null, hovered = -1, selected = -1, states = [];

  const redraw = () => (frame ||= requestAnimationFrame(() => { frame = 0; draw(); }));

  function draw() {
    const { width, height, scale } = view, ratio = window.devicePixelRatio || 1;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = theme.colors.paper;
    pen.fillRect(0, 0, width, height);
    pen.drawImage(heat ?? density, ...view.toScreen(-0.1, 1.1), 1.2 * scale, 1.2 * scale);
    const [left, top] = view.toMap(0, 0), [right, bottom] = view.toMap(width, height);
    const runs = places.articlesIn(left, right, bottom, top);
    const shown = runs.reduce((sum, run) => sum + run.length, 0);
    drawPoints(runs, shown);
    for (const row of [hovered, selected]) if (row >= 0) drawRing(...view.toScreen(...map.places(row)));
    if (data.region) drawRegion(data.region);
    drawLabels(shown < 300 ? titlesOf(runs) : levelLabels(), drawQuestions());
  }

  function drawPoints(runs, shown) {
    const radius = clamp((0.06 * view.scale) / Math.sqrt(data.articles), 0.6, 4), step = Math.ceil(shown / 60000);
    let seen = 0;
    pen.fillStyle = theme.colors.point;
    pen.globalAlpha = 0.5;
    pen.beginPath();
    for (const run of runs) {
      for (const row of run) {
        if (seen++ % step) continue;
        const [x, y] = view.toScreen(data.X[row], data.Y[row]);
        if (radius < 1.5) pen.rect(x - radius, y - radius, 2 * radius, 2 * radius);
        else { pen.moveTo(x + radius, y); pen.arc(x, y, radius, 0, 7); }
      }
    }
    pen.fill();
    pen.globalAlpha = 1;
  }

  function drawRing(x, y) {
    pen.strokeStyle = theme.colors.accent;
    pen.lineWidth = 2;
    pen.beginPath();
    pen.arc(x, y, 7, 0, 7);
    pen.stroke();
  }

  function drawRegion({ x_min, x_max, y_min, y_max }) {
    pen.strokeStyle = theme.colors.accent;
    pen.lineWidth = 1.2;
    pen.setLineDash([6, 4]);
    pen.strokeRect(...view.toScreen(x_min, y_max), (x_max - x_min) * view.scale, (y_max - y_min) * view.scale);
    pen.setLineDash([]);
  }

  /** Draw the questions by number, the present one last; return the boxes they take up. */
  function drawQuestions() {
    const numbers = data.questions.map((_, number) => number).sort((a, b) => (states[a] === "current") - (states[b] === "current"));
    return numbers.map((number) =>
      markers.draw(pen, ...view.toScreen(...map.places(data.questions[number].row)), states[number] ?? "open", number + 1));
  }

  /** Return the labels of the finest level whose cells are about 150 pixels wide. */
  function levelLabels() {
    const level = data.levels.filter(({ grid }) => view.scale / grid >= 150).at(-1) ?? data.levels[0];
    return (level?.labels ?? []).map(({ text, x, y }) => [text, x, y, 0]);
  }

  function* titlesOf(runs) {
    for (const run of runs) for (const row of run) yield [data.title(row), data.X[row], data.Y[row], 13];
  }

  /** Write labels, the first first, where they cover neither each other nor what is `taken`. */
  function drawLabels(labels, taken) {
    pen.font = "13px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.strokeStyle = theme.colors.paper;
    pen.fillStyle = theme.colors.ink;
    pen.lineWidth = 3;
    pen.lineJoin = "round";
    for (const [full, mapX, mapY, above] of labels) {
      const text = shorten(full, 34), [x, y] = view.toScreen(mapX, mapY);
      if (x < -150 || x > view.width + 150 || y < -20 || y > view.height + 20) continue;
      const half = pen.measureText(text).width / 2 + 7;
      const box = [x - half, x + half, y - above - 11, y - above + 11];
      if (taken.some((other) => box[0] < other[1] && other[0] < box[1] && box[2] < other[3] && other[2] < box[3])) continue;
      taken.push(box);
      pen.globalAlpha = 0.75;
      pen.strokeText(text, x, y - above);
      pen.globalAlpha = 1;
      pen.fillText(text, x, y - above);
    }
  }

  const map = {
    /** Return the place of an item in [0, 1] x [0, 1], y upward. */
    places: (row) => [data.X[row], data.Y[row]],
    /** The questions in the order of the map: row, id, text, options, and answer as an index of options, or null. */
    get questions() { return data.questions; },
    /** Bring a place to the middle of what is free of the screen; without a scale (pixels to a unit of the map) at the present one. */
    flyTo: (x, y, scale) => view.flyTo(...view.centered(x, y, scale)),
    /** Show a canvas that covers -0.1 to 1.1 of the map beneath points and labels in place of the density; null takes it back. */
    showHeat: (layer) => { heat = layer; redraw(); },
    /** Mark each question as open, right, wrong, unknown (answered "I don't know") or current. */
    markQuestions: (all) => { states = all; redraw(); },
    /** Return the rows of the `n` articles nearest to a place, nearest first. */
    articlesNear: (x, y, n) => places.articlesNear(x, y, n),
    /** Return the labels of a level of the whole map, by cells a side: text, x, y. */
    labels: (grid) => data.levels.find((level) => level.grid === grid)?.labels ?? [],
    /** Call back with the number of a question (its index in `questions`) when it is clicked. */
    onQuestionClick: (callback) => questionClicked.listen(callback),
    /** Open an item: an article in the panel, a question by whoever listens. -1 opens none. */
    open: (row) => {
      map.select(row);
      if (row >= data.articles) questionClicked(row - data.articles);
      else if (row >= 0) item.show(row);
    },
    /** Ring an item. */
    select: (row) => { selected = row; redraw(); },
    hover: (row) => { if (row !== hovered) { hovered = row; redraw(); } },
    redraw,
  };
  const questionClicked = signal();

  map.start = () => {
    const readColors = () => {
      density = shade.draw(["shade-low", "shade-middle", "shade-high"].map((name) => theme.colors[name]));
      redraw();
    };
    theme.changed.listen(readColors);
    view.changed.listen(redraw);
    theme.read();
    const spread = [data.X, data.Y].flatMap((values) => [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))]);
    map.whole = spread;
    new ResizeObserver(() => {
      const first = !view.width;
      [view.width, view.height] = [canvas.clientWidth, canvas.clientHeight];
      canvas.width = view.width * (window.devicePixelRatio || 1);
      canvas.height = view.height * (window.devicePixelRatio || 1);
      if (first) [view.x, view.y, view.scale] = view.around(map.whole);
      draw();
    }).observe(canvas);
  };
  return map;
})();

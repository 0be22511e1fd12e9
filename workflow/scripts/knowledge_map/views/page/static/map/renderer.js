// The map on the screen, and what other parts may ask of it.

const map = (() => {
  const overlay = element("names"), pen = overlay.getContext("2d");
  const CALM = 160; // milliseconds without movement after which all points are drawn
  const START = 40_000, LEAST = 10_000; // points drawn at first while it moves, and at least; as many as the machine keeps up with
  const DRIFT = 200; // pixels that what is written is carried along before it is written anew
  let ground = element("ground"), painter = points, frame = 0, stale = true, written = { x: 0, y: 0, scale: 0 };
  let calm = 0, share = 1, lastFrame = 0, moving = false, heat = null, selected = -1;
  const questionClicked = signal(), settled = signal(), over = signal();

  // ---- Drawing ----

  /** Draw all of it anew with the next frame. */
  function redraw() {
    stale = true;
    schedule();
  }

  const schedule = () => (frame ||= requestAnimationFrame(nextFrame));

  function nextFrame(now) {
    frame = 0;
    if (moving) {
      const took = now - lastFrame;
      if (took < 1000) share = clamp(share * (took > 45 ? 0.7 : took < 25 ? 1.25 : 1), Math.min(1, LEAST / data.articles), 1);
    }
    lastFrame = now;
    drawGround(moving ? share : 1);
    if (stale || !drift()) draw();
  }

  /** While the map is dragged, carry along what is written on it instead of writing it anew; false where that will not do. */
  function drift() {
    const [x, y] = [(written.x - view.x) * view.scale, (view.y - written.y) * view.scale];
    if (!moving || written.scale !== view.scale || Math.max(Math.abs(x), Math.abs(y)) > DRIFT) return false;
    overlay.style.transform = `translate(${x}px, ${y}px)`;
    return true;
  }

  function viewChanged() {
    if (!moving) lastFrame = -1e9;
    moving = true;
    schedule();
    clearTimeout(calm);
    calm = setTimeout(comeToRest, CALM);
  }

  function comeToRest() {
    if (view.isFlying()) return; // its frames take long; it ends with another change
    moving = false;
    redraw();
    settled();
  }

  /** Write on the map: labels, markers and what others draw. */
  function draw() {
    stale = false;
    written = { x: view.x, y: view.y, scale: view.scale };
    overlay.style.transform = "";
    const ratio = window.devicePixelRatio || 1, [left, top] = view.toMap(0, 0), [right, bottom] = view.toMap(view.width, view.height);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, view.width, view.height);
    if (data.region) drawRegion(data.region);
    const taken = markers.draw(pen);
    if (selected >= 0 && !data.isQuestion(selected)) taken.push(drawSelected());
    labels.draw(pen, taken, places.articlesIn(left, right, bottom, top));
    over(pen);
  }

  /** Draw picture and points: larger and stronger the farther they are apart, and fainter over a picture of knowledge. */
  function drawGround(share) {
    const size = clamp((0.22 * view.scale) / Math.sqrt(data.articles), 1.5, 8);
    const cover = (data.articles * size ** 2) / view.scale ** 2;
    const [ink, least, most] = heat && coloring.isPlain() ? [0.07, 0.12, 0.6] : [0.4, 0.35, 1];
    painter.draw(share, size, clamp(ink / cover / Math.max(share, 0.2), least, most), theme.colors.paper);
  }

  function drawRegion({ x_min, x_max, y_min, y_max }) {
    pen.strokeStyle = theme.colors.accent;
    pen.lineWidth = 1.2;
    pen.globalAlpha = 0.7;
    pen.setLineDash([6, 4]);
    pen.strokeRect(...view.toScreen(x_min, y_max), (x_max - x_min) * view.scale, (y_max - y_min) * view.scale);
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }

  /** Ring the item that the panel is about; return the box that the ring takes up. */
  function drawSelected() {
    const [x, y] = view.toScreen(...map.places(selected));
    for (const [color, width] of [[theme.colors.paper, 5], [theme.colors.accent, 2.5]]) {
      pen.strokeStyle = color;
      pen.lineWidth = width;
      pen.beginPath();
      pen.arc(x, y, 8, 0, 7);
      pen.stroke();
    }
    return [x - 10, x + 10, y - 10, y + 10];
  }

  function showPicture() {
    const stops = ["shade-low", "shade-middle", "shade-high"].map((name) => theme.colors[name]);
    painter.setPicture(heat ?? shade.draw(stops, coloring.isPlain() ? 1 : 0.3));
    redraw();
  }

  function resize() {
    const ratio = window.devicePixelRatio || 1, first = !view.width, { clientWidth, clientHeight } = element("map");
    if (!clientWidth || !clientHeight) return; // hidden, as while a page is printed
    [view.width, view.height] = [clientWidth, clientHeight];
    for (const canvas of [ground, overlay]) [canvas.width, canvas.height] = [Math.round(view.width * ratio), Math.round(view.height * ratio)];
    if (first) view.take(...view.around(data.region ? [data.region.x_min, data.region.x_max, data.region.y_min, data.region.y_max] : view.whole));
    drawGround(1);
    draw();
  }

  // ---- What others may ask ----

  const map = {
    /** Return the place of an item in [0, 1] x [0, 1], y upward. */
    places: (row) => [data.X[row], data.Y[row]],
    /** The questions in the order of the map: row, id, text, options, and answer as an index of options, or null. */
    get questions() { return data.questions; },
    /** Move the view to a place; without a scale (pixels to a unit of the map) it keeps the present one. */
    flyTo: (x, y, scale) => view.flyTo(x, y, scale),
    /** Show a canvas that covers -0.1 to 1.1 of the map beneath points and labels in place of the density; null takes it back. */
    showHeat: (layer) => { heat = layer; showPicture(); },
    /** Mark each question as open, right, wrong, unknown (answered "I don't know") or current. */
    markQuestions: (all) => { markers.mark(all); legend.show(all); redraw(); },
    /** Return the rows of the `n` articles nearest to a place, nearest first. */
    articlesNear: (x, y, n) => places.articlesNear(x, y, n),
    /** Return the labels of a level of the whole map, by cells a side: text, x, y. */
    labels: (grid) => data.levels.find((level) => level.grid === grid)?.labels ?? [],
    /** Call back with the number of a question (its index in `questions`) when it is clicked. */
    onQuestionClick: questionClicked.listen,
    /** Call back once the view has come to rest. */
    onSettled: settled.listen,
    /** Call back with the pen whenever the map is drawn, to draw over it in pixels of the screen. */
    onDraw: over.listen,
    /** Return the item at a place of the screen, or -1; markers of questions come first. */
    itemAt: (x, y) => {
      if (moving) draw(); // markers must be where they are seen
      const number = markers.at(x, y);
      return number >= 0 ? data.questions[number].row : places.articleAt(...view.toMap(x, y), 12 / view.scale);
    },
    /** Open an item: an article in the panel, a question by whoever listens. */
    open: (row) => {
      if (data.isQuestion(row)) questionClicked(row - data.articles);
      else item.show(row);
    },
    /** Ring an item; -1 none. */
    select: (row) => { selected = row; redraw(); },
    /** Take a value for each article and the colours of the values. */
    color: (values, palette) => { painter.setColors(values, palette); showPicture(); },
    /** Return a canvas with what is on the screen. */
    picture: () => {
      drawGround(1);
      draw();
      const copy = create("canvas", { width: overlay.width, height: overlay.height }), both = copy.getContext("2d");
      both.drawImage(ground, 0, 0);
      both.drawImage(overlay, 0, 0);
      return copy;
    },
    /** Return whether all is drawn as it will stay. */
    isAtRest: () => !moving && !frame && !view.isFlying(),
    redraw,
  };

  map.start = () => {
    share = Math.min(1, START / Math.max(data.articles, 1));
    if (!points.start(ground)) {
      painter = picture;
      ground = picture.start(ground);
      element("no-webgl").hidden = false;
    }
    theme.changed.listen(showPicture);
    view.changed.listen(viewChanged);
  };

  /** Appear on the screen, once there are colours. */
  map.appear = () => {
    resize();
    new ResizeObserver(resize).observe(element("map"));
  };
  return map;
})();

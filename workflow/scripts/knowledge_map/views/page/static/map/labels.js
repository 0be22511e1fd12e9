// Names on the map: coarse ones large, finer ones as one zooms in, and at last the titles; none covers another.

const labels = (() => {
  const NARROWEST = 84; // pixels a cell must be wide for its name to be written
  const FEW = 250; // articles on the screen that are written by title
  const FONT = '"Avenir Next", "Segoe UI", "Helvetica Neue", "DejaVu Sans", sans-serif';
  const widths = new Map();
  let tiers = [], written = [];

  /** Line up the levels of the map and, as far as they are finer, those of the question region; coarse to fine. */
  function start() {
    const finest = data.levels.at(-1)?.width ?? Infinity;
    tiers = [...data.levels, ...data.regionLevels.filter(({ width }) => width < 0.9 * finest)].sort((a, b) => b.width - a.width);
  }

  /** Return the width of a text of one pixel's font size. */
  function widthOf(pen, text, weight) {
    const key = weight + text;
    if (!widths.has(key)) {
      if (widths.size > 20_000) widths.clear();
      pen.font = `${weight} 20px ${FONT}`;
      widths.set(key, pen.measureText(text).width / 20);
    }
    return widths.get(key);
  }

  /** Write what finds room beside the boxes `taken`, each [left, right, top, bottom]; `runs` are the articles on the screen. */
  function draw(pen, taken, runs) {
    written = [];
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    const known = new Set();
    for (const { width, labels } of tiers) {
      const pixels = width * view.scale;
      if (pixels < NARROWEST || pixels > 2 * Math.max(view.width, view.height)) continue;
      const size = clamp(11.5 + 1.6 * Math.log2(pixels / NARROWEST), 12, 18), weight = pixels > 4 * NARROWEST ? 600 : 500;
      for (const { text, x, y } of labels) {
        if (!known.has(text) && write(pen, text, ...view.toScreen(x, y), size, weight, theme.colors.ink, taken)) known.add(text);
      }
    }
    if (runs.reduce((sum, run) => sum + run.length, 0) > FEW) return;
    for (const run of runs) {
      for (const row of run) {
        const [x, y] = view.toScreen(data.X[row], data.Y[row]);
        if (isNear(x, y) && !known.has(data.title(row))) write(pen, shorten(data.title(row), 34), x, y + 13, 12, 400, theme.colors.faint, taken);
      }
    }
  }

  const isNear = (x, y) => x > -150 && x < view.width + 150 && y > -30 && y < view.height + 30;

  /** Write a text around x, y if there is room. */
  function write(pen, text, x, y, size, weight, color, taken) {
    if (!isNear(x, y)) return false;
    const half = (widthOf(pen, text, weight) * size) / 2 + 6, high = 0.75 * size + 2;
    const box = [x - half, x + half, y - high, y + high];
    if (taken.some((other) => box[0] < other[1] && other[0] < box[1] && box[2] < other[3] && other[2] < box[3])) return false;
    taken.push(box);
    pen.font = `${weight} ${size.toFixed(1)}px ${FONT}`;
    pen.globalAlpha = 0.8;
    pen.lineWidth = 3.5;
    pen.strokeStyle = theme.colors.paper;
    pen.strokeText(text, x, y);
    pen.globalAlpha = 1;
    pen.fillStyle = color;
    pen.fillText(text, x, y);
    if (x > 0 && x < view.width && y > 0 && y < view.height) written.push(text);
    return true;
  }

  return { start, draw, FONT, /** The texts on the screen, in the order in which they found room. */ written: () => written };
})();

// The view: which place of the map is in the middle of the screen, and how many pixels a unit of the map takes.

const view = (() => {
  const view = { x: 0.5, y: 0.5, scale: 500, width: 0, height: 0, changed: signal(), whole: [0, 1, 0, 1] };
  let flight = 0;

  view.toScreen = (x, y) => [view.width / 2 + (x - view.x) * view.scale, view.height / 2 - (y - view.y) * view.scale];
  view.toMap = (x, y) => [view.x + (x - view.width / 2) / view.scale, view.y - (y - view.height / 2) / view.scale];
  const shorter = () => Math.min(view.width, view.height);
  const clampScale = (scale) => clamp(scale, 0.3 * shorter(), 150 * Math.max(view.width, view.height));

  /** Return whether a movement has not yet come to its end. */
  view.isFlying = () => flight !== 0;

  function land() {
    cancelAnimationFrame(flight);
    flight = 0;
  }

  /** Find the box [left, right, bottom, top] that all items fill. */
  view.measure = () => {
    const ends = (values) => [values.reduce((a, b) => Math.min(a, b), 1), values.reduce((a, b) => Math.max(a, b), 0)];
    view.whole = [...ends(data.X), ...ends(data.Y)];
  };

  view.pan = (byX, byY) => {
    land();
    view.x = clamp(view.x - byX / view.scale, 0, 1);
    view.y = clamp(view.y + byY / view.scale, 0, 1);
    view.changed();
  };

  view.zoom = (factor, screenX = view.width / 2, screenY = view.height / 2) => {
    land();
    const [x, y] = view.toMap(screenX, screenY);
    view.scale = clampScale(view.scale * factor);
    view.x = x - (screenX - view.width / 2) / view.scale;
    view.y = y + (screenY - view.height / 2) / view.scale;
    view.changed();
  };

  /** Return how much of the screen's edges is covered: by the heading on the left (or top), by the panel on the right (or bottom). */
  function covered() {
    const heading = element("heading").getBoundingClientRect(), panel = element("panel").getBoundingClientRect();
    const open = panel.width > 0;
    if (view.width <= 700) return { left: 0, right: 0, top: heading.bottom, bottom: open ? view.height - panel.top : 0 };
    return { left: heading.right, right: open ? view.width - panel.left : 0, top: 0, bottom: 0 };
  }

  /** Return the view in which a place lies in the middle of what is not covered. */
  function centered(x, y, scale) {
    const { left, right, top, bottom } = covered();
    return [x - (left - right) / 2 / scale, y + (top - bottom) / 2 / scale, scale];
  }

  /** Return the view that shows a box [left, right, bottom, top]. */
  view.around = ([left, right, bottom, top]) => {
    const edges = covered();
    const across = (view.width - edges.left - edges.right) / Math.max(right - left, 0.02);
    const along = (view.height - edges.top - edges.bottom) / Math.max(top - bottom, 0.02);
    return centered((left + right) / 2, (bottom + top) / 2, clampScale(0.9 * Math.min(across, along)));
  };

  /** Return whether a place lies well within what is not covered. */
  view.shows = (x, y) => {
    const { left, right, top, bottom } = covered(), [atX, atY] = view.toScreen(x, y);
    return atX > left + 20 && atX < view.width - right - 20 && atY > top + 20 && atY < view.height - bottom - 20;
  };

  /** Take a view at once. */
  view.take = (x, y, scale) => {
    land();
    [view.x, view.y, view.scale] = [clamp(x, -0.5, 1.5), clamp(y, -0.5, 1.5), clampScale(scale)];
    view.changed();
  };

  /** Move to a view smoothly, or at once where less motion is wanted. */
  view.move = (x, y, scale) => {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return view.take(x, y, scale);
    const from = { x: view.x, y: view.y, scale: view.scale }, last = clampScale(scale), begin = performance.now();
    const step = (now) => {
      const part = clamp((now - begin) / 450, 0, 1), eased = part * part * (3 - 2 * part);
      view.scale = from.scale * (last / from.scale) ** eased;
      // Linear in 1 / scale, so that the target keeps a straight course on the screen.
      const zooms = Math.abs(last / from.scale - 1) > 1e-6;
      const moved = zooms ? (1 / from.scale - 1 / view.scale) / (1 / from.scale - 1 / last) : eased;
      view.x = from.x + (x - from.x) * moved;
      view.y = from.y + (y - from.y) * moved;
      flight = part < 1 ? requestAnimationFrame(step) : 0;
      view.changed();
    };
    land();
    flight = requestAnimationFrame(step);
  };

  /** Move so that a place lies in the middle of what is not covered. */
  view.flyTo = (x, y, scale = view.scale) => view.move(...centered(x, y, clampScale(scale)));
  view.showWhole = () => view.move(...view.around(view.whole));
  view.showRegion = () => view.move(...view.around(data.region ? [data.region.x_min, data.region.x_max, data.region.y_min, data.region.y_max] : view.whole));

  /** The scale as a number that does not depend on the screen: shorter sides of the screen to a unit of the map. */
  Object.defineProperty(view, "zoomLevel", { get: () => view.scale / shorter(), set: (level) => { view.scale = clampScale(level * shorter()); } });

  return view;
})();

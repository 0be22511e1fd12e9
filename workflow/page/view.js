// The view: which place of the map is in the middle of the screen, and how many pixels a unit of the map takes.

const view = (() => {
  const view = { x: 0.5, y: 0.5, scale: 500, width: 0, height: 0, changed: signal() };
  let flight = 0;

  view.toScreen = (x, y) => [view.width / 2 + (x - view.x) * view.scale, view.height / 2 - (y - view.y) * view.scale];
  view.toMap = (x, y) => [view.x + (x - view.width / 2) / view.scale, view.y - (y - view.height / 2) / view.scale];
  const clampScale = (scale) => clamp(scale, 0.3 * Math.min(view.width, view.height), 150 * Math.max(view.width, view.height));

  view.pan = (byX, byY) => {
    cancelAnimationFrame(flight);
    view.x = clamp(view.x - byX / view.scale, 0, 1);
    view.y = clamp(view.y + byY / view.scale, 0, 1);
    view.changed();
  };

  view.zoom = (factor, screenX = view.width / 2, screenY = view.height / 2) => {
    cancelAnimationFrame(flight);
    const [x, y] = view.toMap(screenX, screenY);
    view.scale = clampScale(view.scale * factor);
    view.x = x - (screenX - view.width / 2) / view.scale;
    view.y = y + (screenY - view.height / 2) / view.scale;
    view.changed();
  };

  /** Move smoothly, or at once where less motion is wanted. */
  view.flyTo = (x, y, scale = view.scale) => {
    const from = { x: view.x, y: view.y, scale: view.scale }, last = clampScale(scale), begin = performance.now();
    const span = matchMedia("(prefers-reduced-motion: reduce)").matches ? 1 : 450;
    const step = (now) => {
      const part = clamp((now - begin) / span, 0, 1), eased = part * part * (3 - 2 * part);
      view.scale = from.scale * (last / from.scale) ** eased;
      // Linear in 1 / scale, so that the target keeps a straight course on the screen.
      const zooms = Math.abs(last / from.scale - 1) > 1e-6;
      const moved = zooms ? (1 / from.scale - 1 / view.scale) / (1 / from.scale - 1 / last) : eased;
      view.x = from.x + (x - from.x) * moved;
      view.y = from.y + (y - from.y) * moved;
      view.changed();
      if (part < 1) flight = requestAnimationFrame(step);
    };
    cancelAnimationFrame(flight);
    flight = requestAnimationFrame(step);
  };

  /** Return left, right, top and bottom of the part of the screen that heading and panel leave free. */
  function free() {
    const heading = document.querySelector("header").getBoundingClientRect(), panel = element("panel").getBoundingClientRect();
    const beside = panel.width < 0.7 * view.width;
    return [view.width > 900 ? heading.right : 0, panel.width && beside ? panel.left : view.width,
      view.width > 700 ? 0 : Math.min(heading.bottom, view.height / 3), panel.width && !beside ? panel.top : view.height];
  }

  /** Return the x, y and scale that put a place in the middle of what is free. */
  view.centered = (x, y, scale = view.scale) => {
    const [left, right, top, bottom] = free(), kept = clampScale(scale);
    return [x + (view.width - left - right) / 2 / kept, y + (top + bottom - view.height) / 2 / kept, kept];
  };

  /** Return the x, y and scale that show a box [left, right, bottom, top] in what is free. */
  view.around = ([left, right, bottom, top]) => {
    const [from, to, above, below] = free();
    const scale = 0.88 * Math.min((to - from) / Math.max(right - left, 0.02), (below - above) / Math.max(top - bottom, 0.02));
    return view.centered((left + right) / 2, (bottom + top) / 2, scale);
  };

  /** Return whether a place is well within what is free. */
  view.shows = (x, y) => {
    const [left, right, top, bottom] = free(), [atX, atY] = view.toScreen(x, y);
    return atX > left + 20 && atX < right - 20 && atY > top + 20 && atY < bottom - 20;
  };

  return view;
})();

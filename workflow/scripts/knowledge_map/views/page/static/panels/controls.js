// What moves the map: pointers, wheel, keys and buttons; and the menus of the heading.

const controls = (() => {
  const canvas = element("map"), pointers = new Map();
  let travelled = 0, selecting = false;

  // ---- Pointers ----

  function pointerDown(event) {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    if (!pointers.size) travelled = 0;
    pointers.set(event.pointerId, [event.clientX, event.clientY]);
    if (pointers.size === 1 && (selection.tool() || event.shiftKey)) {
      selecting = true;
      selection.begin(event.clientX, event.clientY, selection.tool() ?? "box");
    }
  }

  function pointerMoved(event) {
    const before = pointers.get(event.pointerId), now = [event.clientX, event.clientY];
    if (!before) {
      if (event.pointerType !== "touch") item.hint(selection.tool() ? -1 : map.itemAt(...now), ...now);
      return;
    }
    travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
    pointers.set(event.pointerId, now);
    if (selecting) return selection.extend(...now);
    if (travelled <= 4 && pointers.size === 1) return;
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    const share = other ? 0.5 : 1;
    view.pan(share * (now[0] - before[0]), share * (now[1] - before[1]));
    if (other) {
      const apart = ([x, y]) => Math.max(1, Math.hypot(x - other[0], y - other[1]));
      view.zoom(apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    }
    canvas.classList.add("dragged");
    item.hint(-1);
  }

  function pointerLifted(event) {
    const held = pointers.delete(event.pointerId);
    canvas.classList.remove("dragged");
    if (!held) return;
    if (selecting) {
      selecting = false;
      selection.end();
    } else if (event.type === "pointerup" && travelled <= 4) click(event);
  }

  function click(event) {
    const row = map.itemAt(event.clientX, event.clientY);
    item.hint(-1);
    if (row >= 0) map.open(row);
    else panel.close();
  }

  // ---- Keys ----

  const middle = () => [view.width / 2, view.height / 2];

  /** Say what lies nearest to the middle of the screen, for those who move by keys. */
  function hintMiddle() {
    if (canvas.matches(":focus-visible")) item.hint(map.itemAt(...middle()), ...middle());
  }

  const onMap = {
    ArrowLeft: () => view.pan(60, 0), ArrowRight: () => view.pan(-60, 0), ArrowUp: () => view.pan(0, 60), ArrowDown: () => view.pan(0, -60),
    "+": () => view.zoom(1.5), "=": () => view.zoom(1.5), "-": () => view.zoom(1 / 1.5),
    Enter: () => {
      const row = map.itemAt(...middle());
      if (row >= 0) map.open(row);
    },
  };
  const anywhere = {
    w: view.showWhole, q: view.showRegion, "/": () => element("search").focus(), b: () => selection.take("box"), l: () => selection.take("lasso"),
    "?": () => help(),
  };

  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === "Escape" && selection.tool()) {
      selecting = false;
      selection.take(null);
    } else if (event.target === canvas && onMap[event.key]) onMap[event.key]();
    else if (anywhere[event.key] && !event.target.closest("input, textarea, select")) anywhere[event.key]();
    else return;
    event.preventDefault();
  }

  const KEYS = [["← ↑ → ↓", "move the map, once it has the focus"], ["+ −", "zoom in and out"], ["Enter", "open what is in the middle of the map"],
    ["w", "the whole map"], ["q", "the questions"], ["/", "search"], ["b", "select with a box; or hold Shift and drag"], ["l", "select with a lasso"],
    ["1 to 9, 0, Enter", "in the quiz: answer, “I don’t know”, go on"], ["Esc", "close the panel, put a tool down"], ["?", "these keys"]];

  function help() {
    panel.show(create("dl", { className: "keys" }, ...KEYS.flatMap(([key, does]) => [create("dt", { textContent: key }), create("dd", { textContent: does })])), "Keys");
  }

  // ---- Menus of the heading: one open at a time ----

  function openMenu(chosen, byKeys) {
    for (const opener of document.querySelectorAll("#tools [aria-controls]")) {
      const open = opener === chosen && opener.getAttribute("aria-expanded") !== "true";
      opener.setAttribute("aria-expanded", open);
      const menu = element(opener.getAttribute("aria-controls"));
      menu.hidden = !open;
      if (open && byKeys) menu.querySelector("button, input:checked").focus();
    }
  }

  /** Tell what is in view, for those who hear the map. */
  function describe() {
    const [left, top] = view.toMap(0, 0), [right, bottom] = view.toMap(view.width, view.height);
    const articles = places.articlesIn(left, right, bottom, top).reduce((sum, run) => sum + run.length, 0);
    const names = labels.written().slice(0, 6);
    element("scene").textContent = `In view: about ${counted(articles, "article")}${names.length ? `, among them ${names.join(", ")}` : ""}.`;
  }

  function start() {
    canvas.addEventListener("pointerdown", pointerDown);
    canvas.addEventListener("pointermove", pointerMoved);
    canvas.addEventListener("pointerup", pointerLifted);
    canvas.addEventListener("pointercancel", pointerLifted);
    canvas.addEventListener("pointerleave", () => item.hint(-1));
    canvas.addEventListener("dblclick", (event) => { if (map.itemAt(event.clientX, event.clientY) < 0) view.zoom(2, event.clientX, event.clientY); });
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      item.hint(-1);
      view.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.03 : 0.0016) * (event.ctrlKey ? 4 : 1)), event.clientX, event.clientY);
    }, { passive: false });
    document.addEventListener("keydown", pressed);
    canvas.addEventListener("focus", () => { canvas.classList.toggle("by-keys", canvas.matches(":focus-visible")); hintMiddle(); });
    canvas.addEventListener("blur", () => { canvas.classList.remove("by-keys"); item.hint(-1); });
    element("zoom-in").addEventListener("click", () => view.move(view.x, view.y, view.scale * 2));
    element("zoom-out").addEventListener("click", () => view.move(view.x, view.y, view.scale / 2));
    element("whole").addEventListener("click", view.showWhole);
    element("region")?.addEventListener("click", view.showRegion);
    element("help").addEventListener("click", help);
    element("tools").addEventListener("click", (event) => {
      const opener = event.target.closest("[aria-controls]");
      if (opener) openMenu(opener, event.detail === 0);
    });
    map.onSettled(() => { describe(); hintMiddle(); });
    describe();
  }

  return { start };
})();

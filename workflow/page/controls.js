// What moves the map: pointers, wheel, keys and buttons.

const controls = (() => {
  const canvas = element("map"), pointers = new Map();
  let travelled = 0;
  const itemAt = (x, y) => places.itemAt(...view.toMap(x, y), 12 / view.scale);

  function pointerMoved(event) {
    const before = pointers.get(event.pointerId), now = [event.clientX, event.clientY];
    if (!before) return item.hint(itemAt(...now), ...now);
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    const share = other ? 0.5 : 1;
    view.pan(share * (now[0] - before[0]), share * (now[1] - before[1]));
    if (other) {
      const apart = ([x, y]) => Math.max(1, Math.hypot(x - other[0], y - other[1]));
      view.zoom(apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    }
    travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
    pointers.set(event.pointerId, now);
    canvas.classList.toggle("dragged", travelled > 4);
    if (travelled > 4) item.hint(-1);
  }

  function pointerLifted(event) {
    const held = pointers.delete(event.pointerId);
    canvas.classList.remove("dragged");
    if (held && event.type === "pointerup" && travelled <= 4) {
      const row = itemAt(event.clientX, event.clientY);
      if (row < 0) panel.close();
      map.open(row);
    }
  }

  function start() {
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      canvas.setPointerCapture(event.pointerId);
      if (!pointers.size) travelled = 0;
      pointers.set(event.pointerId, [event.clientX, event.clientY]);
    });
    canvas.addEventListener("pointermove", pointerMoved);
    canvas.addEventListener("pointerup", pointerLifted);
    canvas.addEventListener("pointercancel", pointerLifted);
    canvas.addEventListener("pointerleave", () => item.hint(-1));
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      view.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.03 : 0.0016) * (event.ctrlKey ? 4 : 1)), event.clientX, event.clientY);
    }, { passive: false });

    const showWhole = () => view.flyTo(...view.around(map.whole));
    const moves = {
      ArrowLeft: () => view.pan(60, 0), ArrowRight: () => view.pan(-60, 0), ArrowUp: () => view.pan(0, 60), ArrowDown: () => view.pan(0, -60),
      "+": () => view.zoom(1.5), "=": () => view.zoom(1.5), "-": () => view.zoom(1 / 1.5), 0: showWhole,
    };
    canvas.addEventListener("keydown", (event) => {
      if (moves[event.key] && !event.ctrlKey && !event.metaKey) { event.preventDefault(); moves[event.key](); }
    });
    element("zoom-in").addEventListener("click", () => view.flyTo(view.x, view.y, view.scale * 2));
    element("zoom-out").addEventListener("click", () => view.flyTo(view.x, view.y, view.scale / 2));
    element("whole").addEventListener("click", showWhole);
    element("region")?.addEventListener("click", () => view.flyTo(...view.around(Object.values(data.region))));
  }

  return { start };
})();

// The panel beside the map. Whoever has something to say shows a node in it.

const panel = (() => {
  const box = element("panel"), heading = element("panel-title"), content = element("panel-content");
  const closed = signal();

  /** Show `node` under a `title`, in place of what was there, and move the focus to the title. */
  function show(node, title) {
    box.hidden = false;
    heading.textContent = title;
    content.replaceChildren(node);
    box.scrollTop = 0;
    heading.focus({ preventScroll: true });
  }

  function close() {
    if (box.hidden) return;
    box.hidden = true;
    content.replaceChildren();
    closed();
  }

  function start() {
    element("close").addEventListener("click", close);
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
    closed.listen(() => map.select(-1));
  }

  return { show, close, start, onClose: closed.listen };
})();

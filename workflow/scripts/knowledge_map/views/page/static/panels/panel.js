// The panel beside the map. Whoever has something to say shows a node in it; one can go back to what was shown before.

const panel = (() => {
  const MOST = 100; // steps one can go back
  const box = element("panel"), heading = element("panel-title"), content = element("panel-content");
  const closed = signal();
  let trail = [], opener = null;

  /** Show `node` under a `title`, and move the focus there. `row` is the item it is about, which is ringed on the map; -1 none. */
  function show(node, title, row = -1) {
    if (box.hidden) {
      opener = document.activeElement;
      trail = [];
    }
    const before = trail.findIndex((entry) => entry.node === node);
    trail = [...(before < 0 ? trail : trail.slice(0, before)), { node, title, row }].slice(-MOST);
    present();
  }

  function present() {
    const { node, title, row } = trail.at(-1);
    box.hidden = false;
    heading.textContent = title;
    content.replaceChildren(node);
    element("back").hidden = trail.length < 2;
    box.scrollTop = 0;
    heading.focus({ preventScroll: true });
    map.select(row);
    changed(row);
  }
  const changed = signal();

  function back() {
    trail.pop();
    present();
  }

  function close() {
    if (box.hidden) return;
    const within = box.contains(document.activeElement) || document.activeElement === document.body;
    box.hidden = true;
    content.replaceChildren();
    map.select(-1);
    if (within) (opener?.isConnected && opener !== document.body ? opener : element("map")).focus({ preventScroll: true });
    changed(-1);
    closed();
  }

  function start() {
    element("close").addEventListener("click", close);
    element("back").addEventListener("click", back);
    document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !event.defaultPrevented) close(); });
  }

  return { show, close, start, onClose: closed.listen, /** Call back with the row shown, or -1. */ onChange: changed.listen };
})();

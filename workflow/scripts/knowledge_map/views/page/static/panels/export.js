// Keep what one sees: as a picture, as a link, on paper.

const keep = (() => {
  /** Return the map as on the screen, with its title and the key to colours and markers. */
  function picture() {
    const copy = map.picture(), pen = copy.getContext("2d"), ratio = window.devicePixelRatio || 1;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    legend.draw(pen, 16 * ratio, copy.height - 16 * ratio, ratio);
    pen.font = `600 ${20 * ratio}px ${labels.FONT}`;
    pen.textAlign = "left";
    pen.textBaseline = "top";
    pen.lineJoin = "round";
    pen.lineWidth = 5 * ratio;
    pen.strokeStyle = theme.colors.paper;
    pen.fillStyle = theme.colors.ink;
    for (const draw of ["strokeText", "fillText"]) pen[draw](document.title, 20 * ratio, 18 * ratio);
    return copy;
  }

  function savePicture() {
    picture().toBlob((blob) => download("knowledge-map.png", blob), "image/png");
  }

  // ---- The view in the address ----

  let shown = -1;

  /** Return what stands after the # for this view. */
  function fragment() {
    const parts = { x: view.x.toFixed(5), y: view.y.toFixed(5), zoom: view.zoomLevel.toPrecision(4) };
    if (!coloring.isPlain()) parts.color = coloring.chosen();
    if (shown >= 0) parts.item = shown;
    return `#${new URLSearchParams(parts)}`;
  }

  function writeAddress() {
    history.replaceState(null, "", fragment());
  }

  /** Take the view that the address holds, as far as it makes sense. */
  function readAddress() {
    const parts = new URLSearchParams(location.hash.slice(1)), number = (name) => (parts.get(name) ? Number(parts.get(name)) : NaN);
    const [x, y, zoom, row] = ["x", "y", "zoom", "item"].map(number);
    if ([x, y, zoom].every(Number.isFinite) && zoom > 0) {
      view.zoomLevel = zoom;
      view.take(x, y, view.scale);
    }
    coloring.choose(parts.get("color") ?? "plain");
    if (Number.isInteger(row) && row >= 0 && row < data.count) map.open(row);
  }

  async function copyLink() {
    writeAddress();
    try {
      await navigator.clipboard.writeText(location.href);
      say("Link copied.");
    } catch {
      say("The link is in the address bar: copy it there.");
    }
  }

  // ---- Paper ----

  function fillPaper() {
    const paper = element("paper");
    theme.inLight(() => {
      const drawn = picture();
      [paper.width, paper.height] = [drawn.width, drawn.height];
      paper.getContext("2d").drawImage(drawn, 0, 0);
    });
  }

  function start() {
    element("save-picture").addEventListener("click", savePicture);
    element("copy-link").addEventListener("click", copyLink);
    element("print").addEventListener("click", () => window.print());
    window.addEventListener("beforeprint", fillPaper);
    window.addEventListener("afterprint", theme.read);
    if (location.hash) readAddress();
    window.addEventListener("hashchange", readAddress);
    map.onSettled(writeAddress);
    coloring.onChange(writeAddress);
    panel.onChange((row) => { shown = row; writeAddress(); });
  }

  return { start };
})();

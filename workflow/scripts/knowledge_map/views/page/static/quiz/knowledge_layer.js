// The estimate of knowledge as a picture beneath the map: its colour is what is known, and it fades into the paper with uncertainty.

const heat = (() => {
  const SIDE = 128; // places along the longer side of what is estimated
  const SIZE = 1024; // pixels of the picture, which covers -0.1 to 1.1 of the map
  const FULL = 0.75; // certainty that is shown without any fading

  /** Return the colours from nothing known to all known. */
  const ramp = () => [0, 1, 2, 3, 4].map((n) => rgb(theme.colors[`known-${n}`]));

  const opacity = (certainty) => Math.min(1, certainty / FULL) ** 0.8;

  /** Return a canvas of estimates {known, certainty}, the lowest row first. */
  function painted({ known, certainty }, columns, rows) {
    const image = new ImageData(columns, rows), stops = ramp();
    for (let at = 0; at < known.length; at++) {
      const pixel = 4 * ((rows - 1 - Math.floor(at / columns)) * columns + (at % columns));
      image.data.set(between(stops, known[at]), pixel);
      image.data[pixel + 3] = 255 * opacity(certainty[at]);
    }
    const canvas = create("canvas", { width: columns, height: rows });
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
  }

  /** Return a canvas over -0.1 to 1.1 of the map with the estimate. */
  function draw(knowledge) {
    const [left, right, bottom, top] = knowledge.box, step = Math.max(right - left, top - bottom) / (SIDE - 1);
    const columns = 2 + Math.ceil((right - left) / step), rows = 2 + Math.ceil((top - bottom) / step);
    const picture = painted(knowledge.raster(columns, rows), columns, rows);
    const canvas = create("canvas", { width: SIZE, height: SIZE }), unit = SIZE / 1.2;
    // A pixel of the picture has its place in its middle.
    const [wide, high] = [(right - left) / (columns - 1), (top - bottom) / (rows - 1)];
    canvas.getContext("2d").drawImage(picture, (left - wide / 2 + 0.1) * unit, (1.1 - top - high / 2) * unit,
      (right - left + wide) * unit, (top - bottom + high) * unit);
    return canvas;
  }

  /** Return a key to the colours: known from left to right, certain at the top and uncertain at the bottom. */
  function swatch() {
    const columns = 96, rows = 24, all = Array.from({ length: columns * rows }, (_, at) => at);
    const known = all.map((at) => (at % columns) / (columns - 1)), certainty = all.map((at) => (FULL * Math.floor(at / columns)) / (rows - 1));
    const canvas = painted({ known, certainty }, columns, rows);
    canvas.className = "swatch";
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", "Colours from little known to much known, fading where the estimate is uncertain");
    return canvas;
  }

  const css = (known) => `rgb(${between(ramp(), known)})`;
  return { draw, swatch, css };
})();

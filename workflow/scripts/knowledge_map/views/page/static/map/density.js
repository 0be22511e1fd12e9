// The density of the articles over -0.1 to 1.1 of the map: counted, blurred and log-scaled; drawn as a shade beneath the points.

const shade = (() => {
  const SIZE = 480;
  let levels;
  const bin = (value) => Math.floor(((value + 0.1) / 1.2) * SIZE);

  /** Count the articles; the density is between 0 and 1. */
  function measure() {
    const radius = Math.max(1, Math.round((0.075 * SIZE) / Math.max(data.articles, 1) ** 0.25));
    levels = new Float32Array(SIZE * SIZE);
    for (let row = 0; row < data.articles; row++) levels[(SIZE - 1 - bin(data.Y[row])) * SIZE + bin(data.X[row])]++;
    for (let pass = 0; pass < 6; pass++) levels = blurredRows(levels, radius); // three boxes each way come near a Gaussian
    const highest = levels.reduce((a, b) => Math.max(a, b)), dense = levels.filter((value) => value > 1e-3 * highest).sort();
    const peak = dense[Math.floor(0.98 * dense.length)] || 1;
    levels = levels.map((value) => Math.log1p(8 * Math.min(1, value / peak)) / Math.log(9));
  }

  /** Return the density at a place, 0 to 1. */
  const at = (x, y) => levels[(SIZE - 1 - bin(y)) * SIZE + bin(x)];

  /** Return a canvas with the shade, in three colours from sparse to dense, so many times as strong. */
  function draw(hexColors, strength) {
    const stops = hexColors.map(rgb), image = new ImageData(SIZE, SIZE);
    const table = Array.from({ length: 256 }, (_, n) => between(stops, n / 255));
    for (let pixel = 0; pixel < levels.length; pixel++) {
      const level = levels[pixel], color = table[Math.round(255 * level)];
      for (let c = 0; c < 3; c++) image.data[4 * pixel + c] = color[c];
      image.data[4 * pixel + 3] = 255 * strength * Math.min(1, 6 * level);
    }
    const layer = create("canvas", { width: SIZE, height: SIZE });
    layer.getContext("2d").putImageData(image, 0, 0);
    return layer;
  }

  /** Return the image with its rows averaged over 2 * radius + 1 pixels, transposed. */
  function blurredRows(image, radius) {
    const out = new Float32Array(image.length), span = 2 * radius + 1;
    for (let row = 0; row < SIZE; row++) {
      for (let at = 0, sum = 0; at < SIZE + radius; at++) {
        if (at < SIZE) sum += image[row * SIZE + at];
        if (at >= span) sum -= image[row * SIZE + at - span];
        if (at >= radius) out[(at - radius) * SIZE + row] = sum / span;
      }
    }
    return out;
  }

  return { measure, at, draw };
})();

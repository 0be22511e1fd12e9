// The density of the articles as a shade over -0.1 to 1.1 of the map: counted, blurred, log-scaled, colored.

const shade = (() => {
  const SIZE = 480;

  /** Return a canvas with the shade, in three colours from sparse to dense. */
  function draw(hexColors) {
    const radius = Math.max(1, Math.round((0.075 * SIZE) / Math.max(data.articles, 1) ** 0.25));
    const bin = (value) => Math.floor(((value + 0.1) / 1.2) * SIZE);
    let bins = new Float32Array(SIZE * SIZE);
    for (let row = 0; row < data.articles; row++) bins[(SIZE - 1 - bin(data.Y[row])) * SIZE + bin(data.X[row])]++;
    for (let pass = 0; pass < 6; pass++) bins = blurredRows(bins, SIZE, radius); // three boxes each way come near a Gaussian
    const highest = bins.reduce((a, b) => Math.max(a, b)), dense = bins.filter((value) => value > 1e-3 * highest).sort();
    const peak = dense[Math.floor(0.98 * dense.length)] || 1;
    const stops = hexColors.map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));
    const image = new ImageData(SIZE, SIZE);
    bins.forEach((value, at) => {
      const level = (2 * Math.log1p(8 * Math.min(1, value / peak))) / Math.log(9), below = level < 1 ? 0 : 1;
      for (let c = 0; c < 3; c++) image.data[4 * at + c] = stops[below][c] + (stops[below + 1][c] - stops[below][c]) * (level - below);
      image.data[4 * at + 3] = 255 * Math.min(1, 3 * level);
    });
    const layer = create("canvas", { width: SIZE, height: SIZE });
    layer.getContext("2d").putImageData(image, 0, 0);
    return layer;
  }

  /** Return a square image with its rows averaged over 2 * radius + 1 pixels, transposed. */
  function blurredRows(image, size, radius) {
    const out = new Float32Array(image.length), span = 2 * radius + 1;
    for (let row = 0; row < size; row++) {
      for (let at = 0, sum = 0; at < size + radius; at++) {
        if (at < size) sum += image[row * size + at];
        if (at >= span) sum -= image[row * size + at - span];
        if (at >= radius) out[(at - radius) * size + row] = sum / span;
      }
    }
    return out;
  }

  return { draw };
})();

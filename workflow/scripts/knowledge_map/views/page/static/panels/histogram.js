// Bars for the articles in each bin of a column.

/**
 * Draw bars side by side over a whole canvas: of all articles faintly, and before them those that the filter keeps.
 * @param {CanvasRenderingContext2D} pen
 * @param {Uint32Array} all articles in each bin
 * @param {Uint32Array} kept those of them that are kept
 * @param {(share: number) => string} colorOf returns the colour of a bar by where it stands, from 0 to 1
 */
export function drawBars(pen, all, kept, colorOf) {
  const { width, height } = pen.canvas, each = width / all.length, most = all.reduce((a, b) => Math.max(a, b), 1);
  pen.clearRect(0, 0, width, height);
  for (const { counts, opacity } of [{ counts: all, opacity: 0.3 }, { counts: kept, opacity: 1 }]) {
    pen.globalAlpha = opacity;
    counts.forEach((count, bin) => {
      if (!count) return;
      const tall = Math.max(1, (height * count) / most);
      pen.fillStyle = colorOf(all.length > 1 ? bin / (all.length - 1) : 0.5);
      pen.fillRect(bin * each, height - tall, Math.max(each - 0.5, 0.5), tall);
    });
  }
  pen.globalAlpha = 1;
}

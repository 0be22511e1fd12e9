// What stands in for `points` where there is no WebGL: the picture beneath, and a sample of the articles.

const picture = (() => {
  const MOST = 20000;
  let pen, beneath, values, colors;

  function start(target) {
    // A canvas that was asked for WebGL in vain gives no other context in some browsers.
    const fresh = target.cloneNode();
    target.replaceWith(fresh);
    pen = fresh.getContext("2d");
    return fresh;
  }

  function setPicture(layer) {
    beneath = layer;
  }

  function setColors(all, palette) {
    values = all;
    colors = Array.from({ length: 256 }, (_, n) => `rgb(${palette.slice(4 * n, 4 * n + 3).join(" ")} / ${palette[4 * n + 3] / 255})`);
  }

  function draw(share, size, strength, paper) {
    const ratio = window.devicePixelRatio || 1, [left, top] = view.toMap(0, 0), [right, bottom] = view.toMap(view.width, view.height);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = paper;
    pen.fillRect(0, 0, view.width, view.height);
    pen.drawImage(beneath, ...view.toScreen(-0.1, 1.1), 1.2 * view.scale, 1.2 * view.scale);
    const runs = places.articlesIn(left, right, bottom, top), step = Math.ceil(runs.reduce((sum, run) => sum + run.length, 0) / MOST);
    let seen = 0;
    for (const run of runs) {
      for (const row of run) {
        if (seen++ % step) continue;
        const [x, y] = view.toScreen(data.X[row], data.Y[row]);
        pen.fillStyle = colors[values[row]];
        pen.fillRect(x - size / 2, y - size / 2, size, size);
      }
    }
  }

  return { start, setPicture, setColors, draw };
})();

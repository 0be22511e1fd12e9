// Where articles lie: a grid whose cell c holds the rows order[starts[c]] to order[starts[c + 1] - 1].

const places = (() => {
  const SIDE = 128;
  const starts = new Uint32Array(SIDE * SIDE + 1);
  const cellOf = (value) => clamp(Math.floor(value * SIDE), 0, SIDE - 1);
  let order;

  function index() {
    const { X, Y, articles } = data;
    order = new Uint32Array(articles);
    for (let row = 0; row < articles; row++) starts[cellOf(Y[row]) * SIDE + cellOf(X[row]) + 1]++;
    for (let cell = 0; cell < SIDE * SIDE; cell++) starts[cell + 1] += starts[cell];
    const filled = starts.slice();
    for (let row = 0; row < articles; row++) order[filled[cellOf(Y[row]) * SIDE + cellOf(X[row])]++] = row;
  }

  /** Return the articles in the cells that touch a box, as runs of rows. */
  function articlesIn(left, right, bottom, top) {
    const runs = [];
    for (let gy = cellOf(bottom); gy <= cellOf(top); gy++) {
      const first = starts[gy * SIDE + cellOf(left)], last = starts[gy * SIDE + cellOf(right) + 1];
      if (first < last) runs.push(order.subarray(first, last));
    }
    return runs;
  }

  /** Return the rows of the `n` articles nearest to a place of the map, nearest first. */
  function articlesNear(x, y, n) {
    for (let reach = 1 / SIDE; ; reach *= 2) {
      const found = [];
      for (const run of articlesIn(x - reach, x + reach, y - reach, y + reach)) {
        for (const row of run) {
          const distance = Math.hypot(data.X[row] - x, data.Y[row] - y);
          if (distance <= reach) found.push([distance, row]);
        }
      }
      if (found.length >= n || reach > 3) return found.sort((a, b) => a[0] - b[0]).slice(0, n).map(([, row]) => row);
    }
  }

  /** Return the article nearest to a place within `reach`, or -1. */
  function articleAt(x, y, reach) {
    let best = -1, nearest = reach * reach;
    for (const run of articlesIn(x - reach, x + reach, y - reach, y + reach)) {
      for (const row of run) {
        const distance = (data.X[row] - x) ** 2 + (data.Y[row] - y) ** 2;
        if (distance <= nearest) [best, nearest] = [row, distance];
      }
    }
    return best;
  }

  return { index, articlesIn, articlesNear, articleAt };
})();

// What the colour of the points tells. Every article has a value from 0 to 254; 255 are those selected.

const coloring = (() => {
  const SELECTED = 255, OPACITY = 190;
  const CATEGORIES = {
    light: ["#0f6e84", "#c8553d", "#7a5ea8", "#5b8c2a", "#b07c10", "#c14f8b", "#3b6fc4", "#70706c"],
    dark: ["#5cc4d8", "#ff8f73", "#b79df0", "#a3d36c", "#e9b949", "#f08fc4", "#7fa8f5", "#a5a5a0"],
  };
  const DENSITY = { light: ["#cfe3c3", "#74bfae", "#2788a3", "#1a4b7d", "#1b1f52"], dark: ["#1c3a52", "#1f6f86", "#35a79c", "#9ad77f", "#f6f3b0"] };
  const DISTANCE = { light: ["#7c1d5a", "#c03e67", "#e97f5c", "#edb877", "#d9c9a8"], dark: ["#ffe3b3", "#ffab6b", "#e9657a", "#93407f", "#46305f"] };
  let chosen = "plain", values, selected = [];

  const shades = (both) => both[theme.dark ? "dark" : "light"];

  // What one can choose. Each has the values of the articles (`fill`), the colours of the values (`color`), and a `key` to them.
  const KINDS = {
    plain: {
      fill: () => 0,
      color: () => rgb(theme.colors.point),
      key: () => ({ title: "Articles", stops: ["shade-low", "shade-middle", "shade-high"].map((name) => theme.colors[name]), low: "few", high: "many" }),
    },
    kind: {
      fill: () => 0,
      color: () => rgb(shades(CATEGORIES)[0]),
      key: () => ({ title: "Kind", categories: [[shades(CATEGORIES)[0], "Article"], ...(data.questions.length ? [[theme.colors.accent, "Question"]] : [])] }),
    },
    source: {
      fill: (row) => category(data.source[row]),
      color: (value) => rgb(shades(CATEGORIES)[category(value)]),
      key: () => {
        const names = data.sources.slice(0, 7).map((name, n) => [shades(CATEGORIES)[n], name]);
        return { title: "Source", categories: data.sources.length > 7 ? [...names, [shades(CATEGORIES)[7], "others"]] : names };
      },
    },
    density: {
      fill: (row) => Math.round(254 * shade.at(data.X[row], data.Y[row])),
      color: (value) => between(shades(DENSITY).map(rgb), value / 254),
      key: () => ({ title: "Articles around", stops: shades(DENSITY), low: "few", high: "many" }),
    },
    distance: {
      prepare: () => measureDistances(),
      fill: (row) => distances[row],
      color: (value) => between(shades(DISTANCE).map(rgb), value / 254),
      key: () => ({ title: "Nearest question", stops: shades(DISTANCE), low: "near", high: "far" }),
    },
  };
  let distances;

  const category = (number) => Math.min(number, 7);

  /** Find how far each article is from the nearest question on the map, on a root scale, the farthest being 254. */
  function measureDistances() {
    if (distances) return;
    const squared = new Float32Array(data.articles).fill(Infinity);
    for (const { row } of data.questions) {
      const x = data.X[row], y = data.Y[row];
      for (let article = 0; article < data.articles; article++) {
        const distance = (data.X[article] - x) ** 2 + (data.Y[article] - y) ** 2;
        if (distance < squared[article]) squared[article] = distance;
      }
    }
    const farthest = squared.reduce((a, b) => Math.max(a, b)) || 1;
    distances = Uint8Array.from(squared, (value) => 254 * (value / farthest) ** 0.25);
  }

  function apply() {
    const { prepare, fill } = KINDS[chosen];
    prepare?.();
    values = Uint8Array.from({ length: data.articles }, (_, row) => fill(row));
    mark();
  }

  /** Send the colours to the map, with the selection in the accent colour. */
  function mark() {
    const marked = selected.length ? values.slice() : values;
    for (const row of selected) marked[row] = SELECTED;
    const palette = new Uint8Array(4 * 256);
    for (let value = 0; value < SELECTED; value++) palette.set([...KINDS[chosen].color(value), OPACITY], 4 * value);
    palette.set([...rgb(theme.colors.accent), 255], 4 * SELECTED);
    map.color(marked, palette);
    legend.show();
  }

  /** Colour by `kind`, one of those in the menu; others are ignored. */
  function choose(kind) {
    const choice = document.querySelector(`#colors input[value="${CSS.escape(kind)}"]`);
    if (!choice) return;
    choice.checked = true;
    chosen = kind;
    apply();
    chosenAnew();
  }
  const chosenAnew = signal();

  function start() {
    apply();
    theme.changed.listen(mark);
    element("colors").addEventListener("change", (event) => choose(event.target.value));
  }

  return {
    start, choose,
    /** Show these articles as selected. */
    select: (rows) => { selected = rows; mark(); },
    isPlain: () => chosen === "plain",
    chosen: () => chosen,
    /** Return the values of some articles. */
    values: (rows) => rows.map((row) => values[row]),
    key: () => KINDS[chosen].key(),
    onChange: chosenAnew.listen,
  };
})();

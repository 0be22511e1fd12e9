// Select articles with a box or a lasso; see, copy and download what is inside.

const selection = (() => {
  const LISTED = 100;
  const COLUMNS = ["title", "kind", "source", "url", "x", "y"];
  let tool = null, path = [], rows = [];

  /** Take up a tool: "box", "lasso" or null for none. */
  function take(name) {
    tool = name;
    path = [];
    for (const kind of ["box", "lasso"]) element(`select-${kind}`).setAttribute("aria-pressed", kind === tool);
    element("map").classList.toggle("selecting", tool !== null);
    if (tool) say(tool === "box" ? "Draw a box over the map" : "Draw a line around what you want");
    map.redraw();
  }

  // ---- Drawing the shape ----

  function begin(x, y, kind = tool) {
    tool = kind;
    path = [[x, y]];
  }

  function extend(x, y) {
    if (tool === "box") path[1] = [x, y];
    else if (Math.hypot(x - path.at(-1)[0], y - path.at(-1)[1]) > 3) path.push([x, y]);
    map.redraw();
  }

  function end() {
    const shape = corners().map(([x, y]) => view.toMap(x, y)), drawn = path.length > 1;
    take(null);
    if (drawn) choose(inside(shape));
  }

  const corners = () => (tool === "box" && path.length > 1 ? [path[0], [path[1][0], path[0][1]], path[1], [path[0][0], path[1][1]]] : path);

  function draw(pen) {
    if (path.length < 2) return;
    pen.beginPath();
    corners().forEach(([x, y]) => pen.lineTo(x, y));
    pen.closePath();
    pen.globalAlpha = 0.12;
    pen.fillStyle = theme.colors.accent;
    pen.fill();
    pen.globalAlpha = 1;
    pen.strokeStyle = theme.colors.accent;
    pen.lineWidth = 1.5;
    pen.stroke();
  }

  // ---- What is inside ----

  /** Return the items inside a polygon of the map, questions first; by the even-odd rule. */
  function inside(shape) {
    const xs = shape.map(([x]) => x), ys = shape.map(([, y]) => y);
    const contains = (row) => {
      const x = data.X[row], y = data.Y[row];
      let odd = false;
      for (let at = 0, before = shape.length - 1; at < shape.length; before = at++) {
        const [ax, ay] = shape[at], [bx, by] = shape[before];
        if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
      }
      return odd;
    };
    const found = data.questions.map(({ row }) => row).filter(contains);
    for (const run of places.articlesIn(Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys))) {
      for (const row of run) if (contains(row)) found.push(row);
    }
    return found;
  }

  function chooseVisible() {
    const [left, top] = view.toMap(0, 0), [right, bottom] = view.toMap(view.width, view.height);
    choose(inside([[left, top], [right, top], [right, bottom], [left, bottom]]));
  }

  /** Select these items and list them in the panel. */
  function choose(chosen) {
    rows = chosen;
    coloring.select(rows.filter((row) => !data.isQuestion(row)));
    if (!rows.length) { say("Nothing is inside."); return; }
    const questions = rows.findIndex((row) => !data.isQuestion(row)), asked = questions < 0 ? rows.length : questions;
    const parts = [asked && counted(asked, "question"), rows.length > asked && counted(rows.length - asked, "article")].filter(Boolean);
    const node = create("div", { className: "selection" }, create("div", { className: "steps" },
      button("Copy", copy), button("Download CSV", () => download("selection.csv", new Blob(["\ufeff", ...csv(",")], { type: "text/csv;charset=utf-8" }))),
      button("Clear", clear)));
    node.append(item.list(rows.slice(0, LISTED)));
    if (rows.length > LISTED) node.append(create("p", { className: "faint", textContent: `and ${(rows.length - LISTED).toLocaleString("en")} more` }));
    panel.show(node, `${parts.join(" and ")} selected`);
  }

  function clear() {
    rows = [];
    coloring.select(rows);
    panel.close();
  }

  // ---- Taking it away ----

  /** Return a text as a field of a table: always in quotes, and never something that a spreadsheet would compute. */
  function cell(value) {
    const text = String(value);
    return `"${(/^[\s\0]*[=+\-@\t\r\n]/.test(text) ? "'" + text : text).replaceAll('"', '""')}"`;
  }

  /** Yield the lines of the table. */
  function* csv(separator) {
    yield `${COLUMNS.join(separator)}\r\n`;
    for (const row of rows) {
      const [x, y] = map.places(row), source = data.isQuestion(row) ? "" : data.sources[data.source[row]];
      const texts = [data.title(row), data.isQuestion(row) ? "question" : "article", source, data.url(row)];
      yield `${[...texts.map(cell), x.toFixed(5), y.toFixed(5)].join(separator)}\r\n`;
    }
  }

  async function copy() {
    try {
      await navigator.clipboard.writeText([...csv("\t")].join(""));
      say(`${counted(rows.length, "row")} copied: paste them into a spreadsheet.`);
    } catch {
      say("The browser does not let this page copy; download the CSV instead.");
    }
  }

  function start() {
    for (const kind of ["box", "lasso"]) element(`select-${kind}`).addEventListener("click", () => take(tool === kind ? null : kind));
    element("select-visible").addEventListener("click", chooseVisible);
    map.onDraw(draw);
  }

  return { start, take, begin, extend, end, tool: () => tool };
})();

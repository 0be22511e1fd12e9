// Search by title, as one types. All titles, folded, stand in a few long texts, a line for each; no list of them is kept.

const search = (() => {
  const BLOCK = 2000, SHOWN = 20;
  const KIND = 1e6; // by so much a better kind of match outweighs a shorter title
  const blocks = []; // {first row, text, starts of its lines}
  const field = element("search"), found = element("found"), told = element("search-told");
  let rows = [], active = -1, folding = 0;

  /** Fold the titles of the next block; true as long as there are more. */
  function foldBlock() {
    const first = blocks.length * BLOCK, n = Math.min(BLOCK, data.count - first);
    if (n <= 0) return false;
    const starts = new Uint32Array(n + 1), lines = [];
    for (let at = 0; at < n; at++) {
      lines.push(fold(data.title(first + at)).replace(/\p{Cc}/gu, " "));
      starts[at + 1] = starts[at] + lines[at].length + 1;
    }
    blocks.push({ first, text: lines.join("\n") + "\n", starts });
    return true;
  }

  /** Fold ahead, whenever there is nothing else to do. */
  function foldAhead() {
    const later = window.requestIdleCallback ?? ((work) => setTimeout(work, 20));
    const work = () => { if (foldBlock()) folding = later(work); };
    folding = later(work);
  }

  /** Return how well the first match in a title serves: 0 the title begins with it, 1 a word does, 2 it is inside a word. */
  function quality(text, wanted, start, end, at) {
    if (at === start) return 0;
    for (; at >= 0 && at < end; at = text.indexOf(wanted, at + 1)) if (!/[\p{L}\p{N}]/u.test(text[at - 1])) return 1;
    return 2;
  }

  /** Return the items whose titles hold `words` and their number: beginnings first, and shorter before longer. */
  function find(words) {
    const wanted = fold(words).replace(/\p{Cc}/gu, " ").trim(), best = [];
    let number = 0;
    if (!wanted) return { rows: [], number };
    while (foldBlock());
    for (const { first, text, starts } of blocks) {
      let line = 0;
      for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, starts[line])) {
        while (starts[line + 1] <= at) line++;
        const start = starts[line], end = starts[line + 1];
        number++;
        // Once there are enough titles that begin with it, others are only counted.
        if (at === start || best.length < SHOWN || best[SHOWN - 1][0] >= KIND) {
          keep(best, KIND * quality(text, wanted, start, end, at) + Math.min(end - start, KIND - 1), first + line);
        }
        line++;
        if (line >= starts.length - 1) break;
      }
    }
    return { rows: best.map(([, row]) => row), number };
  }

  /** Keep the `SHOWN` of lowest rank, in order. */
  function keep(best, rank, row) {
    if (best.length === SHOWN && rank >= best[SHOWN - 1][0]) return;
    let at = best.length;
    while (at > 0 && best[at - 1][0] > rank) at--;
    best.splice(at, 0, [rank, row]);
    if (best.length > SHOWN) best.pop();
  }

  /** Return a title with what was looked for marked, where that is as long as it was folded. */
  function marked(title, words) {
    const folded = fold(title), wanted = fold(words).trim(), at = folded.indexOf(wanted);
    if (folded.length !== title.length || at < 0) return [title];
    return [title.slice(0, at), create("mark", { textContent: title.slice(at, at + wanted.length) }), title.slice(at + wanted.length)];
  }

  function present() {
    const { rows: some, number } = find(field.value);
    rows = some;
    found.replaceChildren(...rows.map((row, n) => {
      const option = create("li", { id: `found-${n}`, role: "option" }, create("span", {}, ...marked(shorten(data.title(row), 90), field.value)));
      if (data.isQuestion(row)) option.append(create("small", { textContent: "question" }));
      option.addEventListener("pointerdown", (event) => event.preventDefault());
      option.addEventListener("click", () => pick(n));
      return option;
    }));
    point(-1);
    found.hidden = !rows.length;
    field.setAttribute("aria-expanded", rows.length > 0);
    told.textContent = !field.value.trim() ? "" : number ? `${counted(number, "title")}${number > rows.length ? `, the first ${rows.length} shown` : ""}` : "No title has that in it.";
  }

  /** Point at a result with the keys. */
  function point(at) {
    active = at;
    [...found.children].forEach((option, n) => option.setAttribute("aria-selected", n === at));
    if (at < 0) field.removeAttribute("aria-activedescendant");
    else {
      field.setAttribute("aria-activedescendant", `found-${at}`);
      found.children[at].scrollIntoView({ block: "nearest" });
    }
  }

  function pick(at) {
    const row = rows[at];
    close();
    item.goTo(row);
  }

  function close() {
    found.hidden = true;
    told.textContent = "";
    field.setAttribute("aria-expanded", "false");
    point(-1);
  }

  function pressed(event) {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && rows.length) {
      if (found.hidden) present();
      const n = rows.length;
      point(active < 0 ? (step > 0 ? 0 : n - 1) : (active + step + n) % n);
    } else if (event.key === "Enter" && rows.length && !found.hidden) pick(Math.max(active, 0));
    else if (event.key === "Escape" && (field.value || !found.hidden)) {
      field.value = "";
      rows = [];
      close();
    } else return;
    event.preventDefault();
  }

  function start() {
    foldAhead();
    field.addEventListener("input", present);
    field.addEventListener("keydown", pressed);
    field.addEventListener("focus", () => { if (field.value && found.hidden) present(); });
    field.addEventListener("blur", close);
  }

  return { start, find };
})();

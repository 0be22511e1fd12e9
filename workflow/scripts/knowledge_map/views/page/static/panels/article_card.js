// What is said of an article: in the panel after a click, beside the pointer while it hovers.

const item = (() => {
  const NEAR = 8; // articles nearest on the map that are listed
  const CLOSE = 2.5; // shorter sides of the screen to a unit of the map, at least, when one goes to an item

  /** Return a list of items, each a button that goes there; `note` is what stands beside an item, by its place in the list. */
  function list(rows, note = () => "") {
    return create("ul", { className: "items" }, ...rows.map((row, place) => {
      const go = button("", () => goTo(row));
      go.append(create("span", { textContent: shorten(data.title(row), 200) }));
      if (data.isQuestion(row)) go.append(create("small", { textContent: "question" }));
      if (note(place)) go.append(create("small", { textContent: note(place) }));
      for (const event of ["pointerenter", "focus"]) go.addEventListener(event, () => ring(row));
      for (const event of ["pointerleave", "blur"]) go.addEventListener(event, () => ring(-1));
      return create("li", {}, go);
    }));
  }

  /** Open an item and take the view there. */
  function goTo(row) {
    ring(-1);
    map.open(row);
    view.flyTo(...map.places(row), Math.max(view.scale, CLOSE * Math.min(view.width, view.height)));
  }

  function show(row) {
    const node = create("article", { className: "item" }), place = map.places(row);
    const kind = data.sources.length > 1 ? `Article · ${data.sources[data.source[row]]}` : "Article";
    node.append(create("p", { className: "kind", textContent: kind }));
    if (data.excerpt(row)) node.append(create("p", { textContent: data.excerpt(row) }));
    if (data.url(row)) {
      node.append(create("a", { href: data.url(row), target: "_blank", rel: "noopener noreferrer", textContent: "Read the article" }));
    }
    const neighbors = data.neighbors(row);
    if (neighbors.length) {
      node.append(create("h3", { textContent: "Nearest in meaning" }),
        list(neighbors, (n) => `${Math.round(100 * data.similarity(row, n))} %`));
    }
    const around = map.articlesNear(...place, NEAR + 1).filter((near) => near !== row).slice(0, NEAR);
    if (around.length) node.append(create("h3", { textContent: "Nearest on the map" }), list(around));
    panel.show(node, shorten(data.title(row), 300), row);
  }

  /** Ring an item on the map for as long as it is pointed at; -1 takes the ring away. */
  function ring(row) {
    const mark = element("ring");
    mark.hidden = row < 0;
    if (row < 0) return;
    const place = data.isQuestion(row) ? markers.place(row - data.articles) : null;
    const [x, y] = place ? [place.x, place.y] : view.toScreen(...map.places(row));
    mark.style.transform = `translate(${x}px, ${y}px)`;
  }

  /** Say at a place of the screen what an item is; -1 says nothing. */
  function hint(row, x, y) {
    const box = element("hint");
    box.hidden = row < 0;
    element("map").classList.toggle("over", row >= 0);
    ring(row);
    if (row < 0) return;
    box.children[0].textContent = data.isQuestion(row) ? `Question ${row - data.articles + 1}` : shorten(data.title(row), 200);
    box.children[1].textContent = data.isQuestion(row) ? shorten(data.title(row), 200) : data.excerpt(row);
    const right = x + 16 + box.offsetWidth > view.width ? x - 16 - box.offsetWidth : x + 16;
    box.style.transform = `translate(${Math.max(4, right)}px, ${clamp(y + 14, 4, view.height - box.offsetHeight - 8)}px)`;
  }

  return { show, goTo, list, hint };
})();

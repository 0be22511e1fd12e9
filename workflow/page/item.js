// What is said of an article: in the panel after a click, beside the pointer while it hovers.

const item = (() => {
  /** Return a list of items, each a button that opens it and takes the view there. */
  function list(rows) {
    return create("ul", { className: "items" }, ...rows.map((row) => {
      const button = create("button", { textContent: data.title(row) });
      button.addEventListener("click", () => goTo(row));
      return create("li", {}, button);
    }));
  }

  function goTo(row) {
    map.open(row);
    map.flyTo(...map.places(row), Math.max(view.scale, 4 * Math.min(view.width, view.height)));
  }

  function show(row) {
    const node = create("div", {}, create("p", { textContent: data.excerpt(row) }));
    if (data.url(row)) node.append(create("a", { href: data.url(row), target: "_blank", rel: "noopener noreferrer", textContent: "Read the article" }));
    node.append(create("h3", { textContent: "Nearest in meaning" }), list(data.neighbors(row)));
    panel.show(node, data.title(row));
  }

  function hint(row, x, y) {
    const box = element("hint");
    box.hidden = row < 0;
    element("map").classList.toggle("over", row >= 0);
    map.hover(row);
    if (row < 0) return;
    box.children[0].textContent = shorten(data.title(row), 200);
    box.children[1].textContent = data.excerpt(row);
    const right = x + 16 + box.offsetWidth > view.width ? x - 16 - box.offsetWidth : x + 16;
    box.style.transform = `translate(${Math.max(4, right)}px, ${clamp(y + 14, 4, view.height - box.offsetHeight - 8)}px)`;
  }

  return { show, goTo, list, hint };
})();

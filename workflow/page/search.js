// Search by title.

const search = (() => {
  let folded;

  /** Return the items whose titles hold `words`: first those that begin with them, and shorter before longer. */
  function find(words) {
    folded ??= Array.from({ length: data.count }, (_, row) => fold(data.title(row)));
    const wanted = fold(words.trim()), found = [];
    if (wanted) folded.forEach((title, row) => { if (title.includes(wanted)) found.push(row); });
    const rank = (row) => 1e6 * !folded[row].startsWith(wanted) + folded[row].length;
    return found.sort((a, b) => rank(a) - rank(b)).slice(0, 12);
  }

  function start() {
    const field = element("search"), found = element("found");
    field.addEventListener("input", () => found.replaceChildren(...item.list(find(field.value)).children));
    field.addEventListener("keydown", (event) => { if (event.key === "Enter") found.querySelector("button")?.click(); });
    found.addEventListener("click", () => found.replaceChildren());
  }

  return { start };
})();

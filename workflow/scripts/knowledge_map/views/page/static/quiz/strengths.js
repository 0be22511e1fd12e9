// The regions of which most and least is known, named by the labels of the map.

const regions = (() => {
  const MOST = 3; // of each
  const TOLD = 0.1; // certainty from which a region is spoken of
  const STRONG = 0.5; // share known from which a region counts as strong
  const LESS = 0.05; // by how much less must be known of a weak region than of the strongest

  /** Return the labels whose cells are about as large as the length scale. */
  function labels(lengthScale) {
    const misfit = ({ grid }) => Math.abs(Math.log(grid * lengthScale));
    const level = [...data.levels].sort((a, b) => misfit(a) - misfit(b))[0];
    return level ? map.labels(level.grid) : [];
  }

  /** Return the places of the estimate of which it can tell anything, half a length scale apart: x, y and the share `known`. */
  function toldPlaces(knowledge) {
    const [left, right, bottom, top] = knowledge.box, step = knowledge.lengthScale / 2;
    const columns = 2 + Math.ceil((right - left) / step), rows = 2 + Math.ceil((top - bottom) / step);
    const { known, certainty } = knowledge.raster(columns, rows), found = [];
    known.forEach((share, at) => {
      const x = left + ((at % columns) / (columns - 1)) * (right - left), y = bottom + (Math.floor(at / columns) / (rows - 1)) * (top - bottom);
      if (certainty[at] >= TOLD) found.push({ x, y, known: share });
    });
    return found;
  }

  /** Return the `strongest` and `weakest` regions: `text`, the nearest label, `x`, `y` and the share `known`; at most three each. */
  function compare(knowledge) {
    const named = labels(knowledge.lengthScale), all = toldPlaces(knowledge).sort((a, b) => b.known - a.known), taken = [];
    const take = (candidates) => {
      const chosen = [];
      for (const place of candidates) {
        if (chosen.length === MOST) break;
        if (taken.some(({ x, y }) => Math.hypot(x - place.x, y - place.y) < 2 * knowledge.lengthScale)) continue;
        const text = nameOf(place, named);
        if (taken.some((other) => other.text === text)) continue;
        chosen.push({ ...place, text });
        taken.push(chosen.at(-1));
      }
      return chosen;
    };
    const strongest = take(all.filter(({ known }) => known >= STRONG));
    return { strongest, weakest: take(all.filter(({ known }) => !strongest.length || known < strongest[0].known - LESS).reverse()) };
  }

  /** Return the label nearest to a place; where there is none at all, the title of the nearest article. */
  function nameOf({ x, y }, named) {
    const distance = (label) => Math.hypot(label.x - x, label.y - y);
    const [first] = named;
    if (first) return named.reduce((best, label) => (distance(label) < distance(best) ? label : best), first).text;
    const [row] = map.articlesNear(x, y, 1);
    return row === undefined ? "Unnamed" : data.title(row);
  }

  return { compare };
})();

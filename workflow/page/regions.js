// The labelled regions of which most and least is known.

const regions = (() => {
  const MOST = 3;
  const TOLD = 0.1; // certainty from which a region is spoken of
  const APART = 0.05; // by how much less must be known of a weak region than of the strongest

  /** Return the labels whose cells are about as large as the length scale. */
  function labels(lengthScale) {
    const misfit = ({ grid }) => Math.abs(Math.log(grid * lengthScale));
    const level = [...data.levels].sort((a, b) => misfit(a) - misfit(b))[0];
    return level ? map.labels(level.grid) : [];
  }

  /** Return the `strongest` and `weakest` regions: text, x, y and the share `known`, at most three each and none twice. */
  function compare(knowledge) {
    const [left, right, bottom, top] = knowledge.box;
    const told = labels(knowledge.lengthScale)
      .filter(({ x, y }) => x >= left && x <= right && y >= bottom && y <= top)
      .map((label) => ({ ...label, ...knowledge.at(label.x, label.y) }))
      .filter(({ certainty }) => certainty >= TOLD)
      .sort((a, b) => b.known - a.known);
    const strongest = spread(told, knowledge.lengthScale);
    const weakest = spread(told.filter((region) => !strongest.includes(region) && region.known < strongest[0].known - APART).reverse(), knowledge.lengthScale);
    return { strongest: strongest.filter((region) => !weakest.some((weak) => near(weak, region, 0.01))), weakest };
  }

  const near = (a, b, distance) => Math.hypot(a.x - b.x, a.y - b.y) < distance;

  /** Return the first regions that are farther than `apart` from each other. */
  function spread(all, apart) {
    const chosen = [];
    for (const region of all) {
      if (chosen.length < MOST && !chosen.some((other) => near(other, region, apart))) chosen.push(region);
    }
    return chosen;
  }

  return { compare };
})();

// The questions on the map. Shape and sign tell what became of each, and the colour says it again.

const markers = (() => {
  const RADIUS = 10, REACH = 46;
  let states = [], drawn = [];

  const LOOKS = {
    open: { shape: "circle", fill: "paper", edge: "accent", ink: "accent" },
    current: { shape: "circle", fill: "accent", edge: "accent", ink: "paper", halo: true },
    right: { shape: "circle", fill: "right", edge: "paper", ink: "paper", sign: "✓" },
    wrong: { shape: "square", fill: "wrong", edge: "paper", ink: "paper", sign: "✕" },
    unknown: { shape: "diamond", fill: "faint", edge: "paper", ink: "paper", sign: "?" },
  };

  /** Find a place for each marker: its own, or one nearby where another marker is; small where there is none. */
  function arrange() {
    const placed = [], apart = 2 * RADIUS + 1;
    // The markers placed, by squares as wide as they must be apart: only those in the squares around can be too near.
    const squares = new Map(), square = (x, y) => 10_000 * Math.floor(x / apart) + Math.floor(y / apart);
    const free = (x, y) => {
      for (const dx of [-apart, 0, apart]) {
        for (const dy of [-apart, 0, apart]) {
          const others = squares.get(square(x + dx, y + dy)) ?? [];
          if (others.some((other) => Math.hypot(other.x - x, other.y - y) < apart)) return false;
        }
      }
      return true;
    };
    const numbers = data.questions.map((_, number) => number).sort((a, b) => (states[b] === "current") - (states[a] === "current"));
    for (const number of numbers) {
      const [ownX, ownY] = view.toScreen(...map.places(data.questions[number].row)), marker = { number, ownX, ownY, x: ownX, y: ownY, small: false };
      if (ownX < -60 || ownX > view.width + 60 || ownY < -60 || ownY > view.height + 60) continue;
      for (let turn = 0; !free(marker.x, marker.y); turn++) {
        const angle = 2.4 * turn, away = RADIUS + 4 * Math.sqrt(turn + 1);
        if (away > REACH) { Object.assign(marker, { x: ownX, y: ownY, small: true }); break; }
        [marker.x, marker.y] = [ownX + away * Math.cos(angle), ownY + away * Math.sin(angle)];
      }
      placed.push(marker);
      if (!marker.small) squares.set(square(marker.x, marker.y), [...(squares.get(square(marker.x, marker.y)) ?? []), marker]);
    }
    return placed.sort((a, b) => b.small - a.small);
  }

  /** Draw them; return the boxes they take up. */
  function draw(pen) {
    drawn = arrange();
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineJoin = "miter";
    for (const { x, y, ownX, ownY } of drawn) {
      if (x === ownX && y === ownY) continue;
      pen.strokeStyle = theme.colors.accent;
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(x, y);
      pen.lineTo(ownX, ownY);
      pen.stroke();
      pen.fillStyle = theme.colors.accent;
      pen.beginPath();
      pen.arc(ownX, ownY, 2, 0, 7);
      pen.fill();
    }
    drawn.forEach((marker) => drawMarker(pen, marker, states[marker.number] ?? "open"));
    return drawn.filter(({ small }) => !small).map(({ x, y }) => [x - RADIUS - 2, x + RADIUS + 2, y - RADIUS - 2, y + RADIUS + 2]);
  }

  function drawMarker(pen, { number, x, y, small }, state) {
    const { shape, fill, edge, ink, sign, halo } = LOOKS[state], radius = small ? 4 : RADIUS;
    if (halo) {
      pen.globalAlpha = 0.25;
      pen.fillStyle = theme.colors.accent;
      pen.beginPath();
      pen.arc(x, y, radius + 7, 0, 7);
      pen.fill();
      pen.globalAlpha = 1;
    }
    outline(pen, shape, x, y, radius);
    pen.fillStyle = theme.colors[fill];
    pen.fill();
    pen.strokeStyle = theme.colors[edge];
    pen.lineWidth = small ? 1 : state === "open" ? 2 : 1.5;
    pen.stroke();
    if (small) return;
    pen.font = `700 ${sign ? 13 : number < 99 ? 11 : 9}px ${labels.FONT}`;
    pen.fillStyle = theme.colors[ink];
    pen.fillText(sign ?? number + 1, x, y + 0.5);
  }

  function outline(pen, shape, x, y, radius) {
    pen.beginPath();
    if (shape === "circle") pen.arc(x, y, radius, 0, 7);
    else if (shape === "square") pen.rect(x - 0.9 * radius, y - 0.9 * radius, 1.8 * radius, 1.8 * radius);
    else {
      const far = 1.3 * radius;
      pen.moveTo(x, y - far);
      for (const [dx, dy] of [[far, 0], [0, far], [-far, 0]]) pen.lineTo(x + dx, y + dy);
      pen.closePath();
    }
  }

  /** Return the number of the question whose marker is at a place of the screen, or -1; those on top come first. */
  function at(screenX, screenY) {
    const hit = drawn.findLast(({ x, y, small }) => Math.hypot(x - screenX, y - screenY) <= (small ? 6 : RADIUS + 3));
    return hit ? hit.number : -1;
  }

  /** Draw a marker for the key. */
  function sample(pen, state, x, y) {
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    drawMarker(pen, { number: 0, x, y, small: false }, state);
  }

  return { draw, at, sample, mark: (all) => { states = all; }, place: (number) => drawn.find((marker) => marker.number === number) };
})();

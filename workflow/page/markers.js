// The markers of the questions: what became of each is told by shape as well as by colour.

const markers = (() => {
  const RADIUS = 10;

  const shapes = {
    circle: (pen, x, y, r) => pen.arc(x, y, r, 0, 7),
    square: (pen, x, y, r) => pen.roundRect(x - 0.85 * r, y - 0.85 * r, 1.7 * r, 1.7 * r, 2),
    diamond: (pen, x, y, r) => { pen.moveTo(x, y - 1.2 * r); pen.lineTo(x + 1.2 * r, y); pen.lineTo(x, y + 1.2 * r); pen.lineTo(x - 1.2 * r, y); pen.closePath(); },
  };

  /** Return shape, fill, and colour of line and text of a state: open, right, wrong, unknown or current. */
  function style(state) {
    const { paper, ink, accent, right, wrong, faint } = theme.colors;
    return {
      open: { shape: "circle", fill: paper, line: accent, text: accent },
      right: { shape: "circle", fill: right, line: paper, text: paper },
      wrong: { shape: "square", fill: wrong, line: paper, text: paper },
      unknown: { shape: "diamond", fill: faint, line: paper, text: paper },
      current: { shape: "circle", fill: accent, line: ink, text: paper },
    }[state];
  }

  /** Draw the marker of a question at a place of the screen, with its number; return the box that it takes up. */
  function draw(pen, x, y, state, text) {
    const { shape, fill, line, text: ink } = style(state), radius = state === "current" ? RADIUS + 2 : RADIUS;
    pen.beginPath();
    shapes[shape](pen, x, y, radius);
    pen.fillStyle = fill;
    pen.fill();
    pen.strokeStyle = line;
    pen.lineWidth = state === "current" ? 2.5 : 1.5;
    pen.stroke();
    pen.font = `bold ${`${text}`.length > 3 ? 8 : 11}px system-ui, sans-serif`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillStyle = ink;
    pen.fillText(text, x, y + 0.5);
    return [x - radius, x + radius, y - radius, y + radius];
  }

  return { draw };
})();

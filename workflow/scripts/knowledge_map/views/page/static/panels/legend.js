// The key to colours and markers: on the screen, and on the picture one keeps.

const legend = (() => {
  const NAMES = { open: "Question", right: "Known", wrong: "Not right", unknown: "Not known" };
  let states = [];

  /** Return what the colours tell; those of the density are not there while knowledge is shown in their place. */
  const key = () => (coloring.isPlain() && element("heat-key")?.hidden === false ? { title: "Questions" } : coloring.key());

  /** Return a strip of colours. */
  function strip(stops) {
    const canvas = create("canvas", { width: 168, height: 10, className: "strip" }), pen = canvas.getContext("2d");
    const shading = pen.createLinearGradient(0, 0, canvas.width, 0);
    stops.forEach((stop, n) => shading.addColorStop(n / (stops.length - 1), stop));
    pen.fillStyle = shading;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    return canvas;
  }

  /** Return a small canvas with a patch of a colour, or the marker of a state. */
  function patch({ color, state }) {
    const canvas = create("canvas", { width: 36, height: 36, className: "patch" }), pen = canvas.getContext("2d");
    pen.scale(1.5, 1.5);
    if (state) markers.sample(pen, state, 12, 12);
    else {
      pen.fillStyle = color;
      pen.beginPath();
      pen.arc(12, 12, 6, 0, 7);
      pen.fill();
    }
    return canvas;
  }

  /** Return the lines of the key: [patch, text]. */
  function lines() {
    const used = [...new Set(data.questions.map((_, number) => (states[number] === "current" ? "open" : states[number] ?? "open")))];
    return [...(key().categories ?? []).map(([color, text]) => [patch({ color }), text]),
      ...Object.keys(NAMES).filter((state) => used.includes(state)).map((state) => [patch({ state }), NAMES[state]])];
  }

  /** Show the key on the screen; with `states`, those of the questions. */
  function show(newStates) {
    states = newStates ?? states;
    const { title, stops, low, high } = key();
    element("keys").classList.toggle("plain", coloring.isPlain());
    element("legend").replaceChildren(create("b", { textContent: title }),
      ...(stops ? [strip(stops), create("span", { className: "across" }, create("span", { textContent: low }), create("span", { textContent: high }))] : []),
      create("ul", {}, ...lines().map(([sample, text]) => create("li", {}, sample, shorten(text, 30)))));
  }

  /** Draw the key onto a picture, its lower left corner at x, y; a pixel of the screen is `ratio` pixels of the picture. */
  function draw(pen, x, y, ratio) {
    const { title, stops, low, high } = key(), knowledge = element("heat-key");
    const swatch = knowledge && !knowledge.hidden ? knowledge.querySelector("canvas.swatch") : null;
    const parts = lines(), height = (swatch ? 84 : 0) + (stops ? 52 : 26) + 22 * parts.length + 10, wide = 200;
    pen.save();
    pen.translate(x, y);
    pen.scale(ratio, ratio);
    pen.translate(0, -height);
    pen.fillStyle = theme.colors.card;
    pen.strokeStyle = theme.colors.line;
    pen.beginPath();
    pen.roundRect(0, 0, wide, height, 10);
    pen.fill();
    pen.stroke();
    pen.textBaseline = "middle";
    let at = 18;
    const write = (text, left, weight = 400, color = "ink", align = "left") => {
      pen.font = `${weight} 12px ${labels.FONT}`;
      pen.textAlign = align;
      pen.fillStyle = theme.colors[color];
      pen.fillText(shorten(text, 30), left, at);
    };
    const scale = (image, tall, from, to) => {
      pen.drawImage(image, 16, at + 10, wide - 32, tall);
      at += tall + 20;
      write(from, 16, 400, "faint");
      write(to, wide - 16, 400, "faint", "right");
      at += 20;
    };
    if (swatch) { write("Estimated knowledge", 16, 600); scale(swatch, 34, "little", "much"); at += 10; }
    write(title, 16, 600);
    if (stops) scale(strip(stops), 10, low, high);
    else at += 22;
    for (const [sample, text] of parts) {
      pen.drawImage(sample, 14, at - 12, 24, 24);
      write(text, 44);
      at += 22;
    }
    pen.restore();
  }

  return { show, draw };
})();

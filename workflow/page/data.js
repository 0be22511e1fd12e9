// The map's items in typed arrays, by row: first the articles, then the questions.

const data = (() => {
  const decode = (base64, Type) => new Type(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)).buffer);
  const data = { count: 0, articles: 0, X: null, Y: null, questions: [], region: null, levels: [] };
  let texts, nearest;

  /** Unpack what the page carries; nothing else here may be asked before. */
  data.read = async () => {
    texts = JSON.parse(element("data").textContent);
    const places = decode(texts.places, Uint16Array);
    nearest = decode(texts.neighbors, Int32Array);
    data.count = places.length / 2;
    data.articles = texts.articles;
    data.X = Float32Array.from({ length: data.count }, (_, row) => places[2 * row] / 65535);
    data.Y = Float32Array.from({ length: data.count }, (_, row) => places[2 * row + 1] / 65535);
    data.region = texts.region;
    data.levels = texts.levels.map(({ grid, labels, places }) => {
      const at = decode(places, Uint16Array);
      return { grid, labels: labels.map((text, n) => ({ text, x: at[2 * n] / 65535, y: at[2 * n + 1] / 65535 })) };
    });
    data.quiz = texts.quiz;
    data.questions = texts.questions.map((question, number) => {
      const row = data.articles + number;
      return { ...question, row, text: texts.titles[row] };
    });
  };

  data.title = (row) => texts.titles[row];
  data.excerpt = (row) => texts.excerpts[row];
  data.url = (row) => (/^https?:\/\//i.test(texts.urls[row]) ? texts.urls[row] : "");
  /** Return the rows nearest in meaning, nearest first. */
  data.neighbors = (row) => {
    const size = nearest.length / data.count;
    return [...nearest.subarray(row * size, (row + 1) * size)].filter((near) => near >= 0);
  };
  return data;
})();

// The map's items in typed arrays, by row: first the articles, then the questions. knowledge_map/page_data.py packs them.

const data = (() => {
  const NONE = 0xffffff; // the row of a neighbor that is not there
  const FOLLOWS = "="; // an address that follows from the title
  const data = { count: 0, articles: 0, X: null, Y: null, sources: [], source: null, questions: [], quiz: {}, region: null, levels: [], regionLevels: [] };
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let titles, excerpts, urls, address, nearest, similar, each;

  function bytesOf(base64) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
    const text = atob(base64), bytes = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
    return bytes;
  }

  /** Return the bytes of a column, inflated; what carried them leaves the page. */
  async function column(name) {
    const carrier = element(`data-${name}`), packed = new Blob([bytesOf(carrier.textContent)]);
    carrier.remove();
    return new Uint8Array(await new Response(packed.stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer());
  }

  /** Return a function that gives the text of a row: no text is made before it is asked for. */
  async function texts(name) {
    const [bytes, lengths] = await Promise.all([column(name), column(`${name}-lengths`)]);
    const ends = new Uint32Array(lengths.buffer);
    for (let row = 1; row < ends.length; row++) ends[row] += ends[row - 1];
    return (row) => decoder.decode(bytes.subarray(row ? ends[row - 1] : 0, ends[row]));
  }

  /** Unpack what the page carries; nothing else here may be asked before. */
  data.read = async () => {
    const columns = await Promise.all([column("head"), column("places"), column("sources"), column("neighbors"), column("similarities"),
      texts("titles"), texts("excerpts"), texts("urls")]);
    const head = JSON.parse(decoder.decode(columns[0])), places = new Uint16Array(columns[1].buffer);
    [data.source, nearest, similar, titles, excerpts, urls] = columns.slice(2);
    data.count = places.length / 2;
    data.X = Float32Array.from(places.subarray(0, data.count), (value) => value / 65535);
    data.Y = Float32Array.from(places.subarray(data.count), (value) => value / 65535);
    each = nearest.length / 3 / data.count;
    // Similarities fall along a list: each is stored as how far it falls, modulo 256.
    for (let at = data.count; at < similar.length; at++) similar[at] = similar[at - data.count] - similar[at];
    ({ articles: data.articles, sources: data.sources, quiz: data.quiz, region: data.region, url: address } = head);
    const level = ({ labels, x, y, ...rest }) => ({ ...rest, labels: labels.map((text, n) => ({ text, x: x[n] / 65535, y: y[n] / 65535 })) });
    [data.levels, data.regionLevels] = [head.levels.map(level), head.region_levels.map(level)];
    data.questions = head.questions.map((question, number) => {
      const row = data.articles + number;
      return { ...question, row, text: titles(row) };
    });
  };

  data.isQuestion = (row) => row >= data.articles;
  data.title = (row) => {
    const title = titles(row);
    return /\S/.test(title) ? title : "(no title)";
  };
  data.excerpt = (row) => excerpts(row);

  /** Return an item's address, or "" where it has none of the web. */
  data.url = (row) => {
    const url = urls(row), title = titles(row);
    const full = url === FOLLOWS ? address.prefix + quoted(address.underscores ? title.replaceAll(" ", "_") : title) : url;
    return /^https?:\/\//i.test(full) ? full : "";
  };

  /** Return a title as it stands in an address: everything but letters, digits and _.-~/ as %XX, which is Python's `quote`. */
  function quoted(title) {
    return encodeURIComponent(title).replaceAll("%2F", "/").replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  }

  /** Return the rows nearest in meaning, nearest first. */
  data.neighbors = (row) => {
    const rows = [];
    for (let at = 3 * row * each; at < 3 * (row + 1) * each; at += 3) {
      const near = nearest[at] | (nearest[at + 1] << 8) | (nearest[at + 2] << 16);
      if (near !== NONE) rows.push(near);
    }
    return rows;
  };

  /** Return the cosine similarity of an item to its neighbor in this place of the list, to 1/255. */
  data.similarity = (row, place) => similar[place * data.count + row] / 255;

  return data;
})();

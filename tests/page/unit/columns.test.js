// The columns of the page are unpacked as they were packed.

import { Buffer } from "node:buffer";
import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { deflateSync } from "node:zlib";
import {
  addressOf,
  coordinateOf,
  decodeText,
  inflateText,
  neighborsOf,
  stepsOf,
  stretchOf,
  textReader,
  trustOf,
  unpackPositions,
  unpackSimilarities,
} from "../../../workflow/scripts/knowledge_map/views/page/static/base/columns.js";

const TEXTS = ["plain", "", "Éclair", "שלום עולם", "🦕 emoji", "\ufeffbyte order", "</script>", "two\nlines"];

/** @param {string[]} texts */
function packedTexts(texts) {
  const parts = texts.map((text) => new TextEncoder().encode(text));
  return {
    bytes: new Uint8Array(parts.flatMap((part) => [...part])),
    lengths: bytesOf(new Uint32Array(parts.map(({ length }) => length))),
  };
}

/** @param {Uint32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>} numbers */
const bytesOf = (numbers) => new Uint8Array(numbers.buffer);

Deno.test("every text is read as it was, in any order", () => {
  const { bytes, lengths } = packedTexts(TEXTS), read = textReader(bytes, lengths);
  for (const row of [7, 0, 3, 1, 5, 2, 6, 4, 7]) strictEqual(read(row), TEXTS[row]);
});

Deno.test("a column of no texts can be read", () => {
  const { bytes, lengths } = packedTexts([]);
  strictEqual(typeof textReader(bytes, lengths), "function");
});

Deno.test("a column is inflated from base64 of a zlib stream", async () => {
  const text = TEXTS.join("\n").repeat(500);
  strictEqual(decodeText(await inflateText(Buffer.from(deflateSync(text)).toString("base64"))), text);
});

Deno.test("without the browser's own base64 a column is inflated as well", async () => {
  const native = Uint8Array.fromBase64;
  try {
    Object.assign(Uint8Array, { fromBase64: undefined });
    strictEqual(decodeText(await inflateText(Buffer.from(deflateSync("\u00ff text")).toString("base64"))), "\u00ff text");
  } finally {
    Object.assign(Uint8Array, { fromBase64: native });
  }
});

Deno.test("bytes that are no zlib stream are an error", async () => {
  await rejects(inflateText(Buffer.from("no zlib stream").toString("base64")));
});

Deno.test("positions are all x, then all y", () => {
  const { x, y } = unpackPositions(bytesOf(new Uint16Array([0, 65535, 13107, 0])));
  deepStrictEqual([...x, ...y], [0, 65535, 13107, 0]);
});

Deno.test("a coordinate keeps its steps", () => {
  for (const steps of [0, 1, 32767, 65535]) strictEqual(stepsOf(coordinateOf(steps)), steps);
});

Deno.test("similarities are added up along the list of neighbors, whatever their order", () => {
  const cosines = [[250, 200, 90], [180, 255, 0], [100, 10, 255]]; // by rank, then by row
  const falls = cosines.flatMap((ranked, rank) => ranked.map((value, row) => (rank ? cosines[rank - 1][row] - value : value)));
  deepStrictEqual([...unpackSimilarities(new Uint8Array(falls), 3)], cosines.flat());
});

Deno.test("unpacking similarities leaves the packed bytes as they were", () => {
  const packed = new Uint8Array([9, 4]);
  unpackSimilarities(packed, 1);
  deepStrictEqual([...packed], [9, 4]);
});

Deno.test("neighbors are rows in three bytes, without those that are absent", () => {
  const bytes = new Uint8Array([1, 0, 0, 2, 1, 0, /**/ 3, 0, 1, 0xff, 0xff, 0xff]);
  deepStrictEqual(neighborsOf(bytes, 0, 2), [1, 258]);
  deepStrictEqual(neighborsOf(bytes, 1, 2), [65539]);
  deepStrictEqual(neighborsOf(new Uint8Array(0), 5, 0), []);
});

const WIKI = { prefix: "https://example.org/wiki/", underscores: true };

Deno.test("an address follows from the title as Python's `quote` writes it", () => {
  strictEqual(addressOf("=", "AC/DC (band)!", WIKI), "https://example.org/wiki/AC/DC_%28band%29%21");
  strictEqual(addressOf("=", "Éclair's *", WIKI), "https://example.org/wiki/%C3%89clair%27s_%2A");
  strictEqual(addressOf("=", "a b", { ...WIKI, underscores: false }), "https://example.org/wiki/a%20b");
});

Deno.test("an address that does not follow is taken as it is", () => {
  strictEqual(addressOf("HTTPS://example.org/7", "Title", WIKI), "HTTPS://example.org/7");
  strictEqual(addressOf("http://example.org/=", "Title", null), "http://example.org/=");
});

for (const stored of ["", "javascript:alert(1)", "data:text/html,x", " https://example.org", "="]) {
  Deno.test(`"${stored}" is no address of the web`, () => strictEqual(addressOf(stored, "Title", null), ""));
}

Deno.test("trust and stretch are read from a byte each, and unknown ones are none", () => {
  deepStrictEqual([0, 127, 254, 255].map(trustOf), [0, 0.5, 1, null]);
  deepStrictEqual([112, 128, 160, 255].map(stretchOf), [0.5, 1, 4, null]);
});

// The articles as points, and a picture beneath them, drawn by WebGL. Points that come and go together, those of a tile or of the whole
// map, have a buffer of positions and one of colours.

import { parseColor } from "../base/colors.js";
import { pixelRatio } from "../base/dom.js";
import { store } from "../base/store.js";
import { camera } from "./camera.js";
import { MARGIN } from "./density.js";

/**
 * @typedef {object} Painter what draws the points
 * @property {(picture: HTMLCanvasElement) => void} setPicture takes a picture to draw beneath the points
 * @property {(key: number, first: number, end: number) => void} add takes the articles from a row to the one behind the last
 * @property {(key: number) => void} remove drops the articles of a key
 * @property {(keys: number[]) => void} show chooses the articles that are drawn, by their keys
 * @property {(values: Uint8Array<ArrayBuffer>, palette: Uint8Array<ArrayBuffer>) => void} setColors
 *   takes a value for each article, and red, green, blue and opacity of each of the 256 values
 * @property {(share: number, size: number, strength: number, paper: string) => void} draw
 *   draws a share of the points, so many pixels of the screen wide, so strong (0 to 1), on a paper of this colour
 */
/**
 * @typedef {object} Chunk points that come and go together
 * @property {number} first their first row
 * @property {Uint32Array} order places of their rows, whose every beginning is spread over all of them
 * @property {WebGLVertexArrayObject | null} layout
 * @property {WebGLBuffer | null} positions
 * @property {WebGLBuffer | null} colors
 * @property {Uint32Array<ArrayBuffer>} packed red, green, blue and opacity of each point in one number
 * @property {boolean} isColored its colours are those that are due
 */
/** @typedef {{ program: WebGLProgram, locations: Record<string, WebGLUniformLocation | null> }} Shaders */

const POSITION = 0, COLOR = 1;
const POINTS = [
  `#version 300 es
    layout(location = ${POSITION}) in vec2 position;
    layout(location = ${COLOR}) in vec4 full;
    uniform vec4 view; // the position in the middle of the screen; how much of the screen a map unit takes
    uniform float size, strength;
    flat out vec4 color;
    void main() {
      gl_Position = vec4((position - view.xy) * view.zw, 0, 1);
      gl_PointSize = size;
      color = vec4(full.rgb, 1) * (full.a < 1.0 ? full.a * strength : 1.0);
    }`,
  `#version 300 es
    precision highp float;
    uniform float size;
    flat in vec4 color;
    out vec4 pixel;
    void main() {
      pixel = size < 2.5 ? color : color * clamp(0.5 + size * (0.5 - length(gl_PointCoord - 0.5)), 0.0, 1.0);
    }`,
];
const PICTURE = [
  `#version 300 es
    uniform vec4 view;
    out vec2 at;
    void main() {
      at = vec2(gl_VertexID & 1, gl_VertexID >> 1);
      gl_Position = vec4((at * float(${1 + 2 * MARGIN}) - float(${MARGIN}) - view.xy) * view.zw, 0, 1);
    }`,
  `#version 300 es
    precision highp float;
    uniform sampler2D picture;
    in vec2 at;
    out vec4 pixel;
    void main() { pixel = texture(picture, at); }`,
];

/**
 * Return what draws the articles of the store on a canvas; null where there is no WebGL 2.
 * @param {HTMLCanvasElement} canvas
 * @param {() => void} onRestored called when the graphics came back after they had been lost
 * @returns {Painter | null}
 */
export function createPoints(canvas, onRestored) {
  const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false });
  return gl && new Points(canvas, gl, onRestored);
}

/** @implements {Painter} */
class Points {
  /** @type {HTMLCanvasElement} */
  #canvas;
  /** @type {WebGL2RenderingContext} */
  #gl;
  /** @type {Map<number, Chunk>} */
  #chunks = new Map();
  /** @type {number[]} */
  #shown = [];
  /** @type {Shaders} */
  #points;
  /** @type {Shaders} */
  #beneath;
  /** @type {HTMLCanvasElement | null} */
  #picture = null;
  #values = new Uint8Array(0);
  #palette = new Uint8Array(0);

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {WebGL2RenderingContext} gl
   * @param {() => void} onRestored
   */
  constructor(canvas, gl, onRestored) {
    this.#canvas = canvas;
    this.#gl = gl;
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      [this.#points, this.#beneath] = this.#prepare();
      if (this.#picture) this.setPicture(this.#picture);
      for (const chunk of this.#chunks.values()) this.#send(chunk);
      onRestored();
    });
    [this.#points, this.#beneath] = this.#prepare();
  }

  /**
   * @param {number} key
   * @param {number} first
   * @param {number} end
   */
  add(key, first, end) {
    /** @type {Chunk} */
    const chunk = {
      first,
      order: scatteredRows(end - first),
      layout: null,
      positions: null,
      colors: null,
      packed: new Uint32Array(end - first),
      isColored: false,
    };
    this.#chunks.set(key, chunk);
    this.#send(chunk);
  }

  /** @param {number} key */
  remove(key) {
    const gl = this.#gl, chunk = this.#chunks.get(key);
    if (!chunk) return;
    gl.deleteVertexArray(chunk.layout);
    for (const buffer of [chunk.positions, chunk.colors]) gl.deleteBuffer(buffer);
    this.#chunks.delete(key);
  }

  /** @param {number[]} keys */
  show(keys) {
    this.#shown = keys;
  }

  /**
   * Send the positions of points.
   * @param {Chunk} chunk
   */
  #send(chunk) {
    const gl = this.#gl, { first, order } = chunk, positions = new Uint16Array(2 * order.length);
    order.forEach((place, at) => {
      positions[2 * at] = store.xSteps[first + place];
      positions[2 * at + 1] = store.ySteps[first + place];
    });
    Object.assign(chunk, { layout: gl.createVertexArray(), positions: gl.createBuffer(), colors: gl.createBuffer() });
    chunk.isColored = false;
    gl.bindVertexArray(chunk.layout);
    gl.bindBuffer(gl.ARRAY_BUFFER, chunk.positions);
    gl.bufferData(gl.ARRAY_BUFFER, positions, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(POSITION);
    gl.vertexAttribPointer(POSITION, 2, gl.UNSIGNED_SHORT, true, 0, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, chunk.colors);
    gl.enableVertexAttribArray(COLOR);
    gl.vertexAttribPointer(COLOR, 4, gl.UNSIGNED_BYTE, true, 0, 0);
    gl.bindVertexArray(null);
  }

  /**
   * Send the colours of points, where they are not there.
   * @param {Chunk} chunk
   */
  #color(chunk) {
    if (chunk.isColored) return;
    const gl = this.#gl, { first, order, packed } = chunk, values = this.#values;
    const palette = new Uint32Array(this.#palette.buffer); // red, green, blue and opacity of a value in one number
    for (let at = 0; at < packed.length; at++) packed[at] = palette[values[first + order[at]]];
    gl.bindBuffer(gl.ARRAY_BUFFER, chunk.colors);
    gl.bufferData(gl.ARRAY_BUFFER, packed, gl.DYNAMIC_DRAW);
    chunk.isColored = true;
  }

  /** Send shaders; return them. */
  #prepare() {
    const gl = this.#gl;
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.LINEAR);
    for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
    gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, true);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
    return [compiled(gl, POINTS), compiled(gl, PICTURE)];
  }

  /** @param {HTMLCanvasElement} picture covers the map and its margin */
  setPicture(picture) {
    const gl = this.#gl;
    this.#picture = picture;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, picture);
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} values
   * @param {Uint8Array<ArrayBuffer>} palette
   */
  setColors(values, palette) {
    [this.#values, this.#palette] = [values, palette];
    for (const chunk of this.#chunks.values()) chunk.isColored = false; // they are sent when they are drawn
  }

  /**
   * @param {number} share
   * @param {number} size
   * @param {number} strength
   * @param {string} paper
   */
  draw(share, size, strength, paper) {
    const gl = this.#gl, [red, green, blue] = parseColor(paper).map((value) => value / 255);
    /** @type {[number, number, number, number]} */
    const view = [camera.x, camera.y, (2 * camera.scale) / camera.width, (2 * camera.scale) / camera.height];
    gl.viewport(0, 0, this.#canvas.width, this.#canvas.height);
    gl.clearColor(red, green, blue, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.useProgram(this.#beneath.program);
    gl.uniform4f(this.#beneath.locations.view, ...view);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    gl.useProgram(this.#points.program);
    gl.uniform4f(this.#points.locations.view, ...view);
    gl.uniform1f(this.#points.locations.size, size * pixelRatio());
    gl.uniform1f(this.#points.locations.strength, strength);
    for (const key of this.#shown) {
      const chunk = this.#chunks.get(key);
      if (!chunk) continue;
      this.#color(chunk);
      gl.bindVertexArray(chunk.layout);
      gl.drawArrays(gl.POINTS, 0, Math.ceil(share * chunk.order.length));
    }
    gl.bindVertexArray(null);
  }
}

/**
 * Return the numbers below `count` in an order whose every beginning is spread over all of them.
 * @param {number} count
 */
function scatteredRows(count) {
  /** @type {(a: number, b: number) => number} */
  const commonDivisor = (a, b) => (b ? commonDivisor(b, a % b) : a);
  let step = Math.max(1, Math.round(0.618 * count));
  while (commonDivisor(step, count) > 1) step++;
  return Uint32Array.from({ length: count }, (_, at) => (at * step) % count);
}

/**
 * @param {WebGL2RenderingContext} gl
 * @param {string[]} sources of the vertex and the fragment shader
 * @returns {Shaders}
 */
function compiled(gl, [vertex, fragment]) {
  const program = gl.createProgram();
  for (const { type, source } of [{ type: gl.VERTEX_SHADER, source: vertex }, { type: gl.FRAGMENT_SHADER, source: fragment }]) {
    const shader = /** @type {WebGLShader} */ (gl.createShader(type)); // null only while the graphics are lost
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  const isFaulty = !gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost();
  if (isFaulty) throw new Error(gl.getProgramInfoLog(program) ?? "");
  const locations = ["view", "size", "strength"].map((name) => [name, gl.getUniformLocation(program, name)]);
  return { program, locations: Object.fromEntries(locations) };
}

// The articles as points, and a picture beneath them, drawn by WebGL: one buffer of places and one of colours.

const points = (() => {
  const PLACE = 0, COLOR = 1;
  const POINTS = [`#version 300 es
    layout(location = ${PLACE}) in vec2 place;
    layout(location = ${COLOR}) in vec4 full;
    uniform vec4 view; // the place in the middle of the screen; how much of the screen a unit of the map takes
    uniform float size, strength;
    flat out vec4 color;
    void main() {
      gl_Position = vec4((place - view.xy) * view.zw, 0, 1);
      gl_PointSize = size;
      color = vec4(full.rgb, 1) * (full.a < 1.0 ? full.a * strength : 1.0);
    }`, `#version 300 es
    precision highp float;
    uniform float size;
    flat in vec4 color;
    out vec4 pixel;
    void main() {
      pixel = size < 2.5 ? color : color * clamp(0.5 + size * (0.5 - length(gl_PointCoord - 0.5)), 0.0, 1.0);
    }`];
  const PICTURE = [`#version 300 es
    uniform vec4 view;
    out vec2 at;
    void main() {
      at = vec2(gl_VertexID & 1, gl_VertexID >> 1);
      gl_Position = vec4((at * 1.2 - 0.1 - view.xy) * view.zw, 0, 1);
    }`, `#version 300 es
    precision highp float;
    uniform sampler2D picture;
    in vec2 at;
    out vec4 pixel;
    void main() { pixel = texture(picture, at); }`];

  let canvas, gl, shown, beneath, order, colorsBuffer, kept = {};

  /** Set everything up; false where there is no WebGL 2. */
  function start(target) {
    canvas = target;
    gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false });
    if (!gl) return false;
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      prepare();
      setPicture(kept.picture);
      setColors(kept.values, kept.palette);
      view.changed();
    });
    prepare();
    return true;
  }

  function prepare() {
    [shown, beneath] = [program(...POINTS), program(...PICTURE)];
    order ??= scattered(data.articles);
    const places = new Uint16Array(2 * data.articles);
    order.forEach((row, at) => { places[2 * at] = Math.round(65535 * data.X[row]); places[2 * at + 1] = Math.round(65535 * data.Y[row]); });
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, places, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(PLACE);
    gl.vertexAttribPointer(PLACE, 2, gl.UNSIGNED_SHORT, true, 0, 0);
    colorsBuffer = gl.createBuffer();
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    for (const name of ["TEXTURE_MIN_FILTER", "TEXTURE_MAG_FILTER"]) gl.texParameteri(gl.TEXTURE_2D, gl[name], gl.LINEAR);
    for (const name of ["TEXTURE_WRAP_S", "TEXTURE_WRAP_T"]) gl.texParameteri(gl.TEXTURE_2D, gl[name], gl.CLAMP_TO_EDGE);
    gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, true);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
  }

  /** Return the rows in an order whose every beginning is spread over all of them. */
  function scattered(n) {
    const common = (a, b) => (b ? common(b, a % b) : a);
    let step = Math.max(1, Math.round(0.618 * n));
    while (common(step, n) > 1) step++;
    return Uint32Array.from({ length: n }, (_, at) => (at * step) % n);
  }

  function program(vertex, fragment) {
    const program = gl.createProgram();
    for (const [type, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
      const shader = gl.createShader(type);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(gl.getProgramInfoLog(program));
    const places = ["view", "size", "strength"].map((name) => [name, gl.getUniformLocation(program, name)]);
    return { program, ...Object.fromEntries(places) };
  }

  /** Take a canvas that covers -0.1 to 1.1 of the map, to draw beneath the points. */
  function setPicture(picture) {
    kept.picture = picture;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, picture);
  }

  /** Take a value for each article, uint8 by row, and the red, green, blue and opacity of each of the 256 values. */
  function setColors(values, palette) {
    Object.assign(kept, { values, palette });
    const packed = new Uint32Array(palette.buffer); // red, green, blue and opacity of a value in one number
    gl.bindBuffer(gl.ARRAY_BUFFER, colorsBuffer);
    gl.bufferData(gl.ARRAY_BUFFER, Uint32Array.from(order, (row) => packed[values[row]]), gl.DYNAMIC_DRAW);
    gl.enableVertexAttribArray(COLOR);
    gl.vertexAttribPointer(COLOR, 4, gl.UNSIGNED_BYTE, true, 0, 0);
  }

  /** Draw this share of the points, `size` pixels of the screen wide, with this strength, on a paper of this colour. */
  function draw(share, size, strength, paper) {
    const ratio = window.devicePixelRatio || 1;
    const place = [view.x, view.y, (2 * view.scale) / view.width, (2 * view.scale) / view.height];
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(...rgb(paper).map((value) => value / 255), 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.useProgram(beneath.program);
    gl.uniform4f(beneath.view, ...place);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    gl.useProgram(shown.program);
    gl.uniform4f(shown.view, ...place);
    gl.uniform1f(shown.size, size * ratio);
    gl.uniform1f(shown.strength, strength);
    gl.drawArrays(gl.POINTS, 0, Math.ceil(share * data.articles));
  }

  return { start, setPicture, setColors, draw };
})();

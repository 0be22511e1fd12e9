// The camera: from the map to the screen and back, and the view of a box beside what covers the screen.

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Camera } from "../../../workflow/scripts/knowledge_map/views/page/static/map/camera.js";
import { viewBetween } from "../../../workflow/scripts/knowledge_map/views/page/static/map/flight.js";

const FREE = { left: 0, right: 0, top: 0, bottom: 0 };

function desktop() {
  const camera = new Camera();
  [camera.width, camera.height] = [1000, 800];
  return camera;
}

/** @type {(found: number[], wanted: number[], within?: number) => void} */
function near(found, wanted, within = 1e-9) {
  strictEqual(found.length, wanted.length);
  found.forEach((value, at) => ok(Math.abs(value - wanted[at]) <= within, `${found} is not ${wanted}`));
}

Deno.test("the middle of the screen is the camera's position, and y is upward", () => {
  const camera = desktop();
  camera.jumpTo(0.3, 0.6, 1000);
  deepStrictEqual(camera.toScreen(0.3, 0.6), [500, 400]);
  near(camera.toScreen(0.4, 0.7), [600, 300]);
});

Deno.test("the way to the screen and back is no way", () => {
  const camera = desktop();
  camera.jumpTo(0.123, 0.456, 789);
  near(camera.toMap(...camera.toScreen(0.9, 0.1)), [0.9, 0.1]);
});

Deno.test("the visible box is that of the corners of the screen", () => {
  const camera = desktop();
  camera.jumpTo(0.5, 0.5, 2000);
  near(camera.visibleBox(), [0.25, 0.75, 0.3, 0.7]);
});

Deno.test("zooming leaves in place what is under the pointer", () => {
  const camera = desktop();
  const before = camera.toMap(700, 300);
  camera.zoom(3, 700, 300);
  near(camera.toMap(700, 300), before);
  strictEqual(camera.scale, 1500);
});

Deno.test("zooming ends at the smallest and the largest scale", () => {
  const camera = desktop();
  camera.zoom(1e-9);
  strictEqual(camera.scale, 240); // 0.3 of the shorter side
  camera.zoom(1e9);
  strictEqual(camera.scale, 150_000); // 150 times the longer side
});

Deno.test("panning takes the map along, and never off the screen", () => {
  const camera = desktop();
  camera.pan(50, -25);
  near([camera.x, camera.y], [0.4, 0.45]);
  camera.pan(1e6, 1e6);
  deepStrictEqual([camera.x, camera.y], [0, 1]);
});

Deno.test("the zoom level does not depend on the screen", () => {
  const camera = desktop(), phone = new Camera();
  [phone.width, phone.height] = [360, 740];
  camera.jumpTo(0.5, 0.5, 2000);
  strictEqual(camera.zoomLevel, 2.5);
  strictEqual(phone.scaleOf(camera.zoomLevel), 900);
});

Deno.test("a box is shown as large as it fits, in the middle of what is free", () => {
  const camera = desktop(), covered = { left: 200, right: 100, top: 0, bottom: 0 };
  camera.follow(...camera.viewOfBox([0.2, 0.6, 0.1, 0.3], covered));
  const [left, bottom] = camera.toScreen(0.2, 0.1), [right, top] = camera.toScreen(0.6, 0.3);
  near([right - left], [0.9 * 700], 1e-6);
  near([(left + right) / 2, (bottom + top) / 2], [550, 400], 1e-6);
});

Deno.test("a box without extent is shown with its surroundings", () => {
  const camera = desktop();
  near(camera.viewOfBox([0.5, 0.5, 0.5, 0.5], FREE), [0.5, 0.5, 36_000], 1e-6);
});

Deno.test("a position under what covers the screen is not in view", () => {
  const camera = desktop();
  camera.jumpTo(0.5, 0.5, 1000);
  ok(camera.hasInView(0.1, 0.5, FREE));
  ok(!camera.hasInView(0.1, 0.5, { ...FREE, left: 100 }));
  ok(!camera.hasInView(0.5, 0.12, { ...FREE, bottom: 10 }));
  ok(!camera.hasInView(1.5, 0.5, FREE));
});

Deno.test("pan, zoom and jump end a flight, and a step of the flight does not", () => {
  const camera = desktop(), heard = /** @type {string[]} */ ([]);
  camera.interrupted.listen(() => heard.push("interrupted"));
  camera.changed.listen(() => heard.push("changed"));
  camera.follow(0.5, 0.5, 600);
  deepStrictEqual(heard.splice(0), ["changed"]);
  for (const move of [() => camera.pan(1, 1), () => camera.zoom(2), () => camera.jumpTo(0, 0, 500)]) {
    move();
    deepStrictEqual(heard.splice(0), ["interrupted", "changed"]);
  }
});

Deno.test("a flight begins and ends exactly where it should", () => {
  near(viewBetween([0.1, 0.2, 300], [0.7, 0.4, 9000], 0), [0.1, 0.2, 300]);
  near(viewBetween([0.1, 0.2, 300], [0.7, 0.4, 9000], 1), [0.7, 0.4, 9000], 1e-6);
});

Deno.test("the target of a flight moves along a straight line on the screen", () => {
  const camera = desktop(),
    places = [0, 0.25, 0.5, 0.75, 1].map((part) => {
      camera.follow(...viewBetween([0.1, 0.2, 300], [0.7, 0.4, 9000], part));
      return camera.toScreen(0.7, 0.4);
    });
  const [[startX, startY]] = places;
  for (const [x, y] of places) near([(x - 500) * (startY - 400)], [(y - 400) * (startX - 500)], 1e-6);
});

Deno.test("a flight without zoom keeps the scale", () => {
  near(viewBetween([0, 0, 500], [1, 1, 500], 0.5), [0.5, 0.5, 500]);
});

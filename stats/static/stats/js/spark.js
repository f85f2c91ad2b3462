// @ts-check
/** The two-minute sparkline of a row: bars for a counter, a line for gauges and timers. */

import { POINTS, windowAt } from "./trail.js";

/** Size in CSS pixels, as in rows.css. */
const WIDTH = 52;
const HEIGHT = 18;

/**
 * Fit a canvas to the screen's pixels. Cheap when nothing changed.
 * @param {HTMLCanvasElement} canvas
 * @returns {CanvasRenderingContext2D}
 */
function prepared(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const width = Math.round(WIDTH * ratio);
  if (canvas.width !== width) {
    canvas.width = width;
    canvas.height = Math.round(HEIGHT * ratio);
  }
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, WIDTH, HEIGHT);
  return context;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {(number | null)[]} points
 */
function bars(context, points) {
  const highest = Math.max(...points.map((value) => value ?? 0));
  if (highest <= 0) return;
  const step = WIDTH / POINTS;
  points.forEach((value, index) => {
    if (value === null || value <= 0) return;
    const height = Math.max(1, (value / highest) * (HEIGHT - 2));
    context.fillRect(index * step + 0.5, HEIGHT - height, step - 1, height);
  });
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {(number | null)[]} points
 */
function line(context, points) {
  const known = points.filter((value) => value !== null);
  const low = Math.min(...known);
  const span = Math.max(...known) - low;
  const step = (WIDTH - 4) / (POINTS - 1);
  const x = (/** @type {number} */ index) => 2 + index * step;
  const y = (/** @type {number} */ value) => (span ? HEIGHT - 3 - ((value - low) / span) * (HEIGHT - 6) : HEIGHT / 2);
  context.beginPath();
  let last = Number.NEGATIVE_INFINITY;
  points.forEach((value, index) => {
    if (value === null) return;
    // Commits come each 5 s, give or take: one slot between two of them may stay empty without anything being silent.
    const begins = index - last > 2;
    const ends = (points[index + 1] ?? points[index + 2] ?? null) === null;
    if (begins) context.moveTo(x(index), y(value));
    else context.lineTo(x(index), y(value));
    if (begins && ends) alone(context, x(index), y(value));
    last = index;
  });
  context.stroke();
}

/**
 * A point without neighbours, which a line cannot show.
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 */
function alone(context, x, y) {
  context.fillRect(x - 1.25, y - 1.25, 2.5, 2.5);
}

/**
 * Draw a stat's trail as it lies at `slot`.
 * @param {HTMLCanvasElement} canvas
 * @param {{ typ: string, trail: import("./trail.js").Trail }} stat
 * @param {number} slot
 * @param {string} colour
 */
export function drawSpark(canvas, stat, slot, colour) {
  const context = prepared(canvas);
  const points = windowAt(stat.trail, slot);
  if (points.every((value) => value === null)) return;
  context.fillStyle = colour;
  context.strokeStyle = colour;
  context.lineWidth = 1.25;
  context.lineJoin = context.lineCap = "round";
  if (stat.typ === "c") bars(context, points);
  else line(context, points);
}

// @ts-check
/** Limits and incidents, drawn into a chart. */

import { limitName, placesOf } from "./marks.js";
import { colour, veil } from "./palette.js";

/** @typedef {import("./marks.js").Marks} Marks */
/** @typedef {import("./marks.js").AlertMark} AlertMark */
/** @typedef {import("./marks.js").RuleMark} RuleMark */
/** @typedef {(value: number | null | undefined) => string} Unit */

/** Sizes in CSS pixels. */
const SHAPE = 7;
const NAME = 10;

/**
 * Behind the lines: from when to when it burnt.
 * @param {uPlot} plot
 * @param {Marks} marks
 * @param {number} now Unix seconds
 */
export function drawIncidents(plot, { incidents }, now) {
  clipped(plot, (ctx, ratio) => {
    const { top, height, left, width } = plot.bbox;
    for (const incident of incidents) {
      const from = Math.max(plot.valToPos(incident.opened, "x", true), left);
      const to = Math.min(plot.valToPos(incident.resolved ?? now, "x", true), left + width);
      if (to < left || from > left + width) continue;
      const over = incident.state === "resolved";
      ctx.fillStyle = veil("error", over ? 0.05 : 0.09);
      ctx.fillRect(from, top, Math.max(to - from, ratio), height);
      ctx.fillStyle = veil("error", over ? 0.45 : 1);
      ctx.fillRect(from, top, Math.max(to - from, 2 * ratio), 2 * ratio);
      drawShape(ctx, incident, from, top + 2 * ratio, ratio);
    }
  });
}

/**
 * Each state has a shape of its own: a square burns, an empty one is acknowledged, an empty circle is over.
 * @param {CanvasRenderingContext2D} ctx
 * @param {AlertMark} incident
 * @param {number} x
 * @param {number} y
 * @param {number} ratio
 */
function drawShape(ctx, { state }, x, y, ratio) {
  const size = SHAPE * ratio;
  ctx.beginPath();
  if (state === "resolved") ctx.arc(x + size / 2, y + size / 2, size / 2 - ratio / 2, 0, 2 * Math.PI);
  else ctx.rect(x + ratio / 2, y + ratio / 2, size - ratio, size - ratio);
  ctx.fillStyle = colour(state === "firing" ? "error" : "surface");
  ctx.strokeStyle = colour("error");
  ctx.lineWidth = 1.5 * ratio;
  ctx.fill();
  ctx.stroke();
}

/**
 * Above the lines: the limits, each with its name; one out of sight is named at the edge that it is behind.
 * @param {uPlot} plot
 * @param {Marks} marks
 * @param {Unit} unit
 * @param {number} now Unix seconds
 */
export function drawLimits(plot, { rules }, unit, now) {
  const { top, height } = plot.bbox;
  const toY = (/** @type {number} */ value) => plot.valToPos(value, "y", true);
  const onRight = nowIsLeft(plot, now);
  clipped(plot, (ctx, ratio) => {
    for (const { rule, line, way, name } of placesOf(rules, toY, top, top + height, (NAME + 2) * ratio)) {
      if (line !== null) drawLine(plot, line, [4, 3], 0.9, ratio);
      if (rule.until !== null) drawLine(plot, toY(rule.until), [1, 4], 0.6, ratio);
      drawName(plot, ctx, `${way} ${limitName(rule, unit)}`.trim(), onRight, name, ratio);
    }
  });
}

/**
 * @param {uPlot} plot
 * @param {number} y
 * @param {number[]} dash
 * @param {number} alpha
 * @param {number} ratio
 */
function drawLine(plot, y, dash, alpha, ratio) {
  const { ctx, bbox } = plot;
  ctx.beginPath();
  ctx.setLineDash(dash.map((length) => length * ratio));
  ctx.strokeStyle = veil("error", alpha);
  ctx.lineWidth = ratio;
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
}

/**
 * @param {uPlot} plot
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} name
 * @param {boolean} onRight
 * @param {number} y
 * @param {number} ratio
 */
function drawName(plot, ctx, name, onRight, y, ratio) {
  ctx.font = `${NAME * ratio}px ${getComputedStyle(document.body).fontFamily}`;
  ctx.textAlign = onRight ? "right" : "left";
  ctx.textBaseline = "bottom";
  ctx.lineJoin = "round";
  ctx.lineWidth = 3 * ratio;
  ctx.setLineDash([]);
  ctx.strokeStyle = colour("surface");
  ctx.fillStyle = colour("error");
  const x = onRight ? plot.bbox.left + plot.bbox.width - 4 * ratio : plot.bbox.left + 4 * ratio;
  ctx.strokeText(name, x, y - ratio);
  ctx.fillText(name, x, y - ratio);
}

/**
 * Whether names stand on the right: where today's line ends, the dot and the newest incidents are.
 * @param {uPlot} plot
 * @param {number} now Unix seconds
 */
function nowIsLeft(plot, now) {
  return plot.valToPos(now, "x", true) < plot.bbox.left + plot.bbox.width / 2;
}

/**
 * @param {uPlot} plot
 * @param {(ctx: CanvasRenderingContext2D, ratio: number) => void} draw
 */
function clipped(plot, draw) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw(ctx, window.devicePixelRatio || 1);
  ctx.restore();
}

// @ts-check
/** What a row says about a stat: its value, and the average of the last minute in brackets. */

import { NOTHING, duration, number, perMinute, unitOf } from "./format.js";

/** From here on milliseconds need a unit of their own in the bracket. */
const LONG_MS = 9999.5;

/** @typedef {import("./store.js").StatEntry} StatEntry */

/**
 * A row has room for two digits of a small number: 0.14, where the plot says 0.138.
 * @param {number | null | undefined} value
 */
function coarse(value) {
  return typeof value === "number" && Math.abs(value) < 1 ? Number(value.toPrecision(2)) : value;
}

/** @param {StatEntry} stat */
export function valueText(stat) {
  return stat.typ === "c" ? number(stat.total) : unitOf(stat.typ, stat.nam)(coarse(stat.last));
}

/** @param {StatEntry} stat */
export function averageText(stat) {
  if (stat.typ === "c") return `[${perMinute(coarse((stat.rate ?? 0) * 60))}]`;
  if (isIdle(stat)) return `[${NOTHING}]`;
  if (stat.typ === "g") return `[${unitOf(stat.typ, stat.nam)(coarse(stat.avg))}]`;
  const text = (stat.max ?? 0) < LONG_MS ? number : duration;
  return `[${text(coarse(stat.avg))} / ${text(coarse(stat.max))}]`;
}

/**
 * Whether a stat had no value for a minute.
 * @param {StatEntry} stat
 */
export function isIdle(stat) {
  return stat.typ === "c" ? !stat.rate : stat.avg === null || stat.avg === undefined;
}

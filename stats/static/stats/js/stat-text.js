// @ts-check
/** What a row says about a stat: its value, and the average of the last minute in brackets. */

import { NOTHING, duration, number, perMinute, unitOf } from "./format.js";

/** From here on milliseconds need a unit of their own in the bracket. */
const LONG_MS = 9999.5;

/** @typedef {import("./store.js").StatEntry} StatEntry */

/** @param {StatEntry} stat */
export function valueText(stat) {
  return stat.typ === "c" ? number(stat.total) : unitOf(stat.typ, stat.nam)(stat.last);
}

/** @param {StatEntry} stat */
export function averageText(stat) {
  if (stat.typ === "c") return `[${perMinute((stat.rate ?? 0) * 60)}]`;
  if (isIdle(stat)) return `[${NOTHING}]`;
  if (stat.typ === "g") return `[${unitOf(stat.typ, stat.nam)(stat.avg)}]`;
  const text = (stat.max ?? 0) < LONG_MS ? number : duration;
  return `[${text(stat.avg)} / ${text(stat.max)}]`;
}

/**
 * Whether a stat had no value for a minute.
 * @param {StatEntry} stat
 */
export function isIdle(stat) {
  return stat.typ === "c" ? !stat.rate : stat.avg === null || stat.avg === undefined;
}

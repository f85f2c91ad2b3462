// @ts-check
'use strict';

/** Several partial aggregates of one stat become one: for a client that cannot deliver and must save room. */

const { KINDS } = require('./fold');

/** @typedef {import('./fold').Partial} Partial */
/** @typedef {import('./fold').Partials} Partials */

const HALVINGS = 48;

/**
 * The partials of several intervals, given in the order of time, as if they had been one interval.
 * @param {Partials[]} intervals
 * @returns {Partials}
 */
function mergeAll(intervals) {
  /** @type {Partials} */
  const merged = { c: [], ms: [], g: [] };
  for (const kind of KINDS) {
    /** @type {Map<string, Partial[]>} */
    const byName = new Map();
    for (const partial of intervals.flatMap((interval) => interval[kind])) {
      byName.set(partial.nam, [...(byName.get(partial.nam) || []), partial]);
    }
    merged[kind] = Array.from(byName.values(), merge);
  }
  return merged;
}

/**
 * One partial of several, given in the order of time. All but `bot` and `top`, which are estimated, is exact.
 * @param {Partial[]} parts
 * @returns {Partial}
 */
function merge(parts) {
  if (parts.length === 1) return parts[0];
  return {
    ...parts[0],
    sum: parts.reduce((sum, part) => sum + part.sum, 0),
    cnt: parts.reduce((sum, part) => sum + part.cnt, 0),
    max: Math.max(...parts.map((part) => part.max)),
    min: Math.min(...parts.map((part) => part.min)),
    lst: parts[parts.length - 1].lst,
    bot: quantile(parts, parts[0].pct),
    top: quantile(parts, 1 - parts[0].pct),
    emp: parts.some((part) => part.emp),
  };
}

/**
 * The value under which `share` of the parts' values lies, each part taken as spread evenly between its knots.
 * Merging the parts' own `bot`s would be wrong without bound for uneven intervals.
 * @param {Partial[]} parts
 * @param {number} share
 */
function quantile(parts, share) {
  const lowest = Math.min(...parts.map((part) => part.min));
  const highest = Math.max(...parts.map((part) => part.max));
  const wanted = share * parts.reduce((sum, part) => sum + part.cnt, 0);
  let [left, right] = [lowest, highest];
  for (let step = 0; step < HALVINGS; step += 1) {
    const middle = left + (right - left) / 2;
    const below = parts.reduce((sum, part) => sum + part.cnt * shareBelow(part, middle), 0);
    if (below < wanted) left = middle;
    else right = middle;
  }
  return Math.max(lowest, Math.min(highest, Number(right.toPrecision(6))));
}

/**
 * @param {Partial} part
 * @param {number} x
 */
function shareBelow(part, x) {
  const ends = ramp(x, part.min, part.bot) + ramp(x, part.top, part.max);
  return part.pct * ends + (1 - 2 * part.pct) * ramp(x, part.bot, part.top);
}

/**
 * @param {number} x
 * @param {number} start
 * @param {number} end
 */
function ramp(x, start, end) {
  if (x >= end) return 1;
  return x <= start ? 0 : (x - start) / (end - start);
}

module.exports = { merge, mergeAll };

// @ts-check
'use strict';

/** Several partial aggregates of one stat become one: for a client that cannot deliver and must save room. */

const { KINDS } = require('./fold');
const sketch = require('./sketch');

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
 * One partial of several, given in the order of time. All is exact but `bot` and `top`: they are read from the merged
 * sketch, which is within 1 %, or estimated where a part has none.
 * @param {Partial[]} parts
 * @returns {Partial}
 */
function merge(parts) {
  if (parts.length === 1) return parts[0];
  const { skt, ...first } = parts[0];
  const [max, min] = [Math.max(...parts.map((part) => part.max)), Math.min(...parts.map((part) => part.min))];
  return {
    ...first,
    sum: parts.reduce((sum, part) => sum + part.sum, 0),
    cnt: parts.reduce((sum, part) => sum + part.cnt, 0),
    max,
    min,
    lst: parts[parts.length - 1].lst,
    emp: parts.some((part) => part.emp),
    ...tails(parts, min, max),
  };
}

/**
 * @param {Partial[]} parts
 * @param {number} min
 * @param {number} max
 */
function tails(parts, min, max) {
  const texts = parts.flatMap((part) => (part.skt === undefined ? [] : [part.skt]));
  const pct = parts[0].pct;
  if (texts.length < parts.length) return { bot: quantile(parts, pct), top: quantile(parts, 1 - pct) };
  const skt = sketch.merge(texts);
  const [bot, top] = sketch.tails(sketch.decode(skt), pct, min, max);
  return { bot, top, skt };
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

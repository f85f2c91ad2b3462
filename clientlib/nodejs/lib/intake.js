// @ts-check
'use strict';

/** Where `agg()` leaves its values until they are folded: one array of raw texts per stat. */

const { Interval, isName, parseValue } = require('./fold');
const { LOST } = require('./outbox');

const BAD = 'dattss.bad'; // counter of agg() calls with a name or a value that is none
const FULL = 512; // raw values of a stat that wait; then agg() folds them, which takes a tenth of a millisecond
const MAX_STATS = 10_000; // names at a time; the server takes no more either
const SHOWN = 80; // characters of a bad value in the log

class Intake {
  constructor(maxStats = MAX_STATS) {
    /** @type {Map<unknown, unknown[]>} */
    this.lists = new Map();
    this._maxStats = maxStats;
    this._interval = new Interval();
    this._bad = 0;
    this._lost = 0;
    this._folded = false; // whether the interval has values already
    /** @type {unknown} */
    this._example = undefined;
  }

  /**
   * The slow way of `agg`: a new name, a bad name, or an array that is full.
   * @param {unknown} name
   * @param {unknown} value
   */
  admit(name, value) {
    if (!isName(name)) {
      this._reject(name);
      return;
    }
    let values = this.lists.get(name);
    if (values === undefined) {
      if (this.lists.size >= this._maxStats) {
        this._lost += 1;
        return;
      }
      values = [];
      this.lists.set(name, values);
    }
    if (values.length >= FULL) this._fold(/** @type {string} */ (name), values);
    values.push(value);
  }

  /** Whether there is anything to take. */
  hasValues() {
    const waiting = Array.from(this.lists.values()).some((values) => values.length > 0);
    return waiting || this._folded || this._bad > 0 || this._lost > 0;
  }

  /**
   * The partial aggregates since the last `take`; the counters `dattss.bad` and `dattss.lost` are among them when they
   * are not zero. `lost` counts values that were lost later on the way.
   * @param {number} [lost]
   */
  take(lost = 0) {
    for (const [name, values] of this.lists) this._fold(/** @type {string} */ (name), values);
    this._letIdleStatsGo();
    if (this._bad) this._interval.add(BAD, 'c', this._bad);
    if (this._lost + lost) this._interval.add(LOST, 'c', this._lost + lost);
    this._bad = 0;
    this._lost = 0;
    this._folded = false;
    return this._interval.take();
  }

  /** The last bad name or value, fit for a log. */
  badExample() {
    const example = this._example;
    this._example = undefined;
    return typeof example === 'string' ? JSON.stringify(example.slice(0, SHOWN)) : `a value of type ${typeof example}`;
  }

  /**
   * @param {string} name
   * @param {unknown[]} values
   */
  _fold(name, values) {
    for (const text of values) {
      const parsed = parseValue(text);
      if (parsed === null) this._reject(text);
      else this._interval.add(name, parsed.kind, parsed.value, parsed.emphasis);
    }
    if (values.length) this._folded = true;
    values.length = 0;
  }

  _letIdleStatsGo() {
    if (this.lists.size < this._maxStats) return;
    for (const name of this.lists.keys()) {
      if (!this._interval.has(/** @type {string} */ (name))) this.lists.delete(name);
    }
  }

  /** @param {unknown} example */
  _reject(example) {
    this._bad += 1;
    this._example = example;
  }
}

module.exports = { BAD, FULL, Intake };

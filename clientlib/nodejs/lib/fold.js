// @ts-check
'use strict';

/**
 * Values become partial aggregates. No timer, no clock, no input or output.
 *
 * @typedef {'c' | 'ms' | 'g'} Kind counter, timer in milliseconds, gauge
 * @typedef {{value: number, kind: Kind, emphasis: boolean}} Parsed
 * @typedef {{typ: Kind, nam: string, pct: number, sum: number, cnt: number, max: number, min: number, fst: number,
 *   lst: number, bot: number, top: number, emp: boolean, skt?: string}} Partial timers have a sketch
 * @typedef {{c: Partial[], ms: Partial[], g: Partial[]}} Partials
 */

const sketch = require('./sketch');

/** @type {Kind[]} */
const KINDS = ['c', 'ms', 'g'];
const PCT = 0.1; // share of an interval's values that lies under `bot`, and over `top`
const SAMPLE = 2048; // raw values kept of a stat and interval; a tenth's rank is then off by 0.7 % (one sigma)
const LARGEST = 1e290; // values from here on are bad: sums of a day of them would leave the range of a double
const LONGEST_TEXT = 1024;

const VALUE = /^(-?[0-9]+(?:\.[0-9]+)?)(c|ms|g)(!)?$/;
const NAME = /^[A-Za-z0-9_.:!-]{1,128}$/;
const NOT_OF_A_NAME = /[^A-Za-z0-9_.:!-]+/g;

/**
 * `'12.5ms!'` as `{value: 12.5, kind: 'ms', emphasis: true}`; null for whatever is not a value.
 * @param {unknown} text
 * @returns {Parsed | null}
 */
function parseValue(text) {
  if (typeof text !== 'string' || text.length > LONGEST_TEXT) return null;
  const match = VALUE.exec(text);
  if (match === null) return null;
  const value = Number(match[1]);
  if (!(Math.abs(value) < LARGEST)) return null;
  return { value, kind: /** @type {Kind} */ (match[2]), emphasis: match[3] !== undefined };
}

/**
 * Whether `text` may name a process or a stat.
 * @param {unknown} text
 */
function isName(text) {
  return typeof text === 'string' && NAME.test(text) && text !== '.' && text !== '..';
}

/**
 * The valid name nearest to `text`: other characters become `_`, 128 characters at most, else `otherwise`.
 * @param {string} text
 * @param {string} otherwise
 */
function cleanName(text, otherwise) {
  const cleaned = text.replace(NOT_OF_A_NAME, '_').slice(0, 128);
  return isName(cleaned) && /[^_]/.test(cleaned) ? cleaned : otherwise;
}

/**
 * The values of one stat in one interval. `sum`, `cnt`, `min`, `max`, `fst`, `lst` are exact however many values come
 * (`sum` as exact as a double), and a timer's sketch has all of them. `bot` and `top` are exact up to 2,048 values.
 * Beyond, a timer's are taken from its sketch, those of others from a uniform sample of that size (reservoir sampling:
 * Li 1994, "Algorithm L").
 */
class Accumulator {
  /**
   * @param {Kind} typ
   * @param {string} nam
   * @param {() => number} [random]
   */
  constructor(typ, nam, random = Math.random) {
    this.typ = typ;
    this.nam = nam;
    this.emp = false;
    this._random = random;
    /** @type {import('./sketch').Counts | null} */
    this._counts = typ === 'ms' ? new Map() : null;
    /** @type {number[]} */
    this._sample = [];
    this._cnt = 0;
    this._sum = 0;
    this._rest = 0; // what rounding took from `_sum` (Neumaier 1974)
    this._min = Infinity;
    this._max = -Infinity;
    this._fst = 0;
    this._lst = 0;
    this._next = -1; // number of the value that enters the full sample next
    this._w = 1;
  }

  /**
   * Takes one finite number; one emphasised value emphasises the stat.
   * @param {number} value
   * @param {boolean} [emphasis]
   */
  add(value, emphasis = false) {
    if (emphasis) this.emp = true;
    if (this._cnt === 0) this._fst = value;
    this._lst = value;
    if (value < this._min) this._min = value;
    if (value > this._max) this._max = value;
    this._addToSum(value);
    if (this._counts !== null) sketch.count(this._counts, value);
    this._draw(value);
    this._cnt += 1;
  }

  /**
   * What was added so far, one value at least.
   * @returns {Partial}
   */
  partial() {
    const [bot, top] = this._tails();
    return {
      typ: this.typ,
      nam: this.nam,
      pct: PCT,
      sum: this._sum + this._rest,
      cnt: this._cnt,
      max: this._max,
      min: this._min,
      fst: this._fst,
      lst: this._lst,
      bot,
      top,
      emp: this.emp,
      ...(this._counts !== null && { skt: sketch.encode(this._counts) }),
    };
  }

  _tails() {
    if (this._counts !== null && this._cnt > SAMPLE) return sketch.tails(this._counts, PCT, this._min, this._max);
    const ranked = Float64Array.from(this._sample).sort();
    const cut = Math.floor(PCT * ranked.length);
    return [ranked[cut], ranked[ranked.length - 1 - cut]];
  }

  /** @param {number} value */
  _addToSum(value) {
    const sum = this._sum + value;
    this._rest += Math.abs(this._sum) >= Math.abs(value) ? this._sum - sum + value : value - sum + this._sum;
    this._sum = sum;
  }

  /** @param {number} value */
  _draw(value) {
    if (this._sample.length < SAMPLE) {
      this._sample.push(value);
      return;
    }
    if (this._counts !== null) return;
    if (this._next < 0) {
      this._next = SAMPLE - 1;
      this._skip();
    }
    if (this._cnt === this._next) {
      this._sample[Math.floor(this._random() * SAMPLE)] = value;
      this._skip();
    }
  }

  _skip() {
    // 1 - random() lies in (0, 1]: the logarithm of a zero is no number to go on with.
    this._w *= Math.exp(Math.log(1 - this._random()) / SAMPLE);
    const share = Math.min(this._w, 1 - Number.EPSILON);
    this._next += 1 + Math.floor(Math.log(1 - this._random()) / Math.log1p(-share));
  }
}

/** The values of all stats of one process since the last `take`. */
class Interval {
  constructor() {
    /** @type {Record<Kind, Map<string, Accumulator>>} */
    this._stats = { c: new Map(), ms: new Map(), g: new Map() };
  }

  /**
   * Takes one value, whose name and number the caller has checked.
   * @param {string} name
   * @param {Kind} kind
   * @param {number} value
   * @param {boolean} [emphasis]
   */
  add(name, kind, value, emphasis = false) {
    let stat = this._stats[kind].get(name);
    if (stat === undefined) {
      stat = new Accumulator(kind, name);
      this._stats[kind].set(name, stat);
    }
    stat.add(value, emphasis);
  }

  /**
   * Whether a stat of that name has values.
   * @param {string} name
   */
  has(name) {
    return KINDS.some((kind) => this._stats[kind].has(name));
  }

  /**
   * All stats' partial aggregates by type; the interval begins anew, empty.
   * @returns {Partials}
   */
  take() {
    const { c, ms, g } = this._stats;
    this._stats = { c: new Map(), ms: new Map(), g: new Map() };
    return { c: partialsOf(c), ms: partialsOf(ms), g: partialsOf(g) };
  }
}

/** @param {Map<string, Accumulator>} stats */
function partialsOf(stats) {
  return Array.from(stats.values(), (stat) => stat.partial());
}

module.exports = { Accumulator, Interval, KINDS, SAMPLE, cleanName, isName, parseValue };

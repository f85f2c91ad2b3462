// @ts-check
'use strict';

/**
 * A mergeable sketch of an interval's values, from which any percentile can be told to within 1 %: counts in buckets
 * whose bounds grow by a factor of 1.02, as in DDSketch (Masson, Rim, Lee, VLDB 2019). What a sketch is, and its text,
 * bucket for bucket, is described in the server's `docs/wire-protocol.md`.
 *
 * @typedef {Map<number, number>} Counts the number of values in each bucket, by key
 */

const VERSION = '1';
const STEPS = 50.49834979184394; // buckets for a factor of e: 1 / log(1.02). Part of the format
const ONE = 40_000; // key of the value 1
const MOST_KEY = 73_720; // that of 1e290
const MOST_BUCKETS = 1024;
const MOST_COUNT = 2 ** 48 - 1; // of a bucket
const MIDDLE = 0.9999509839962453; // of a bucket, beside its power of 1.02: 2 * sqrt(1.02) / 2.02

const ROWS = [20, 10, 6, 5, 4, 3, 2, 2, 2, 2, 2, 2]; // how many counts a pair can tell, by gap
const GAPS = ROWS.length;
const ALPHABET = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).filter(
  (character) => !`"',\\`.includes(character),
);
const PAIRS = ROWS.flatMap((row, index) => Array.from({ length: row }, (_, few) => [index + 1, few + 1]));
const GAP_DIGITS = ALPHABET.slice(PAIRS.length, PAIRS.length + 14);
const COUNT_DIGITS = ALPHABET.slice(PAIRS.length + 14);

/** Where each gap's pairs begin in the alphabet. */
const ROW_STARTS = ROWS.map((_, index) => ROWS.slice(0, index).reduce((sum, row) => sum + row, 0));
const PLACES = new Map(ALPHABET.map((character, place) => [character, place]));

/**
 * The bucket of a finite value.
 * @param {number} value
 */
function keyOf(value) {
  if (value === 0) return 0;
  const key = Math.min(Math.floor(Math.log(Math.abs(value)) * STEPS + (ONE + 0.5)), MOST_KEY);
  return value > 0 ? key : -key;
}

/**
 * What the values of a bucket are told to be, in six significant digits.
 * @param {number} key
 */
function valueOf(key) {
  if (key === 0) return 0;
  const value = Number((Math.exp((Math.abs(key) - ONE) / STEPS) * MIDDLE).toPrecision(6));
  return key > 0 ? value : -value;
}

/**
 * Adds one finite value.
 * @param {Counts} counts
 * @param {number} value
 */
function count(counts, value) {
  const key = keyOf(value);
  counts.set(key, (counts.get(key) || 0) + 1);
}

/**
 * The text of a sketch that has values.
 * @param {Counts} counts
 */
function encode(counts) {
  const entries = collapsed(Array.from(counts).sort((one, other) => one[0] - other[0]));
  let [before] = entries[0];
  const distance = before - ONE;
  let text = VERSION + token(distance >= 0 ? 2 * distance + 1 : -2 * distance, entries[0][1]);
  for (const [key, many] of entries.slice(1)) {
    text += token(key - before, many);
    before = key;
  }
  return text;
}

/**
 * Makes the lowest buckets one where there are too many.
 * @param {[number, number][]} entries
 * @returns {[number, number][]}
 */
function collapsed(entries) {
  const lowest = entries.length - MOST_BUCKETS;
  if (lowest <= 0) return entries;
  const many = entries.slice(0, lowest + 1).reduce((sum, entry) => sum + entry[1], 0);
  return [[entries[lowest][0], many], ...entries.slice(lowest + 1)];
}

/**
 * @param {number} gap
 * @param {number} many
 */
function token(gap, many) {
  const low = (gap - 1) % GAPS;
  const few = (Math.min(many, MOST_COUNT) - 1) % ROWS[low];
  let high = Math.floor((gap - 1) / GAPS);
  let more = Math.floor((Math.min(many, MOST_COUNT) - 1) / ROWS[low]);
  let text = ALPHABET[ROW_STARTS[low] + few];
  for (; high; high = Math.floor(high / GAP_DIGITS.length)) text = GAP_DIGITS[high % GAP_DIGITS.length] + text;
  for (; more; more = Math.floor(more / COUNT_DIGITS.length)) text += COUNT_DIGITS[more % COUNT_DIGITS.length];
  return text;
}

/**
 * Adds a well-formed sketch to `counts`.
 * @param {Counts} counts
 * @param {string} text
 */
function add(counts, text) {
  let [key, high, weight] = [NaN, 0, 0];
  for (const character of text.slice(VERSION.length)) {
    const place = /** @type {number} */ (PLACES.get(character));
    if (place < PAIRS.length) {
      const [gap, few] = PAIRS[place];
      key = Number.isNaN(key) ? firstKey(gap + high) : key + gap + high;
      counts.set(key, (counts.get(key) || 0) + few);
      high = 0;
      weight = ROWS[gap - 1];
    } else if (place < PAIRS.length + GAP_DIGITS.length) {
      high = high * GAP_DIGITS.length + (place - PAIRS.length) * GAPS;
    } else {
      counts.set(key, (counts.get(key) || 0) + (place - PAIRS.length - GAP_DIGITS.length) * weight);
      weight *= COUNT_DIGITS.length;
    }
  }
}

/** @param {number} gap */
function firstKey(gap) {
  return ONE + (gap % 2 ? (gap - 1) / 2 : -gap / 2);
}

/**
 * The counts by bucket of a well-formed sketch.
 * @param {string} text
 * @returns {Counts}
 */
function decode(text) {
  const counts = new Map();
  add(counts, text);
  return counts;
}

/**
 * The sketch of all values of some well-formed sketches, one at least.
 * @param {string[]} texts
 */
function merge(texts) {
  const counts = new Map();
  for (const text of texts) add(counts, text);
  return encode(counts);
}

/**
 * `bot` and `top`: the values at the positions `pct` times the count from either end, between `low` and `high`.
 * @param {Counts} counts
 * @param {number} pct
 * @param {number} low
 * @param {number} high
 */
function tails(counts, pct, low, high) {
  const entries = Array.from(counts).sort((one, other) => one[0] - other[0]);
  const total = entries.reduce((sum, entry) => sum + entry[1], 0);
  const cut = Math.floor(pct * total);
  return [cut, total - 1 - cut].map((rank) => {
    let passed = 0;
    const entry = entries.find(([, many]) => (passed += many) > rank);
    return Math.min(Math.max(valueOf(entry === undefined ? 0 : entry[0]), low), high);
  });
}

module.exports = { MOST_BUCKETS, count, decode, encode, keyOf, merge, tails, valueOf };

// @ts-check
/** From a day of history and the live values to the columns of a plot, and what the plot says in words. */

import { clock, comparison, duration, perMinute, unitOf } from "./format.js";

/**
 * @typedef {object} Bin a part of the day as the history has it
 * @property {number} t Unix seconds of its start
 * @property {number} sum
 * @property {number} cnt
 * @property {number} avg
 * @property {number} max
 * @property {number} min
 * @property {number} bot
 * @property {number} top
 * @property {number} [days] how many days an average is of
 * @property {number[] | null} [q] the percentiles that were asked for; null where not all values are in sketches
 */

/** @typedef {{ low: number, mid: number, high: number, days: number }} Typical */

/**
 * @typedef {object} Day
 * @property {number} start Unix seconds of the local day's start
 * @property {number} step minutes
 * @property {string} tz
 * @property {(Bin | null)[]} today
 * @property {(Bin | null)[]} week
 * @property {(Typical | null)[]} typical
 * @property {number[]} [percentiles] that were asked for
 */

/**
 * @typedef {object} Sample what is drawn of one bin
 * @property {number} main
 * @property {number | null} low
 * @property {number | null} high
 * @property {number | null} max
 */

/** @typedef {(number | null)[]} Column */

/**
 * @typedef {object} Columns
 * @property {number[]} x Unix seconds
 * @property {Column} usualHigh
 * @property {Column} usualLow
 * @property {Column} week
 * @property {Column} bandHigh
 * @property {Column} bandLow
 * @property {Column} max
 * @property {Column} p50 nothing but null where it was not asked for, as the next two
 * @property {Column} p90
 * @property {Column} p99
 * @property {Column} today
 * @property {number} current index of the bin that contains now; the number of bins after the day
 */

/** @typedef {import("./store.js").Stat} Stat */

/** An average beside which the maximum is this many times as high would lie flat on the axis. */
const FLATTENED = 4;

/**
 * What a bin shows. Counters are counts per minute, whatever the step.
 * @param {Bin | null | undefined} bin
 * @param {string} typ
 * @param {number} minutes that the bin's sum covers
 * @returns {Sample | null}
 */
export function sampleOf(bin, typ, minutes) {
  if (!bin) return null;
  if (typ === "c") return { main: bin.sum / minutes, low: null, high: null, max: null };
  if (typ === "g") return { main: bin.avg, low: bin.min, high: bin.max, max: null };
  return { main: bin.avg, low: bin.bot, high: bin.top, max: bin.max };
}

/**
 * What the live values show, or null when there were none for a minute.
 * @param {Stat | undefined} stat
 * @returns {Sample | null}
 */
export function liveSample(stat) {
  if (!stat) return null;
  if (stat.typ === "c") return stat.rate ? { main: stat.rate * 60, low: null, high: null, max: null } : null;
  if (stat.avg === null || stat.avg === undefined) return null;
  if (stat.typ === "g") return { main: stat.avg, low: stat.min ?? null, high: stat.max ?? null, max: null };
  return { main: stat.avg, low: stat.bot ?? null, high: stat.top ?? null, max: stat.max ?? null };
}

/**
 * Index of the bin that a time lies in.
 * @param {Day} day
 * @param {number} now Unix seconds
 */
export function binAt(day, now) {
  return Math.floor((now - day.start) / (day.step * 60));
}

/**
 * Today's sample of a bin: what is on disk once the bin is over, until then what was seen live.
 * @param {Day} day
 * @param {string} typ
 * @param {number} index
 * @param {ReadonlyMap<number, Sample>} seen live samples by bin
 * @param {number} closed Unix seconds up to which the history is complete
 * @returns {Sample | null}
 */
export function todaySample(day, typ, index, seen, closed) {
  const start = day.start + index * day.step * 60;
  const covered = Math.min(day.step, Math.max(1, Math.floor((closed - start) / 60)));
  const stored = sampleOf(day.today[index], typ, covered);
  if (stored && covered === day.step) return stored;
  return seen.get(index) ?? stored;
}

/**
 * All that is drawn, in columns of the same length.
 * @param {Day} day
 * @param {string} typ
 * @param {ReadonlyMap<number, Sample>} seen
 * @param {number} closed
 * @param {number} now
 * @returns {Columns}
 */
export function columnsOf(day, typ, seen, closed, now) {
  const current = Math.min(binAt(day, now), day.today.length);
  const samples = day.today.map((_, index) => (index > current ? null : todaySample(day, typ, index, seen, closed)));
  const scale = typ === "c" ? day.step : 1;
  const usual = (/** @type {"low" | "high"} */ edge) => day.typical.map((bin) => (bin ? bin[edge] / scale : null));
  return {
    // The line ends now, not at the start of the bin that now lies in.
    x: day.today.map((_, index) => (index === current ? now : day.start + index * day.step * 60)),
    usualHigh: usual("high"),
    usualLow: usual("low"),
    week: day.week.map((bin) => sampleOf(bin, typ, day.step)?.main ?? null),
    bandHigh: samples.map((sample) => sample?.high ?? null),
    bandLow: samples.map((sample) => sample?.low ?? null),
    max: samples.map((sample) => sample?.max ?? null),
    p50: percentileOf(day, 50),
    p90: percentileOf(day, 90),
    p99: percentileOf(day, 99),
    today: samples.map((sample) => sample?.main ?? null),
    current,
  };
}

/**
 * Today's percentile in each bin that can tell it.
 * @param {Day} day
 * @param {number} percentile
 * @returns {Column}
 */
export function percentileOf(day, percentile) {
  const place = day.percentiles?.indexOf(percentile) ?? -1;
  return day.today.map((bin) => (place < 0 ? null : (bin?.q?.[place] ?? null)));
}

/** @param {Column} column */
function highest(column) {
  return column.reduce((/** @type {number} */ best, value) => Math.max(best, value ?? 0), 0);
}

/**
 * Whether the maxima would press the rest of the plot flat, so that the axis is logarithmic.
 * @param {Columns} columns
 */
export function wantsLog(columns) {
  const body = Math.max(highest(columns.bandHigh), highest(columns.today), highest(columns.week));
  return body > 0 && highest(columns.max) > FLATTENED * body;
}

/**
 * Indices of values with nothing on either side: a line cannot show them, a dot can.
 * @param {ArrayLike<number | null | undefined>} column
 * @returns {number[]}
 */
export function isolated(column) {
  const found = [];
  for (let index = 0; index < column.length; index += 1) {
    const alone = (column[index - 1] ?? null) === null && (column[index + 1] ?? null) === null;
    if (alone && (column[index] ?? null) !== null) found.push(index);
  }
  return found;
}

/** @typedef {"auto" | "1h" | "6h" | "day"} Span */

/**
 * What part of the day is seen. On the first day "auto" shows as much as there is, so that a line of three minutes is
 * seen as one; as soon as there is a week to compare with, the whole day.
 * @param {Span} span
 * @param {Day} day
 * @param {number} now
 * @returns {{ from: number, to: number }}
 */
export function windowOf(span, day, now) {
  const end = day.start + day.today.length * day.step * 60;
  if (span === "day") return { from: day.start, to: end };
  let length = span === "6h" ? 21_600 : 3600;
  if (span === "auto") {
    if (day.week.some(Boolean)) return { from: day.start, to: end };
    const first = day.today.find(Boolean);
    length = Math.max(300, now - (first ? first.t : now) + 120);
  }
  const from = Math.max(day.start, now - length);
  // A little room after now, so that the line does not run into the edge.
  return { from, to: Math.max(now, from + length * 0.5) + (now - from) * 0.03 };
}

/**
 * What is usual at a time: the typical value of the weekday, or the average of the past days.
 * @param {Day} day
 * @param {string} typ
 * @param {number} index
 * @returns {{ value: number, weekday: boolean } | null}
 */
export function usualAt(day, typ, index) {
  const typical = day.typical[index];
  if (typical) return { value: typical.mid / (typ === "c" ? day.step : 1), weekday: true };
  const week = sampleOf(day.week[index], typ, day.step);
  return week ? { value: week.main, weekday: false } : null;
}

/**
 * The plot's headline: the value, and how it lies to what is usual.
 * @param {Stat | undefined} stat
 * @param {Day | null} day null until the history has come
 * @param {number} now Unix seconds
 * @returns {{ value: string, sentence: string }}
 */
export function headlineOf(stat, day, now) {
  const sample = liveSample(stat);
  if (!stat) return { value: "", sentence: "No live value: nothing came since the server started." };
  const value = shownValue(stat, sample);
  if (!day) return { value, sentence: "" };
  const index = binAt(day, now);
  const usual = usualAt(day, stat.typ, index);
  if (!usual) return { value, sentence: sentenceWithoutUsual(day) };
  const { time, weekday } = clock(day.tz);
  const start = day.start + index * day.step * 60;
  const moment = usual.weekday ? `${weekday(start)} ${time(start)}` : time(start);
  if (!sample) return { value, sentence: `nothing for a minute; usual at ${moment}: ${inUnit(stat, usual.value)}` };
  const compared = comparison(sample.main, usual.value);
  return { value, sentence: compared ? `${compared} ${moment}` : `usual at ${moment}: ${inUnit(stat, usual.value)}` };
}

/**
 * @param {Stat} stat
 * @param {Sample | null} sample
 */
function shownValue(stat, sample) {
  if (stat.typ === "c") return perMinute(sample?.main ?? 0);
  if (stat.typ === "ms") return duration(sample ? sample.main : stat.last);
  return inUnit(stat, stat.last ?? null);
}

/**
 * @param {{ typ: string, nam: string }} stat
 * @param {number | null} value
 */
function inUnit(stat, value) {
  return unitOf(stat.typ, stat.nam)(value);
}

/** @param {Day} day */
function sentenceWithoutUsual(day) {
  if (!day.week.some(Boolean)) return "The typical week appears tomorrow.";
  return "No value at this time in the past week.";
}

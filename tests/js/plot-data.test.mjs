import assert from "node:assert/strict";
import { test } from "node:test";

import {
  binAt, columnsOf, headlineOf, isolated, liveSample, percentileOf, todaySample, usualAt, wantsLog, windowOf,
} from "../../stats/static/stats/js/plot-data.js";

const START = 1_763_942_400; // Monday, 24 November 2025, 00:00 UTC
const NONE = new Map();

const bin = (index, step, main) => ({
  t: START + index * step * 60, sum: main * step, cnt: step, avg: main, max: main * 2, min: main / 2, bot: main * 0.7, top: main * 1.5,
});

function day({ step = 5, today = {}, week = {}, typical = {} } = {}) {
  const bins = 1440 / step;
  const fill = (values) => Array.from({ length: bins }, (_, index) => (index in values ? bin(index, step, values[index]) : null));
  const usual = Array.from({ length: bins }, (_, index) => typical[index] ?? null);
  return { start: START, step, tz: "UTC", today: fill(today), week: fill(week), typical: usual };
}

const counter = (perSecond) => ({ proc: "api", typ: "c", nam: "orders", total: 9, rate: perSecond });

test("counters are counts per minute whatever the step", () => {
  const columns = columnsOf(day({ step: 10, today: { 0: 30 }, week: { 0: 40 }, typical: { 0: { low: 300, mid: 400, high: 500 } } }), "c", NONE, START + 600, START + 700);
  assert.deepEqual([columns.today[0], columns.week[0], columns.usualLow[0], columns.usualHigh[0]], [30, 40, 30, 50]);
});

test("timers have a band and a maximum, gauges a band from min to max", () => {
  const timer = columnsOf(day({ today: { 0: 100 } }), "ms", NONE, START + 300, START + 400);
  assert.deepEqual([timer.bandLow[0], timer.bandHigh[0], timer.max[0]], [70, 150, 200]);
  const gauge = columnsOf(day({ today: { 0: 100 } }), "g", NONE, START + 300, START + 400);
  assert.deepEqual([gauge.bandLow[0], gauge.bandHigh[0], gauge.max[0]], [50, 200, null]);
});

test("percentiles are columns where they were asked for, with gaps where nobody knows", () => {
  const asked = { ...day({ today: { 0: 100, 1: 100, 2: 100 } }), percentiles: [50, 99] };
  asked.today[0].q = [80, 400];
  asked.today[1].q = null;
  const columns = columnsOf(asked, "ms", NONE, START + 900, START + 1000);
  assert.deepEqual([columns.p50.slice(0, 4), columns.p99[0]], [[80, null, null, null], 400]);
  assert.ok(columns.p90.every((value) => value === null));
  assert.equal(columns.p90.length, columns.x.length);
  assert.ok(percentileOf(day({ today: { 0: 100 } }), 50).every((value) => value === null));
});

test("the line ends now, with what was seen live", () => {
  const now = START + 720;
  const columns = columnsOf(day({ today: { 0: 10, 1: 12 } }), "c", new Map([[2, { main: 15, low: null, high: null, max: null }]]), START + 660, now);
  assert.equal(columns.current, 2);
  assert.equal(columns.x[2], now);
  assert.deepEqual(columns.today.slice(0, 4), [10, 12, 15, null]);
});

test("a bin that is not over does not pull the line down", () => {
  const open = day({ today: { 2: 3 } }); // 15 counted in its first minute: three a minute if spread over five
  assert.equal(todaySample(open, "c", 2, NONE, START + 660).main, 15);
});

test("once on disk, the minute counts more than what was seen of it", () => {
  const seen = new Map([[0, { main: 99, low: null, high: null, max: null }]]);
  assert.equal(todaySample(day({ today: { 0: 10 } }), "c", 0, seen, START + 300).main, 10);
  assert.equal(todaySample(day(), "c", 0, seen, START + 300).main, 99);
});

test("gaps are gaps", () => {
  const columns = columnsOf(day({ today: { 0: 1, 2: 1 } }), "g", NONE, START + 1200, START + 1200);
  assert.deepEqual(columns.today.slice(0, 3), [1, null, 1]);
});

test("an idle stat has no live sample, and zero of a gauge is a value", () => {
  assert.equal(liveSample(counter(0)), null);
  assert.equal(liveSample({ typ: "g", avg: null }), null);
  assert.equal(liveSample({ typ: "g", avg: 0, min: 0, max: 0 }).main, 0);
  assert.equal(liveSample(counter(0.5)).main, 30);
});

test("the axis is logarithmic only when maxima would flatten the rest", () => {
  const columns = (max) => ({ bandHigh: [150], today: [100], week: [90], max: [max] });
  assert.equal(wantsLog(columns(300)), false);
  assert.equal(wantsLog(columns(900)), true);
  assert.equal(wantsLog({ bandHigh: [null], today: [null], week: [null], max: [null] }), false);
});

test("points without neighbours are found", () => {
  assert.deepEqual(isolated([1, null, 2, null, 3, 4, null, 5]), [0, 2, 7]);
  assert.deepEqual(isolated([]), []);
});

test("the headline compares with the typical weekday", () => {
  const index = binAt(day(), START + 14 * 3600 + 420);
  const known = day({ typical: { [index]: { low: 150, mid: 205, high: 250 } } });
  const { value, sentence } = headlineOf(counter(0.2), known, START + 14 * 3600 + 420);
  assert.equal(`orders ${value}, ${sentence}`, "orders 12/min, 71 % below a typical Monday 14:05");
});

test("without a weekday's value it compares with the average of the week", () => {
  assert.deepEqual(usualAt(day({ week: { 0: 40 } }), "c", 0), { value: 40, weekday: false });
  assert.equal(headlineOf(counter(1), day({ week: { 0: 40 } }), START + 60).sentence, "50 % above a typical 00:00");
});

test("on the first day it says when the typical week appears", () => {
  assert.equal(headlineOf(counter(1), day(), START + 60).sentence, "The typical week appears tomorrow.");
  assert.equal(headlineOf(counter(1), day({ week: { 9: 1 } }), START + 60).sentence, "No value at this time in the past week.");
});

test("an idle counter is zero, not what it was", () => {
  const { value, sentence } = headlineOf(counter(0), day({ week: { 0: 40 } }), START + 60);
  assert.equal(value, "0/min");
  assert.match(sentence, /nothing for a minute/);
});

test("the whole day is seen once there is a week, before it what there is", () => {
  assert.deepEqual(windowOf("auto", day({ week: { 0: 1 } }), START + 60), { from: START, to: START + 86_400 });
  const first = windowOf("auto", day({ step: 1, today: { 700: 1 } }), START + 703 * 60);
  assert.ok(first.from <= START + 700 * 60 && first.from >= START + 690 * 60);
  assert.ok(first.to > START + 703 * 60 && first.to < START + 720 * 60);
});

test("an hour ends shortly after now and begins in the day", () => {
  const { from, to } = windowOf("1h", day(), START + 50_000);
  assert.equal(from, START + 46_400);
  assert.ok(to > START + 50_000 && to < START + 50_400);
  assert.equal(windowOf("1h", day(), START + 60).from, START);
});

test("a day with a changed clock has the bins that it has", () => {
  const long = { ...day(), today: new Array(300).fill(null), week: new Array(300).fill(null), typical: new Array(300).fill(null) };
  const columns = columnsOf(long, "c", NONE, START, START + 60);
  assert.equal(columns.x.length, 300);
  assert.equal(windowOf("day", long, START).to, START + 25 * 3600);
});

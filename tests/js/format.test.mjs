import assert from "node:assert/strict";
import { test } from "node:test";

import {
  bytes, clock, comparison, difference, duration, number, perMinute, percent, since, unitOf, uptime,
} from "../../stats/static/stats/js/format.js";

/** @param {(value: any) => string} format @param {[any, string][]} pairs */
function all(format, pairs) {
  for (const [value, text] of pairs) assert.equal(format(value), text, String(value));
}

test("numbers keep three digits and never grow wide", () => {
  all(number, [
    [0, "0"], [0.05, "0.05"], [1.234, "1.23"], [98.4, "98.4"], [99.96, "100"], [153, "153"], [1540, "1,540"],
    [99_999, "99,999"], [99_999.6, "100 k"], [123_456, "123 k"], [999_999, "1 M"], [-3.5, "−3.5"], [-0.0, "0"],
  ]);
});

test("what is no number is a dash", () => {
  for (const format of [number, duration, uptime, bytes, percent, perMinute]) assert.equal(format(null), "–");
  all(number, [[undefined, "–"], [Number.NaN, "–"], [Number.POSITIVE_INFINITY, "–"]]);
});

test("no number takes more than eight characters", () => {
  for (let power = -3; power < 18; power += 1) {
    for (const digits of [1, 1.5, 9.994, 9.9999]) {
      const text = number(digits * 10 ** power);
      assert.ok(text.length <= 8, `${digits * 10 ** power}: ${text}`);
    }
  }
});

test("durations change their unit where people do", () => {
  all(duration, [
    [0.25, "0.25 ms"], [126, "126 ms"], [999.4, "999 ms"], [999.6, "1 s"], [1200, "1.2 s"], [59_900, "59.9 s"],
    [59_999, "1 min"], [150_000, "2.5 min"], [5_400_000, "1.5 h"], [0, "0 ms"],
  ]);
});

test("uptime has its two largest units", () => {
  all(uptime, [[0, "0 s"], [45.9, "45 s"], [200, "3 min 20 s"], [180, "3 min"], [7380, "2 h 3 min"], [183_600, "2 d 3 h"]]);
});

test("a time in a sentence has one unit", () => {
  all(since, [[40.2, "40 s"], [89, "89 s"], [120, "2 min"], [7200, "2 h"], [259_200, "3 d"], [-1, "0 s"]]);
});

test("bytes are binary", () => {
  all(bytes, [[0, "0 B"], [1000, "1000 B"], [1024, "1 KiB"], [536_870_912, "512 MiB"], [1.5 * 2 ** 40, "1.5 TiB"]]);
});

test("rates are counts of a minute", () => {
  all(perMinute, [[0, "0/min"], [12, "12/min"], [0.5, "0.5/min"], [3400, "3.4 k/min"], [999.7, "1 k/min"]]);
});

test("the unit follows the type, and for a gauge the end of its name", () => {
  assert.equal(unitOf("ms", "query")(1200), "1.2 s");
  assert.equal(unitOf("c", "orders")(12), "12/min");
  assert.equal(unitOf("g", "heap_bytes")(1024), "1 KiB");
  assert.equal(unitOf("g", "cpu.percent")(3.5), "3.5 %");
  assert.equal(unitOf("g", "bytes.queue")(1024), "1,024");
});

test("a comparison is told as people tell it", () => {
  assert.equal(comparison(29, 100), "71 % below a typical");
  assert.equal(comparison(150, 100), "50 % above a typical");
  assert.equal(comparison(103, 100), "as on a typical");
  assert.equal(comparison(320, 100), "3.2 times a typical");
  assert.equal(comparison(0, 100), "100 % below a typical");
  assert.equal(comparison(5, 0), null);
});

test("a difference is signed and never divides by nothing", () => {
  assert.equal(difference(112, 100), "+12 %");
  assert.equal(difference(29, 100), "−71 %");
  assert.equal(difference(100.2, 100), "±0 %");
  assert.equal(difference(5, 0), "–");
  assert.equal(difference(null, 3), "–");
  assert.equal(difference(-50, -100), "+50 %");
});

test("times are told in the zone of the day", () => {
  assert.equal(clock("Europe/Berlin").time(1_763_900_000), "13:13");
  assert.equal(clock("UTC").weekday(1_763_900_000), "Sunday");
});

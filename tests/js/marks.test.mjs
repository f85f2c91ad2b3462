// What a plot shows of alerts, worked out.

import assert from "node:assert/strict";
import { test } from "node:test";

import { burningAt, byUrgency, limitName, placesOf, reach, renewed, spanText, usualName } from "../../stats/static/stats/js/marks.js";

const rule = (limit, measure = "value") => ({ id: 1, name: "r", kind: "above", words: "", side: "above", measure, limit, until: null });
const incident = (number, state = "firing", opened = 100, resolved = null, target = "api/c/orders") => ({
  number, rule_name: "r", target, state, sentence: "", opened, resolved,
});

test("an axis reaches limits that are near, and lets those be that would press the values flat", () => {
  assert.deepEqual(reach(0, 100, [rule(150)]), [0, 150]);
  assert.deepEqual(reach(0, 100, [rule(200)]), [0, 200]);
  assert.deepEqual(reach(0, 100, [rule(201)]), [0, 100]);
  assert.deepEqual(reach(0, 100, [rule(150), rule(180), rule(5000)]), [0, 180]);
  assert.deepEqual(reach(50, 60, [rule(20)]), [20, 60]);
  assert.deepEqual(reach(50, 60, [rule(null)]), [50, 60]);
  assert.deepEqual(reach(0, 0, [rule(1)]), [0, 1]);
});

test("a limit says what it is on, unless it is on what the plot draws", () => {
  const unit = (value) => `${value} ms`;
  assert.equal(limitName(rule(500, "average"), unit), "limit 500 ms");
  assert.equal(limitName(rule(500, "p99"), unit), "p99 limit 500 ms");
});

test("news of an incident replace what was known of it, and others' news change nothing", () => {
  const known = [{ ...incident(3), sentence: "in my time zone" }, incident(2, "resolved")];
  const others = incident(5, "firing", 1, null, "web/c/x");
  const news = [{ ...incident(3, "acknowledged"), sentence: "in UTC" }, incident(4, "firing", 100, null, "api"), others];
  const { incidents, unknown } = renewed(known, news, "api/c/orders");
  assert.deepEqual(incidents.map(({ number, state }) => [number, state]), [[4, "firing"], [3, "acknowledged"], [2, "resolved"]]);
  assert.deepEqual([incidents[1].sentence, unknown], ["in my time zone", true]);
  assert.equal(renewed(known, [incident(3, "resolved")], "api/c/orders").unknown, false);
  assert.equal(renewed(known, [others], "api/c/orders").incidents, null);
});

test("limits that are close have their names one above the other, those out of sight at the edge", () => {
  const toY = (value) => 200 - value;
  const names = (...limits) => placesOf(limits.map((limit) => rule(limit)), toY, 0, 200, 12).map(({ rule: { limit }, line, way, name }) => [limit, line, way, name]);
  assert.deepEqual(names(50, 52, null), [[50, 150, "", 150], [52, 148, "", 138]]);
  assert.deepEqual(names(150, 500, -5), [[-5, null, "↓", 200], [150, 50, "", 50], [500, null, "↑", 12]]);
  assert.deepEqual(names(199, 198, 500), [[198, 2, "", 36], [199, 1, "", 24], [500, null, "↑", 12]]);
  assert.deepEqual(placesOf([rule(0)], () => Number.NaN, 0, 200, 12).map(({ line, way, name }) => [line, way, name]), [[null, "↓", 200]]);
});

test("a band that is watched says so", () => {
  assert.equal(usualName([{ ...rule(null), kind: "unlike_typical" }]), "usual, watched");
  assert.equal(usualName([rule(5)]), "usual");
});

test("what burns is listed first", () => {
  const listed = byUrgency([incident(9, "resolved"), incident(8, "acknowledged"), incident(3), incident(4)]);
  assert.deepEqual(listed.map(({ number }) => number), [4, 3, 8, 9]);
});

test("when it burnt is told in the plot's time zone", () => {
  assert.equal(spanText(incident(1, "firing", 0), "Europe/Berlin"), "since 01:00");
  assert.equal(spanText(incident(1, "resolved", 0, 660), "UTC"), "00:00 to 00:11");
});

test("a time points at what burnt then", () => {
  const incidents = [incident(1, "resolved", 100, 200), incident(2, "firing", 300)];
  assert.deepEqual(burningAt(incidents, 200, 260), []);
  assert.deepEqual(burningAt(incidents, 180, 240).map(({ number }) => number), [1]);
  assert.deepEqual(burningAt(incidents, 900, 960).map(({ number }) => number), [2]);
});

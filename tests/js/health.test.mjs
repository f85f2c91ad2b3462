import assert from "node:assert/strict";
import { test } from "node:test";

import { instanceTexts, lossText, restartsText, sentences, usage } from "../../stats/static/stats/js/health.js";

const AT = 1_764_000_000;

const instance = (more = {}) => ({
  iid: "9f2c41d0aa", state: "up", ended: false, began: AT - 60, seen: AT - 2, upt: 60, mem: 1 << 20, cpu: 1.5, err: 0, wrn: 0,
  late: 0, missing: 0, hst: "web1", ver: "python 0.1.0", ...more,
});
const health = (more = {}) => ({
  nam: "web", restarts: 0, restarts_hour: 0, restarts_every: null, late: 0, missing: 0, lost: 0, bad: 0, more: false,
  instances: [instance()], ...more,
});

test("a process that restarts every minute is called what it is", () => {
  const text = (restarts_hour, restarts_every) => restartsText(health({ restarts_hour, restarts_every }));
  assert.equal(text(12, 61.2), "restarts every minute");
  assert.equal(text(128, 8), "restarts every 8 s");
  assert.equal(text(6, 600), "restarts every 10 min");
  assert.equal(text(1, null), "1 restart in the last hour");
  assert.equal(text(128, null), "128 or more restarts in the last hour");
  assert.equal(text(0, null), "");
});

test("losses are told where there are any", () => {
  assert.equal(lossText(health()), "");
  assert.equal(lossText(health({ missing: 2, lost: 1500 })), "2 missing, 1,500 lost");
  assert.deepEqual(sentences(health({ restarts: 1, late: 1, bad: 2, more: true })), [
    "1 instance up, and more that are not listed.", "1 restart since it appeared.", "1 commit came late.",
    "Its client was given 2 bad names or values.",
  ]);
});

test("several instances are told as one: the longest uptime, memory and cpu of all that are up", () => {
  const live = { upt: 5, mem: 7, cpu: 1 };
  assert.deepEqual(usage(live, undefined), live);
  assert.deepEqual(usage(live, health()), live);
  const instances = [instance(), instance({ upt: 100, mem: 3, cpu: null }), instance({ state: "down", mem: 99 })];
  assert.deepEqual(usage(live, health({ instances })), { upt: 100, mem: (1 << 20) + 3, cpu: 1.5 });
});

test("an instance that has ended says so", () => {
  assert.deepEqual(instanceTexts(instance({ ended: true, state: "down" }), AT).slice(0, 3), ["9f2c41d0", "ended", "web1"]);
  assert.deepEqual(instanceTexts(instance({ iid: "", hst: "", ver: "" }), AT).slice(0, 4), ["no id", "up", "–", "–"]);
});

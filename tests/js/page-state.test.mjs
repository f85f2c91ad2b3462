import assert from "node:assert/strict";
import { test } from "node:test";

import { EventList } from "../../stats/static/stats/js/event-list.js";
import { fromHash, opened, suggested, toHash } from "../../stats/static/stats/js/open-plots.js";
import { averageText, isIdle, valueText } from "../../stats/static/stats/js/stat-text.js";
import { quietSentences, summaryText } from "../../stats/static/stats/js/overview.js";

test("open plots survive their way through the address", () => {
  const plots = [opened("api/ms/routes.get:x!"), { stat: "a/c/b", step: 10, span: "6h", percentiles: [] }];
  assert.deepEqual(fromHash(toHash(plots)), plots);
  assert.deepEqual(fromHash(encodeURI(toHash(plots))), plots);
  assert.equal(toHash([]), "");
});

test("the percentiles of a timer are remembered with its plot", () => {
  const plots = [{ ...opened("api/ms/query"), percentiles: [50, 99] }, { ...opened("api/ms/b"), step: 5, percentiles: [90] }];
  assert.equal(toHash(plots), "#plots=api/ms/query~0~auto~50-99,api/ms/b~5~auto~90");
  assert.deepEqual(fromHash(toHash(plots)), plots);
  assert.deepEqual(fromHash("#plots=api/ms/a~0~auto~99-7-x-50,api/c/b~0~auto~50").map((plot) => plot.percentiles), [[50, 99], []]);
});

test("an address that holds something else opens nothing", () => {
  assert.deepEqual(fromHash("#content"), []);
  assert.deepEqual(fromHash("#plots=../x,api/zz/a,%E0%A4%A,api/c"), []);
  assert.deepEqual(fromHash("#plots=api/c/a~7~year"), [opened("api/c/a")]);
});

test("a first look shows emphasised stats, then one of each type", () => {
  const stat = (key, typ, rate, emp = false) => ({ key, typ, rate, emp, trail: { points: [1, 1], slot: 9 } });
  const stats = [stat("g", "g"), stat("slow", "c", 1), stat("fast", "c", 9), stat("idle", "c", 0), stat("t", "ms", 2), stat("e", "c", 0.1, true)];
  assert.deepEqual(suggested(stats, 4).map((plot) => plot.stat), ["e", "t", "fast", "g"]);
  assert.deepEqual(suggested([], 4), []);
});

test("what moves all the time comes before what is big for a moment", () => {
  const stat = (key, rate, points) => ({ key, typ: "c", rate, emp: false, trail: { points, slot: 9 } });
  const stats = [stat("burst", 1e6, [null, 9, null]), stat("steady", 2, [1, 1, 1])];
  assert.deepEqual(suggested(stats, 1).map((plot) => plot.stat), ["steady"]);
});

test("what is made by the server is suggested only where there is nothing else", () => {
  const memory = { key: "api/g/dattss.memory.bytes", typ: "g", emp: false, trail: { points: [1, 2, 3] } };
  const stats = [memory, { ...memory, key: "api/g/live", trail: { points: [] } }];
  assert.deepEqual(suggested(stats, 4).map((plot) => plot.stat), ["api/g/live"]);
  assert.deepEqual(suggested([memory], 4).map((plot) => plot.stat), ["api/g/dattss.memory.bytes"]);
});

test("a small number takes two digits in a row", () => {
  const timer = { typ: "ms", nam: "ingest", last: 0.1371, avg: 0.1384, max: 0.2151 };
  assert.equal(`${valueText(timer)} ${averageText(timer)}`, "0.14 ms [0.14 / 0.22]");
});

test("rows say value and moving average as the ancestor did", () => {
  const timer = { typ: "ms", nam: "query", last: 126, avg: 98, max: 1540 };
  assert.equal(`${valueText(timer)} ${averageText(timer)}`, "126 ms [98 / 1,540]");
  assert.equal(averageText({ ...timer, max: 15_000 }), "[98 ms / 15 s]");
  assert.equal(averageText({ typ: "c", nam: "new", total: 3, rate: 0.05 }), "[3/min]");
  assert.equal(averageText({ typ: "g", nam: "live", last: 23, avg: 0 }), "[0]");
});

test("an idle stat shows that there was nothing", () => {
  assert.equal(averageText({ typ: "ms", nam: "query", last: 126, avg: null, max: null }), "[–]");
  assert.equal(isIdle({ typ: "g", nam: "live", last: 0, avg: 0 }), false);
  assert.equal(isIdle({ typ: "c", nam: "new", total: 3, rate: 0 }), true);
});

const event = (at, msg = "boom") => ({ at, nam: "api", lvl: "error", typ: "ValueError", msg, trc: null, cnt: 1 });

test("events stand newest first, each once, however they came", () => {
  const list = new EventList();
  list.add([event(1), event(2)]);
  list.add([event(2), event(3)]);
  assert.deepEqual(list.visible().map(({ at }) => at), [3, 2, 1]);
});

test("a pause holds events back until it ends", () => {
  const list = new EventList();
  list.add([event(1)]);
  list.paused = true;
  list.add([event(2)]);
  assert.deepEqual([list.visible().length, list.held], [1, 1]);
  list.resume();
  assert.deepEqual([list.visible().map(({ at }) => at), list.held], [[2, 1], 0]);
});

test("a filter looks at process, type, message and stack", () => {
  const list = new EventList();
  list.add([event(1, "timeout in pay"), event(2)]);
  list.filter = "VALUEERROR pay";
  assert.deepEqual(list.visible().map(({ at }) => at), [1]);
});

test("a page that stays open keeps no more than it can show", () => {
  const list = new EventList();
  for (let at = 0; at < 600; at += 1) list.add([event(at)]);
  assert.equal(list.size, 500);
  assert.equal(list.visible()[0].at, 599);
});

test("the overview names who is quiet", () => {
  const processes = new Map([
    ["api", { nam: "api", state: "up", seen: 100 }],
    ["billing", { nam: "billing", state: "silent", seen: 60 }],
  ]);
  const store = { processes, stats: new Map([["a", { rate: 2.5 }], ["b", {}]]) };
  assert.equal(summaryText(store), "1 up, 1 silent · 2 stats");
  assert.deepEqual(quietSentences(store, 100), [{ state: "silent", text: "No commit from billing for 40 s." }]);
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { Store } from "../../stats/static/stats/js/store.js";
import { POINTS, windowAt } from "../../stats/static/stats/js/trail.js";

const KEY = "api/ms/query";
const AT = 1_763_900_000;
const SLOT = AT / 5;

const query = (more = {}) => ({ proc: "api", typ: "ms", nam: "query", emp: false, last: 126, avg: 98, max: 1540, ...more });
const process = (more = {}) => ({ nam: "api", state: "up", upt: 1, mem: null, cpu: null, err: 0, wrn: 0, seen: AT, ...more });
const snapshot = (stats, more = {}) => ({ type: "snapshot", n: 1, at: AT, ivl: 5, processes: [process()], stats, events: [], ...more });
const update = (slots, more = {}) => ({ type: "update", n: 2, at: AT + slots * 5, slot: SLOT + slots, processes: [], stats: [], gone: [], ...more });

/** A store with one stat whose trail is `spark`. */
function withQuery(spark) {
  const store = new Store();
  store.apply(snapshot([query({ spark })]));
  return store;
}

/** The last points of the stat's window, as they lie at the store's slot. */
function tail(store, count) {
  return windowAt(store.stats.get(KEY).trail, store.slot).slice(-count);
}

test("a snapshot replaces everything", () => {
  const store = withQuery([1]);
  store.apply(snapshot([query({ nam: "other" })], { processes: [process({ nam: "worker" })] }));
  assert.deepEqual([...store.stats.keys()], ["api/ms/other"]);
  assert.deepEqual([...store.processes.keys()], ["worker"]);
});

test("a snapshot's sparkline ends in the current slot", () => {
  assert.deepEqual(tail(withQuery([5, null, 7]), 4), [null, 5, null, 7]);
});

test("p fills the current slot, again and again", () => {
  const store = withQuery([5]);
  store.apply(update(0, { stats: [query({ p: 6 })] }));
  store.apply(update(0, { stats: [query({ p: 8 })] }));
  assert.deepEqual(tail(store, 2), [null, 8]);
});

test("silence leaves gaps as wide as it was", () => {
  const store = withQuery([5]);
  store.apply(update(3, { stats: [query({ p: 9 })] }));
  assert.deepEqual(tail(store, 5), [null, 5, null, null, 9]);
});

test("a stat without news moves on with the others", () => {
  const store = withQuery([5]);
  const change = store.apply(update(2));
  assert.equal(change.slot, true);
  assert.deepEqual(tail(store, 3), [5, null, null]);
});

test("an update without p keeps the trail and changes the values", () => {
  const store = withQuery([5]);
  const change = store.apply(update(0, { stats: [query({ last: 200 })] }));
  assert.equal(store.stats.get(KEY).last, 200);
  assert.deepEqual(tail(store, 1), [5]);
  assert.deepEqual([...change.stats], [KEY]);
  assert.equal(change.structure, false);
});

test("a trail never grows beyond two minutes", () => {
  const store = withQuery(Array.from({ length: 12 }, (_, index) => index));
  for (let slot = 1; slot <= 40; slot += 1) store.apply(update(slot, { stats: [query({ p: 100 + slot })] }));
  assert.equal(store.stats.get(KEY).trail.points.length, POINTS);
  assert.deepEqual(tail(store, 2), [139, 140]);
});

test("after a silence longer than the trail nothing old is left", () => {
  const store = withQuery([1, 2, 3]);
  store.apply(update(100, { stats: [query({ p: 4 })] }));
  assert.deepEqual(tail(store, POINTS).filter((value) => value !== null), [4]);
});

test("a new stat or process changes the structure", () => {
  const store = withQuery([]);
  assert.equal(store.apply(update(0, { stats: [query({ nam: "new", p: 3 })] })).structure, true);
  assert.equal(store.apply(update(0, { processes: [process({ nam: "b" })] })).structure, true);
  assert.equal(store.apply(update(0, { processes: [process({ upt: 2 })] })).structure, false);
});

test("a stat that is gone leaves, a process that is gone takes its stats along", () => {
  const store = withQuery([]);
  store.apply(update(0, { stats: [query({ nam: "b" })] }));
  store.apply(update(0, { gone: [{ proc: "api", typ: "ms", nam: "b" }] }));
  assert.deepEqual([...store.stats.keys()], [KEY]);
  store.apply(update(0, { gone: [{ proc: "api" }] }));
  assert.equal(store.stats.size + store.processes.size, 0);
});

test("what is gone may be back in the same message", () => {
  const store = withQuery([]);
  store.apply(update(0, { gone: [{ proc: "api" }], processes: [process({ err: 7 })], stats: [query({ nam: "b" })] }));
  assert.equal(store.processes.get("api").err, 7);
  assert.deepEqual([...store.stats.keys()], ["api/ms/b"]);
});

test("changes of several messages add up", () => {
  const store = withQuery([]);
  const change = store.apply(update(0, { stats: [query()] }));
  store.apply(update(0, { processes: [process()] }), change);
  assert.deepEqual([[...change.stats], [...change.processes]], [[KEY], ["api"]]);
});

test("events are kept, newest last, a hundred at most", () => {
  const store = withQuery([]);
  for (let index = 0; index < 130; index += 1) store.apply({ type: "event", n: 3, at: AT, event: { at: index, nam: "api", lvl: "error", msg: "boom" } });
  assert.equal(store.events.length, 100);
  assert.equal(store.events.at(-1).at, 129);
});

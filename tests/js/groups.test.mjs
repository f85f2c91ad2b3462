import assert from "node:assert/strict";
import { test } from "node:test";

import { GroupList, HOURS, hoursUntil } from "../../stats/static/stats/js/groups.js";

const HOUR = 3600;
const AT = 1_764_000_000; // the begin of an hour

const group = (more = {}) => ({
  key: "a", typ: "KeyError", title: "sku", why: "", state: "new", first: AT, last: AT, cnt: 1, nam: { web: 1 },
  hours: [...Array(HOURS - 1).fill(0), 1], msg: "sku 1", ...more,
});
const event = (more = {}) => ({ at: AT + 1, nam: "web", lvl: "error", msg: "sku 2", grp: "a", cnt: 1, ...more });

test("an event counts for its group", () => {
  const groups = new GroupList();
  groups.replace([group()]);
  assert.equal(groups.count(event({ cnt: 3, nam: "cron" })), true);
  assert.equal(groups.count(event({ at: AT + HOUR })), true);
  assert.equal(groups.count(event({ at: AT - HOUR })), true);
  const { cnt, nam, hours, last, msg } = groups.get("a");
  assert.deepEqual([cnt, nam, last, msg], [6, { web: 3, cron: 3 }, AT + HOUR, "sku 2"]);
  assert.deepEqual(hours.slice(-3), [1, 4, 1]);
});

test("the API is asked for a group that is not known", () => {
  const groups = new GroupList();
  assert.equal(groups.count(event()), false);
  assert.equal(groups.count(event({ grp: undefined })), false);
});

test("hours that have passed since are empty", () => {
  assert.deepEqual(hoursUntil(group(), AT + 2 * HOUR).slice(-3), [1, 0, 0]);
  assert.deepEqual(hoursUntil(group(), AT + 100 * HOUR), Array(HOURS).fill(0));
});

test("a resolved one that comes again is on top", () => {
  const groups = new GroupList();
  groups.replace([group(), group({ key: "b", state: "resolved" }), group({ key: "c", state: "seen", last: AT + 9 })]);
  assert.deepEqual([groups.visible().map(({ key }) => key), groups.quiet], [["a", "c"], 1]);
  groups.count(event({ grp: "b" }));
  assert.deepEqual(groups.visible().map(({ key, state }) => [key, state])[0], ["b", "regression"]);
});

test("a filter looks at processes, types and texts", () => {
  const groups = new GroupList();
  groups.replace([group(), group({ key: "b", nam: { cron: 1 }, title: "mail", msg: "", typ: "Timeout" })]);
  const keys = (filter) => { groups.filter = filter; return groups.visible().map(({ key }) => key); };
  assert.deepEqual([keys("CRON time"), keys("sku"), keys("nothing")], [["b"], ["a"], []]);
});

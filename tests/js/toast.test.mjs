import assert from "node:assert/strict";
import { test } from "node:test";

import { Digest, PAUSE, digestText } from "../../stats/static/stats/js/toast.js";

function begun() {
  const told = [];
  const timers = [];
  const around = { clock: 0, now: () => around.clock, setTimeout: (call, ms) => timers.push({ call, at: around.clock + ms }) };
  const digest = new Digest((text) => told.push([around.clock, text]), around);
  const passTo = (clock) => {
    around.clock = clock;
    for (const timer of timers.splice(0)) if (timer.at <= clock) timer.call(); else timers.push(timer);
  };
  return { digest, told, passTo };
}

const error = (nam, cnt) => ({ at: 1, nam, lvl: "error", msg: "boom", cnt });

test("the first is told at once, what follows at most each few seconds and together", () => {
  const { digest, told, passTo } = begun();
  digest.add(error("web"));
  passTo(200);
  assert.deepEqual(told, [[200, "A new error in web"]]);
  for (let index = 0; index < 1000; index += 1) digest.add(error("web", 3));
  digest.add(error("cron"));
  passTo(PAUSE);
  assert.equal(told.length, 1);
  passTo(200 + PAUSE);
  assert.deepEqual(told[1], [200 + PAUSE, "3,001 new errors in web and 1 more process"]);
});

test("most first", () => {
  assert.equal(digestText(new Map([["a", 1], ["b", 9], ["c", 1]])), "11 new errors in b and 2 more processes");
});

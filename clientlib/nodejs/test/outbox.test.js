'use strict';

const assert = require('assert');
const { test } = require('node:test');
const { Accumulator } = require('../lib/fold');
const { merge } = require('../lib/merge');
const { LOST, Outbox } = require('../lib/outbox');

function partial(nam, values) {
  const stat = new Accumulator('c', nam);
  values.forEach((value) => stat.add(value));
  return stat.partial();
}

function commit(minute, values, end = 0) {
  const c = Object.entries(values).map(([name, numbers]) => partial(name, numbers));
  return { facts: { err: 1, wrn: 0 }, prt: { c, ms: [], g: [] }, end, minute, seq: null, told: [] };
}

function contents(outbox) {
  const found = [];
  for (let oldest = outbox.oldest(); oldest !== undefined; oldest = outbox.oldest()) {
    found.push([oldest.minute, oldest.facts.err, ...oldest.prt.c.map((part) => part.sum)]);
    outbox.delivered(oldest);
  }
  return found;
}

test('when full, the oldest minute becomes one commit', () => {
  const outbox = new Outbox(3);
  [[1, 1], [1, 2], [1, 4], [2, 8]].forEach(([minute, value]) => outbox.put(commit(minute, { a: [value] }, value)));
  assert.strictEqual(outbox.oldest().end, 4);
  assert.deepStrictEqual(contents(outbox), [[1, 3, 7], [2, 1, 8]]);
  assert.strictEqual(outbox.lost, 0);
});

test('a commit that was sent is neither joined nor dropped, and losses are counted', () => {
  const outbox = new Outbox(2);
  const sent = Object.assign(commit(1, { a: [1] }), { seq: 1 });
  outbox.put(sent);
  outbox.put(commit(1, { a: [2, 2, 2] }));
  outbox.put(commit(2, { a: [4] }));
  assert.deepStrictEqual(contents(outbox), [[1, 1, 1], [2, 1, 4]]);
  assert.strictEqual(outbox.lost, 4); // three values and an error
});

test('a lost report of losses is as many losses as it reported', () => {
  const outbox = new Outbox();
  outbox.put(commit(1, { [LOST]: [1000], a: [7] }));
  outbox.refused(outbox.oldest());
  assert.strictEqual(outbox.lost, 1002);
});

test('a commit without news is kept once it was sent', () => {
  const outbox = new Outbox();
  const [sent, waits] = [commit(1, {}), commit(1, {})];
  sent.seq = 1;
  sent.facts.err = waits.facts.err = 0;
  outbox.put(sent);
  outbox.put(waits);
  outbox.discardEmpty();
  assert.deepStrictEqual([outbox.all(), outbox.hasNews()], [[sent], false]);
  outbox.put(commit(1, {}));
  assert.ok(outbox.hasNews());
});

test('the number of partials is bounded too', () => {
  const outbox = new Outbox(100, 4);
  for (let minute = 0; minute < 5; minute += 1) outbox.put(commit(minute, { a: [1], b: [1] }));
  assert.deepStrictEqual(contents(outbox).map(([minute]) => minute), [3, 4]);
  assert.strictEqual(outbox.lost, 9);
});

test('errors take a bounded room: the oldest are no longer told, but counted', () => {
  const outbox = new Outbox(100, 100, 250);
  for (let minute = 0; minute < 5; minute += 1) {
    const told = [{ kind: minute, cnt: 1, at: 0, fields: { msg: 'x'.repeat(100) } }];
    outbox.put({ ...commit(minute, { a: [1] }), told });
  }
  assert.deepStrictEqual(outbox.all().map(({ told }) => told.length), [0, 0, 0, 1, 1]);
  assert.deepStrictEqual(outbox.all().map(({ facts }) => facts.err), [1, 1, 1, 1, 1]);
  assert.strictEqual(outbox.lost, 0);
});

test('merged partials are exact but for bot and top, which weigh intervals by their counts', () => {
  const busy = partial('a', Array.from({ length: 1000 }, (_, index) => index));
  const merged = merge([busy, partial('a', [5001, 5000])]);
  const { sum, cnt, max, min, fst, lst, bot, top } = merged;
  assert.deepStrictEqual([sum, cnt, max, min, fst, lst], [509501, 1002, 5001, 0, 0, 5000]);
  assert(Math.abs(bot - 100) < 2 && Math.abs(top - 900) < 3, `${bot} ${top}`);
});

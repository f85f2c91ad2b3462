'use strict';

const os = require('os');
const assert = require('assert');
const { afterEach, beforeEach, test } = require('node:test');
const dattss = require('..');
const { Tracker } = require('../lib/tracker');
const { Transport, VERSION } = require('../lib/transport');
const { Recorder } = require('./recorder');

const AUTH = `7_${'1ba5'.repeat(10)}`;

let recorder;
let warnings;

/** Stands still until it is moved. */
class HandClock {
  constructor() {
    this.time = 5000;
  }

  now() {
    return this.time;
  }

  wall() {
    return 1_763_900_000_000 + this.time;
  }
}

function note(warning) {
  if (warning.name === 'DattssWarning') warnings.push(warning.message);
}

beforeEach(async () => {
  warnings = [];
  process.on('warning', note);
  recorder = new Recorder();
  await recorder.up();
});

afterEach(async () => {
  await recorder.down();
  process.off('warning', note);
});

/** A tracker whose intervals are closed and delivered by hand. */
function byHand() {
  const clock = new HandClock();
  const dts = new Tracker('api', new Transport(recorder.url, AUTH), 3_600_000, clock);
  const pass = async (seconds) => {
    clock.time += seconds * 1000;
    dts._closeInterval(true);
    if (clock.now() >= dts._courier.retryAt) await dts._courier.deliver(clock.now() + 5000);
    dts._outbox.discardEmpty();
  };
  return { dts, pass };
}

const numbers = () => recorder.commits.map(({ seq, age }) => [seq, age]);

test('a commit says what was counted', async () => {
  const { dts, pass } = byHand();
  dts.agg('query', '153ms');
  dts.agg('query', '53ms!');
  dts.agg('new', '1c');
  dts.agg('zero', '0g');
  await pass(5);
  await dts.stop();
  const [{ iid, mem, cpu, ...commit }] = recorder.commits;
  assert.match(iid, /^[0-9a-f]{32}$/);
  assert(mem > 1e6 && cpu >= 0);
  const one = { pct: 0.1, cnt: 1, emp: false };
  assert.deepStrictEqual(commit, {
    nam: 'api', upt: 5, err: 0, wrn: 0, hst: os.hostname(), ver: `node ${VERSION}`, seq: 1, age: 0,
    prt: {
      c: [{ ...one, typ: 'c', nam: 'new', sum: 1, max: 1, min: 1, fst: 1, lst: 1, bot: 1, top: 1 }],
      ms: [{ typ: 'ms', nam: 'query', pct: 0.1, sum: 206, cnt: 2, max: 153, min: 53, fst: 153, lst: 53, bot: 53, top: 153, emp: true, skt: '1cfMeQ' }],
      g: [{ ...one, typ: 'g', nam: 'zero', sum: 0, max: 0, min: 0, fst: 0, lst: 0, bot: 0, top: 0 }],
    },
  });
  assert.strictEqual(recorder.headers[0].authorization, `Bearer ${AUTH}`);
});

test('what cannot be delivered is sent later with its age', async () => {
  const { dts, pass } = byHand();
  await recorder.down();
  dts.agg('new', '1c');
  await pass(5);
  dts.agg('new', '2c');
  await pass(5);
  await recorder.up();
  dts.agg('new', '4c');
  await pass(5);
  await dts.stop();
  assert.deepStrictEqual(numbers(), [[1, 10], [2, 5], [3, 0]]);
  assert.deepStrictEqual(recorder.partials('new').map((part) => part.sum), [1, 2, 4]);
  assert.strictEqual(warnings.length, 1);
  assert.match(warnings[0], /does not answer/);
});

test('an unanswered commit is sent again under the same number', async () => {
  const { dts, pass } = byHand();
  recorder.replies.push({ never: true });
  dts.agg('new', '1c');
  const passing = pass(5);
  await recorder.until(() => recorder.commits.length === 1);
  dts._transport.abort();
  await passing;
  dts.agg('new', '2c');
  await pass(5);
  await dts.stop();
  assert.deepStrictEqual(numbers(), [[1, 0], [1, 5], [2, 0]]);
  assert.deepStrictEqual(recorder.commits[0].prt, recorder.commits[1].prt);
  assert.strictEqual(recorder.commits[0].iid, recorder.commits[1].iid);
});

test('a connection that the server closed is no failure', async () => {
  const { dts, pass } = byHand();
  await pass(5);
  await recorder.down();
  await recorder.up();
  dts.agg('new', '1c');
  await pass(5);
  await dts.stop();
  assert.strictEqual(recorder.partials('new').length, 1);
  assert.deepStrictEqual(warnings, []);
});

for (const status of [400, 413]) {
  test(`a commit refused with ${status} is dropped, counted and reported once`, async () => {
    const { dts, pass } = byHand();
    const refusal = { status, body: '{"ok":false,"error":"not finite","at":"prt.ms[2]"}' };
    recorder.replies.push(refusal, refusal);
    ['1c', '1c', '1c'].forEach((value) => dts.agg('new', value));
    await pass(5);
    dts.agg('new', '1c');
    await pass(5);
    await pass(5);
    await dts.stop();
    assert.deepStrictEqual(recorder.partials('dattss.lost').map((part) => part.sum), [3, 4]);
    assert.strictEqual(warnings.length, 1);
    assert.match(warnings[0], /not finite at prt\.ms\[2\]/);
  });
}

for (const [status, advice] of [[401, /set DATTSS_AUTH_KEY/], [403, /may only read/], [404, /set DATTSS_URL/], [500, /500/]]) {
  test(`after ${status} the values are kept and the owner is told once`, async () => {
    const { dts, pass } = byHand();
    recorder.replies.push({ status }, { status });
    for (let count = 0; count < 3; count += 1) {
      dts.agg('new', '1c');
      await pass(30);
    }
    await dts.stop();
    assert.strictEqual(warnings.length, 1);
    assert.match(warnings[0], advice);
    assert.deepStrictEqual(numbers().map(([seq]) => seq), [1, 1, 1, 2, 3]);
  });
}

for (const status of [429, 503]) {
  test(`a server that asks for time with ${status} gets it`, async () => {
    const { dts, pass } = byHand();
    recorder.replies.push({ status, headers: { 'Retry-After': '40' } });
    dts.agg('new', '1c');
    await pass(5);
    await pass(39.9);
    assert.strictEqual(recorder.commits.length, 1);
    dts.agg('new', '1c');
    await pass(0.3);
    await dts.stop();
    assert.deepStrictEqual(numbers().map(([seq]) => seq), [1, 1, 2]);
  });
}

test('a delivery that waits behind one that fails heeds the pause after it', async () => {
  const { dts, pass } = byHand();
  recorder.replies.push({ never: true });
  dts.agg('new', '1c');
  const passing = pass(5);
  await recorder.until(() => recorder.commits.length === 1);
  dts._deliver();
  dts._transport.abort();
  await passing;
  await dts._courier._last;
  assert.strictEqual(recorder.commits.length, 1);
  await dts.stop(); // the last one waits for nothing
  assert.deepStrictEqual(numbers().map(([seq]) => seq), [1, 1]);
});

test('a page that is no DaTtSs server does not swallow values', async () => {
  const { dts, pass } = byHand();
  recorder.replies.push({ body: '<html>Welcome to the hotel' }, { body: 'null' });
  dts.agg('new', '1c');
  await pass(30);
  await pass(30);
  await pass(30);
  await dts.stop();
  assert.deepStrictEqual(numbers().map(([seq]) => seq), [1, 1, 1, 2]);
  assert.match(warnings[0], /no DaTtSs server/);
});

test('no argument throws and each bad one is counted', async () => {
  const { dts, pass } = byHand();
  const { agg } = dts; // without its object
  const hostile = new Proxy({}, { get: () => { throw new Error('do not touch'); } });
  const junk = [undefined, null, NaN, 5, {}, [], Symbol('x'), hostile, () => 1, 'a b', '', '..', '12ms\n'];
  junk.forEach((name) => agg(name, '1c'));
  junk.forEach((value) => agg('x', value));
  agg();
  agg('x', '1c');
  await pass(5);
  await dts.stop();
  assert.strictEqual(recorder.partials('dattss.bad')[0].sum, 2 * junk.length + 1);
  assert.strictEqual(recorder.partials('x')[0].cnt, 1);
  assert.strictEqual(warnings.length, 1);
});

test('many values of many stats are counted exactly and packed', async () => {
  const { dts, pass } = byHand();
  for (let value = 0; value < 5000; value += 1) dts.agg('query', `${value}ms`);
  for (let stat = 0; stat < 100; stat += 1) dts.agg(`stat${stat}`, '1c');
  await pass(5);
  await dts.stop();
  const [{ sum, cnt, fst, lst, max }] = recorder.partials('query');
  assert.deepStrictEqual({ sum, cnt, fst, lst, max }, { sum: 12497500, cnt: 5000, fst: 0, lst: 4999, max: 4999 });
  assert.strictEqual(recorder.commits[0].prt.c.length, 100);
  assert.strictEqual(recorder.headers[0]['content-encoding'], 'gzip');
});

test('the first value starts the delivery, which goes on at its interval', async () => {
  const dts = dattss.process({ name: 'api', auth: AUTH, url: recorder.url, interval: 0.02 });
  dts.agg('new', '1c');
  await recorder.until(() => recorder.commits.length >= 3);
  assert.strictEqual(recorder.partials('new').length, 1);
  assert.strictEqual(await dts.stop(), true);
});

test('the server may ask for another interval', async () => {
  recorder.replies.push({ body: '{"ok":true,"ivl":1}' });
  const dts = dattss.process({ name: 'api', auth: AUTH, url: recorder.url, interval: 0.01 });
  dts.start();
  await recorder.until(() => recorder.commits.length >= 3);
  const third = recorder.commits[2].upt; // the second may have been due before the first was answered
  assert(third > 0.9, `${third}`);
  await dts.stop();
});

test('after stop values wait for start', async () => {
  const dts = dattss.process({ name: 'api', auth: AUTH, url: recorder.url, interval: 0.02 });
  dts.agg('new', '1c');
  await dts.stop();
  dts.agg('new', '2c');
  dts.agg('other', '4c');
  assert.strictEqual(recorder.partials('other').length, 0);
  dts.start();
  await recorder.until(() => recorder.partials('other').length === 1);
  assert.deepStrictEqual(recorder.partials('new').map((part) => part.sum), [1, 2]);
  await dts.stop();
});

test('without a usable key or address values go nowhere and nothing breaks', async () => {
  const settings = [{ name: 'a' }, { auth: 'a b' }, { auth: 5 }, { auth: AUTH, url: 'nonsense' }, { auth: AUTH, url: 'ftp://x' }, 'b', null, 7];
  for (const options of settings) {
    const dts = dattss.process(options);
    dts.start();
    dts.agg('new', '1c');
    assert.strictEqual(await dts.stop(), true);
  }
  await new Promise(setImmediate); // warnings are emitted on the next tick
  assert.strictEqual(warnings.length, settings.length);
});

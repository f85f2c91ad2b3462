'use strict';

const assert = require('assert');
const { afterEach, beforeEach, test } = require('node:test');
const { spawn } = require('child_process');
const { once } = require('events');
const { Events, merged } = require('../lib/events');
const { Scrubber } = require('../lib/scrub');
const { Teller } = require('../lib/teller');
const { Tracker } = require('../lib/tracker');
const { Transport } = require('../lib/transport');
const { Recorder } = require('./recorder');

const AUTH = `7_${'1ba5'.repeat(10)}`;

let recorder;
let now;

beforeEach(async () => {
  now = 5000;
  recorder = new Recorder();
  await recorder.up();
});

afterEach(() => recorder.down());

function teller(...words) {
  const events = new Events(new Scrubber(words), () => now);
  return { events, dts: new Teller(events) };
}

function broken(order) {
  return new TypeError(`payment ${order} failed`);
}

function tracker() {
  return new Tracker('api', new Transport(recorder.url, AUTH), 3_600_000);
}

test('errors of the same type and place are one kind, described by the first', () => {
  const { events, dts } = teller();
  for (let order = 1; order <= 1000; order += 1) dts.said('error', [broken(order)]);
  const { err, wrn, told } = events.take();
  assert.deepStrictEqual([err, wrn, told.length, told[0].cnt], [1000, 0, 1, 1000]);
  assert.strictEqual(told[0].fields.msg, 'payment 1 failed');
  assert.strictEqual(told[0].fields.typ, 'TypeError');
  assert.match(told[0].fields.trc, /^TypeError: payment 1 failed\n {4}at broken \(.*events\.test\.js:\d+:\d+\)/);
});

test('each interval describes a kind anew', () => {
  const { events, dts } = teller();
  [1, 2].forEach((order) => dts.said('error', [broken(order)]));
  events.take();
  [3, 4].forEach((order) => dts.said('error', [broken(order)]));
  const [{ fields, cnt }] = events.take().told;
  assert.deepStrictEqual([fields.msg, cnt], ['payment 3 failed', 2]);
  assert.deepStrictEqual(events.take(), { err: 0, wrn: 0, told: [] });
});

test('a template with values is a kind, whatever the values', () => {
  const { events, dts } = teller();
  dts.said('warning', ['disk %s is %d%% full', 'root', 91]);
  dts.said('warning', ['disk %s is %d%% full', 'home', 92]);
  const { wrn, told } = events.take();
  assert.deepStrictEqual([wrn, told.length], [2, 1]);
  assert.deepStrictEqual(told[0].fields, { lvl: 'warning', msg: 'disk root is 91% full', tpl: 'disk %s is %d%% full' });
});

test('a text without values is known by its place', () => {
  const { events, dts } = teller();
  const say = (n) => dts.said('error', [`order ${n} failed`]);
  [1, 2, 3].forEach(say);
  const { told } = events.take();
  assert.strictEqual(told.length, 1);
  assert.match(told[0].fields.loc, /events\.test\.js:say$/);
});

test('causes stand behind the stack as Node prints them', () => {
  const { events, dts } = teller();
  dts.said('error', [new Error('outer', { cause: new RangeError('inner', { cause: new SyntaxError('core') }) })]);
  const { trc } = events.take().told[0].fields;
  assert.match(trc, /^Error: outer\n {4}at [^]*\{\n {2}\[cause\]: RangeError: inner\n {6}at [^]*\n {2}\[cause\]: SyntaxError: core\n/);
});

test('at most a hundred kinds are described, all are counted', () => {
  const { events, dts } = teller();
  for (let n = 0; n < 250; n += 1) dts.said('error', [`template ${n} of %s`, n]);
  const { err, told } = events.take();
  assert.deepStrictEqual([err, told.length], [250, 100]);
  now += 6000;
  assert.strictEqual(events.take().err, 0); // nobody has told of them for long: they make room
  dts.said('error', ['another %s', 1]);
  assert.strictEqual(events.take().told.length, 1);
});

test('texts beyond the room of a commit wait for the next one', () => {
  const { events, dts } = teller();
  for (let n = 0; n < 40; n += 1) dts.said('error', [`template ${n} of %s`, 'x'.repeat(20_000)]);
  const counts = [];
  do counts.push(events.take());
  while (events.urgent);
  assert(counts.length > 1);
  assert(counts.every(({ told }) => JSON.stringify(told).length < 300_000));
  assert.strictEqual(counts.reduce((sum, { err }) => sum + err, 0), 40);
  assert.strictEqual(counts.flatMap(({ told }) => told).length, 40);
});

test('nothing that is told does any harm', () => {
  const { events, dts } = teller();
  const hostile = { get message() { throw new Error('no'); }, toString() { throw new Error('no'); }, [Symbol.toPrimitive]: null };
  const withoutStack = new Error('bare');
  delete withoutStack.stack;
  const loop = new Error('round');
  loop.cause = loop;
  const all = [undefined, null, 1n, Symbol('s'), hostile, withoutStack, loop, '\ud800\0', 'x'.repeat(10_000_000), () => {}, new Proxy({}, {})];
  for (const one of all) dts.said('error', [one]);
  for (const one of all) dts.said('error', ['value %s %d %j', one, one, one]);
  const { err, told } = events.take();
  assert.strictEqual(err, 2 * all.length);
  const text = JSON.stringify(told);
  assert(text.length < 200_000);
  assert(!/\\ud800/.test(text));
});

test('secrets are hidden in message and stack', () => {
  const { events, dts } = teller('iban');
  const key = `12_${'ab01'.repeat(10)}`;
  dts.said('error', [new Error(`password=hunter2 ${key} iban: DE12 postgres://u:pw12@db/x {"token":"abc def"}`)]);
  const { msg, trc } = events.take().told[0].fields;
  for (const text of [msg, trc]) assert(!/hunter2|ab01|DE12|pw12|abc def/.test(text), text);
  assert.match(trc, /events\.test\.js:\d+:\d+\)/);
});

test('no half of a secret is left where a message is cut in a stack', () => {
  const { events, dts } = teller();
  for (const secret of [`12_${'ab01'.repeat(10)}`, 'postgres://u:ab01%ab01@db/x']) {
    for (let at = 970; at < 1000; at += 1) {
      const told = Object.assign(new Error(`${'x '.repeat(at / 2)}${secret} ${'y '.repeat(100)}`), { name: `${secret.length} ${at}` });
      dts.said('error', [told]);
    }
  }
  const stacks = events.take().told.map(({ fields }) => fields.trc);
  assert.strictEqual(stacks.length, 60);
  for (const stack of stacks) assert(/\[cut: /.test(stack) && !/ab01/.test(stack), stack);
});

test('no character is cut in half', () => {
  const { events, dts } = teller();
  for (const before of ['x', 'xx']) dts.said('error', [`%s of ${before}`, before + '😀'.repeat(20_000)]);
  assert(!/\\ud8/.test(JSON.stringify(events.take())));
});

test('a stack of a file that is called session keeps its places', () => {
  const text = '    at Session.open (/srv/app/session.js:10:5)\n    at /srv/token.js:1:2';
  assert.strictEqual(new Scrubber().scrub(text), text);
});

test('scrubbing takes linear time', () => {
  const begun = process.cpuUsage();
  for (const part of ['a', '--a', 'token ', 'password', '"', '\\', '://a:', '1', ' ', "token='\\"]) {
    new Scrubber().scrub(part.repeat(32_000 / part.length));
  }
  assert(process.cpuUsage(begun).user < 2e6);
});

test('joined commits tell each kind once', () => {
  const told = (kind, cnt, msg) => ({ kind, cnt, at: cnt, fields: { lvl: 'error', msg } });
  assert.deepStrictEqual(merged([told(1, 2, 'a'), told(2, 5, 'b'), told(1, 3, 'c')]), [told(2, 5, 'b'), { ...told(1, 3, 'c'), cnt: 5 }]);
});

test('the first of a kind is sent at once, others with the next commit', async () => {
  const dts = tracker();
  dts.agg('query', '1ms');
  dts.error(broken(1));
  await recorder.until(() => recorder.commits.length === 1);
  const [first] = recorder.commits;
  assert.deepStrictEqual(first.prt, { c: [], ms: [], g: [] });
  assert.deepStrictEqual([first.err, first.evt.length, first.evt[0].cnt], [1, 1, 1]);
  for (let order = 0; order < 10_000; order += 1) dts.error(broken(order));
  await dts.stop();
  assert.deepStrictEqual(recorder.commits.map(({ err, evt }) => [err, evt[0].cnt]), [[1, 1], [10_000, 10_000]]);
});

test('events go through a resend unchanged', async () => {
  const dts = tracker();
  recorder.replies.push({ never: true });
  dts.error(broken(1));
  await recorder.until(() => recorder.commits.length === 1);
  dts._transport.abort();
  await dts._courier._last;
  await dts.stop();
  const [first, second] = recorder.commits;
  assert.deepStrictEqual([second.seq, second.iid, second.err, second.evt], [first.seq, first.iid, first.err, first.evt]);
});

async function run(program) {
  const code = `const dattss = require(${JSON.stringify(require.resolve('..'))}); ${program}`;
  const env = { ...process.env, DATTSS_AUTH_KEY: AUTH, DATTSS_URL: recorder.url };
  const running = spawn(process.execPath, ['-e', code], { env });
  const said = { stderr: '' };
  running.stderr.on('data', (chunk) => {
    said.stderr += chunk;
  });
  const [status] = await once(running, 'close');
  return { status, stderr: said.stderr.replace(/\[eval\]:\d+\n.*\n\s*\^+\n/, '') };
}

for (const [what, death] of [
  ['an error', "setTimeout(() => { throw new TypeError('broken') }, 10)"],
  ['a rejection', "Promise.reject(new TypeError('broken'))"],
]) {
  test(`${what} that nobody handles is delivered and ends the program as before`, async () => {
    const bare = await run(`dattss.process('api'); ${death}`);
    assert.strictEqual(recorder.commits.length, 0);
    const monitored = await run(`dattss.process('api'); dattss.installMonitor(); ${death}`);
    assert.strictEqual(monitored.status, bare.status);
    assert.strictEqual(monitored.stderr.replace(/:\d+:\d+/g, ''), bare.stderr.replace(/:\d+:\d+/g, ''));
    const [{ err, evt }] = recorder.commits;
    assert.deepStrictEqual([err, evt[0].typ, evt[0].msg, recorder.commits.length], [1, 'TypeError', 'broken', 1]);
  });
}

test('a server that hangs delays the death by two seconds at most', async () => {
  recorder.replies.push({ never: true });
  const begun = Date.now();
  const { status } = await run("dattss.process({ monitor: true }); throw new Error('broken')");
  assert.strictEqual(status, 1);
  assert(Date.now() - begun < 5000);
  assert.strictEqual(recorder.commits.length, 1);
});

test('a program that handles its errors itself goes on, and an error it told of counts once', async () => {
  const program = `
    const dts = dattss.process({ name: 'api', monitor: true });
    process.on('uncaughtException', () => {});
    const error = new Error('told');
    dts.error(error);
    setTimeout(() => { throw error; }, 1);
    setTimeout(() => { throw new Error('other'); }, 2);
    setTimeout(() => dts.agg('alive', '1c'), 50);`;
  assert.strictEqual((await run(program)).status, 0);
  assert.strictEqual(recorder.partials('alive').length, 1);
  assert.strictEqual(recorder.commits.reduce((sum, { err }) => sum + err, 0), 2);
});

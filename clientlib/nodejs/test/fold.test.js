'use strict';

const assert = require('assert');
const { test } = require('node:test');
const { Accumulator, Interval, SAMPLE, cleanName, isName, parseValue } = require('../lib/fold');
const sketch = require('../lib/sketch');

function sketchOf(values) {
  const counts = new Map();
  for (const value of values) sketch.count(counts, value);
  return sketch.encode(counts);
}

/** Numbers from 0 to 1 that are the same in each run (mulberry32). */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

test('a value is read as number, type and emphasis', () => {
  assert.deepStrictEqual(parseValue('153ms'), { value: 153, kind: 'ms', emphasis: false });
  assert.deepStrictEqual(parseValue('12.5ms!'), { value: 12.5, kind: 'ms', emphasis: true });
  assert.deepStrictEqual(parseValue('-0.25g'), { value: -0.25, kind: 'g', emphasis: false });
  assert.deepStrictEqual(parseValue('0c'), { value: 0, kind: 'c', emphasis: false });
});

test('what is no value is refused', () => {
  const texts = ['', 'c', '12', '12msXYZ', '+5g', '1e3c', 'NaN', 'NaNc', '12ms\n', '\n1c', ' 1c', '1c!!', '1_0c', '.5c', '5.c'];
  const others = [null, undefined, 5, NaN, true, [], ['1c'], {}, Symbol('1c'), 1n, () => '1c', { toString: () => '1c' }];
  for (const junk of [...texts, ...others, '\u0661c', '9'.repeat(291) + 'c', '1c'.padEnd(5000)]) {
    assert.strictEqual(parseValue(junk), null, `took ${String(junk).slice(0, 20)}`);
  }
});

test('names are those of the contract', () => {
  for (const name of ['a', 'api.query', 'A-Z_0:9!', 'x'.repeat(128), '__proto__', 'constructor']) assert(isName(name));
  for (const name of ['', '.', '..', 'a b', 'a/b', 'a\n', 'x'.repeat(129), null, 3, ['a'], {}]) assert(!isName(name));
  assert.strictEqual(cleanName('my shop', 'node'), 'my_shop');
  assert.strictEqual(cleanName('..', 'node'), 'node');
});

test('a partial is what counting by hand gives', () => {
  const random = seeded(1);
  for (let round = 0; round < 200; round += 1) {
    const values = Array.from({ length: 1 + Math.floor(random() * 60) }, () => Math.floor(random() * 200) - 100);
    const stat = new Accumulator('ms', 'query');
    values.forEach((value) => stat.add(value));
    const ranked = [...values].sort((a, b) => a - b);
    const cut = Math.floor(0.1 * values.length);
    assert.deepStrictEqual(stat.partial(), {
      typ: 'ms', nam: 'query', pct: 0.1, sum: values.reduce((a, b) => a + b, 0), cnt: values.length,
      max: ranked[ranked.length - 1], min: ranked[0], fst: values[0], lst: values[values.length - 1],
      bot: ranked[cut], top: ranked[values.length - 1 - cut], emp: false, skt: sketchOf(values),
    });
  }
});

test('zeros are values', () => {
  const stat = new Accumulator('g', 'live');
  [-3, 0].forEach((value) => stat.add(value));
  const { max, lst, fst, min } = stat.partial();
  assert.deepStrictEqual({ max, lst, fst, min }, { max: 0, lst: 0, fst: -3, min: -3 });
});

test('fractions are not rounded at each step', () => {
  const stat = new Accumulator('ms', 'query');
  for (let count = 0; count < 1000; count += 1) stat.add(0.1);
  assert.strictEqual(stat.partial().sum, 100);
});

test('many values are sampled evenly but counted exactly', () => {
  const stat = new Accumulator('g', 'live', seeded(2));
  const count = 20 * SAMPLE;
  for (let value = 0; value < count; value += 1) stat.add(value);
  const partial = stat.partial();
  assert.deepStrictEqual([partial.cnt, partial.sum, partial.min, partial.max], [count, (count * (count - 1)) / 2, 0, count - 1]);
  assert(Math.abs(partial.bot / count - 0.1) < 0.03, `bot ${partial.bot / count}`);
  assert(Math.abs(partial.top / count - 0.9) < 0.03, `top ${partial.top / count}`);
});

test('one name may have values of each type', () => {
  const interval = new Interval();
  interval.add('query', 'ms', 153, true);
  interval.add('query', 'c', 1);
  interval.add('query', 'c', 2);
  const { c, ms, g } = interval.take();
  assert.deepStrictEqual([c.map((p) => p.sum), ms.map((p) => [p.sum, p.emp]), g], [[3], [[153, true]], []]);
  assert.deepStrictEqual(interval.take(), { c: [], ms: [], g: [] });
});

// @ts-check
'use strict';

/** What a program holds in its hand. Timers and the program's end are dealt with here. */

const { hostname } = require('os');
const { performance } = require('perf_hooks');
const { Courier } = require('./courier');
const { BAD, FULL, Intake } = require('./intake');
const { Outbox } = require('./outbox');
const { VERSION } = require('./transport');
const { warn } = require('./warning');

const INTRODUCTION = 300_000; // milliseconds after which a process says again where it runs, and by which client it speaks
const LAST_FLUSH = 2000; // milliseconds that the end of a program may be delayed at most

/** @type {import('./courier').Clock} */
const SYSTEM_CLOCK = { now: () => performance.now(), wall: () => Date.now() };

/** @type {Set<Tracker>} */
const trackers = new Set();

/**
 * One tracked process. Made by `require('dattss').process()`. The first `agg()` starts the delivery; `start()` does so
 * before there is a value. After `stop()` values wait, bounded, for `start()` or the end of the program.
 */
class Tracker {
  /**
   * @param {string} name
   * @param {import('./transport').Transport} transport
   * @param {number} interval milliseconds
   * @param {import('./courier').Clock} [clock]
   */
  constructor(name, transport, interval, clock = SYSTEM_CLOCK) {
    this.name = name;
    this._transport = transport;
    this._interval = interval;
    this._clock = clock;
    this._intake = new Intake();
    this._lists = this._intake.lists;
    this._outbox = new Outbox();
    this._courier = new Courier(this._outbox, transport, clock);
    this._began = clock.now();
    this._measured = { at: this._began, cpu: process.cpuUsage() };
    this._stopped = false;
    this._warned = false;
    this._grid = { start: 0, ticks: 0 };
    /** @type {NodeJS.Timeout | null} */
    this._ticking = null;
    /** @type {NodeJS.Timeout | null} */
    this._retrying = null;
    this.agg = this.agg.bind(this); // `const { agg } = dts` shall not throw
    trackers.add(this);
    flushBeforeExit();
  }

  /**
   * Takes one value: `agg('query', '153ms')`, `agg('new', '1c')`, `agg('live', '23g')`; a final `!` emphasises.
   * Never throws and never waits. A name or value that is none is counted in the stat `dattss.bad`.
   * @param {string} name
   * @param {string} value
   */
  agg(name, value) {
    const values = this._lists.get(name);
    if (values !== undefined && values.length < FULL) {
      values.push(value);
      return;
    }
    this._intake.admit(name, value);
    if (!this._stopped) this._run();
  }

  /** Starts to deliver, so that the process is seen before its first value. Harmless when it has started. */
  start() {
    this._stopped = false;
    this._run();
  }

  /**
   * Delivers what is there and stops. Says whether all was delivered, after about `timeout` milliseconds at most.
   * @param {number} [timeout]
   * @returns {Promise<boolean>}
   */
  async stop(timeout = LAST_FLUSH) {
    this._stopped = true;
    this._halt();
    const delivered = await this.flush(timeout);
    if (this._stopped) this._transport.close();
    return delivered;
  }

  /**
   * Delivers what is there, and keeps the program alive for it, about `timeout` milliseconds at most.
   * @param {number} timeout
   * @returns {Promise<boolean>}
   */
  async flush(timeout) {
    this._closeInterval(false);
    if (this._outbox.length === 0) return true;
    const giveUp = setTimeout(() => this._transport.abort(), timeout);
    this._transport.hold(true);
    await this._courier.deliver(this._clock.now() + timeout);
    this._transport.hold(false);
    clearTimeout(giveUp);
    this._outbox.discardEmpty();
    return this._outbox.length === 0;
  }

  /** Whether something was counted that no commit has yet. */
  hasValues() {
    return this._intake.hasValues();
  }

  _run() {
    if (this._ticking === null) this._beginGrid();
  }

  _halt() {
    if (this._ticking !== null) clearTimeout(this._ticking);
    if (this._retrying !== null) clearTimeout(this._retrying);
    this._ticking = null;
    this._retrying = null;
  }

  _beginGrid() {
    this._grid = { start: this._clock.now(), ticks: 0 };
    this._awaitTick();
  }

  /** Ticks lie on a grid that late ones do not shift. Timers never keep the program alive. */
  _awaitTick() {
    const now = this._clock.now();
    const passed = Math.floor((now - this._grid.start) / this._interval);
    this._grid.ticks = Math.max(this._grid.ticks, passed) + 1; // the tick before may have come a little early
    this._ticking = setTimeout(() => this._tick(), this._grid.start + this._grid.ticks * this._interval - now);
    this._ticking.unref();
  }

  _tick() {
    this._closeInterval(true);
    if (this._clock.now() >= this._courier.retryAt) this._deliver();
    else this._outbox.discardEmpty();
    this._awaitTick();
  }

  _deliver() {
    this._courier.deliver(this._clock.now() + this._interval).then(() => {
      this._outbox.discardEmpty();
      this._heedInterval();
      if (this._outbox.length > 0 && this._ticking !== null) this._awaitRetry();
    });
  }

  _awaitRetry() {
    if (this._retrying !== null) clearTimeout(this._retrying);
    this._retrying = setTimeout(() => this._deliver(), Math.max(this._courier.retryAt - this._clock.now(), 0));
    this._retrying.unref();
  }

  _heedInterval() {
    const wish = this._courier.interval;
    if (wish === null || wish === this._interval) return;
    this._interval = wish;
    if (this._ticking === null) return;
    clearTimeout(this._ticking);
    this._beginGrid();
  }

  /** @param {boolean} evenIfEmpty */
  _closeInterval(evenIfEmpty) {
    const now = this._clock.now();
    const prt = this._intake.take(this._outbox.lost);
    this._outbox.lost = 0;
    this._warnOfBadValues(prt);
    if (!evenIfEmpty && prt.c.length + prt.ms.length + prt.g.length === 0) return;
    const minute = Math.floor(this._clock.wall() / 60_000);
    this._outbox.put({ facts: this._facts(now), prt, end: now, minute, seq: null });
  }

  /** @param {number} now */
  _facts(now) {
    const { user, system } = process.cpuUsage(this._measured.cpu);
    const passed = now - this._measured.at;
    const cpu = passed > 0 ? (user + system) / 10 / passed : 0; // microseconds in milliseconds, as per cent
    this._measured = { at: now, cpu: process.cpuUsage() };
    return {
      nam: this.name,
      upt: Number(((now - this._began) / 1000).toFixed(3)),
      mem: process.memoryUsage().rss,
      cpu: Number(cpu.toFixed(2)),
      err: 0,
      wrn: 0,
      ...((now - this._began) % INTRODUCTION < 1.5 * this._interval && { hst: hostname(), ver: `node ${VERSION}` }),
    };
  }

  /** @param {import('./fold').Partials} prt */
  _warnOfBadValues(prt) {
    if (this._warned || !prt.c.some((partial) => partial.nam === BAD)) return;
    this._warned = true;
    const example = this._intake.badExample();
    warn(
      `agg() of process ${this.name} was called with a name or value that is none: ${example}; ` +
        `such calls are counted in the stat ${BAD} and not reported again`
    );
  }
}

/** Stands in where there is no key or no server's address: takes everything, keeps nothing. */
class SilentTracker {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
  }

  /** Does nothing. */
  agg() {}

  /** Does nothing. */
  start() {}

  /** Does nothing. True: nothing is left to deliver. */
  async stop() {
    return true;
  }
}

let flushing = false;

function flushBeforeExit() {
  if (flushing) return;
  flushing = true;
  // Node asks again after each flush: it is over when nothing new was counted, be the server there or not.
  let first = true;
  process.on('beforeExit', () => {
    for (const tracker of trackers) {
      if (first || tracker.hasValues()) tracker.flush(LAST_FLUSH);
    }
    first = false;
  });
}

module.exports = { SilentTracker, Tracker };

// @ts-check
'use strict';

/** What a program holds in its hand. Timers and the program's end are dealt with here. */

const { hostname } = require('os');
const { performance } = require('perf_hooks');
const { Courier } = require('./courier');
const { Events } = require('./events');
const { BAD, FULL, Intake } = require('./intake');
const { Outbox } = require('./outbox');
const { Scrubber } = require('./scrub');
const { Teller } = require('./teller');
const { VERSION } = require('./transport');
const { ProcessorTime, memory } = require('./usage');
const { warn } = require('./warning');

const BETWEEN_EXTRAS = 1000; // milliseconds between two commits that do not wait for the end of their interval
const MOST_AT_THE_END = 32; // commits with the last errors and warnings; one has room for eight with the longest texts
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
   * @param {string[]} [scrub]
   */
  constructor(name, transport, interval, clock = SYSTEM_CLOCK, scrub = []) {
    this.name = name;
    this._transport = transport;
    this._interval = interval;
    this._clock = clock;
    this._intake = new Intake();
    this._lists = this._intake.lists;
    this._events = new Events(new Scrubber(scrub), clock.now);
    this._teller = new Teller(this._events);
    this._outbox = new Outbox();
    this._courier = new Courier(this._outbox, transport, clock);
    this._began = clock.now();
    this._processor = new ProcessorTime(this._began);
    /** @type {number | null} */
    this._cpu = null;
    this._extraAt = this._began;
    /** @type {NodeJS.Timeout | null} */
    this._hurrying = null;
    this._stopped = false;
    this._warned = false;
    this._grid = { start: 0, ticks: 0 };
    /** @type {NodeJS.Timeout | null} */
    this._ticking = null;
    /** @type {NodeJS.Timeout | null} */
    this._retrying = null;
    this.agg = this.agg.bind(this); // `const { agg } = dts` shall not throw
    this.error = this.error.bind(this);
    this.warning = this.warning.bind(this);
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

  /**
   * Tells of an error: `error(err)`, or `error('payment %s failed', order)` as `util.format` fills it. The first of a kind
   * is sent at once, others are counted. Never throws and never waits; secrets in texts are hidden.
   * @param {unknown} what
   * @param {...unknown} values
   */
  error(what, ...values) {
    this._tell('error', () => this._teller.said('error', [what, ...values]));
  }

  /**
   * Tells of a warning, as `error` does of an error.
   * @param {unknown} what
   * @param {...unknown} values
   */
  warning(what, ...values) {
    this._tell('warning', () => this._teller.said('warning', [what, ...values]));
  }

  /**
   * Tells of what nobody has caught, unless the program has told of it already.
   * @param {unknown} what
   */
  uncaught(what) {
    this._tell('error', () => this._teller.uncaught(what));
  }

  /**
   * Delivers what is there from a program that dies: by another process, `timeout` milliseconds at most.
   * @param {number} timeout
   */
  deliverAtOnce(timeout) {
    this._closeInterval(false);
    this._tellTheRest();
    if (this._outbox.length > 0) this._courier.deliverFromADyingProcess(timeout);
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
    this._tellTheRest();
    if (this._outbox.length === 0) return true;
    const giveUp = setTimeout(() => this._transport.abort(), timeout);
    this._transport.hold(true);
    await this._courier.deliver(this._clock.now() + timeout, true);
    this._transport.hold(false);
    clearTimeout(giveUp);
    return !this._outbox.hasNews();
  }

  /** Whether something was counted that no commit has yet. */
  hasValues() {
    return this._intake.hasValues() || this._events.hasEvents();
  }

  /**
   * @param {import('./events').Level} level
   * @param {() => void} tell
   */
  _tell(level, tell) {
    try {
      tell();
    } catch (error) {
      this._events.countOnly(level); // the program that we count for must not suffer for any argument
    }
    if (this._stopped) return;
    this._run();
    if (this._events.urgent && this._hurrying === null) this._hurry();
  }

  /** Has what is urgent sent in the next turn of the event loop, or when the last such commit was a second ago. */
  _hurry() {
    const due = Math.max(this._extraAt, this._courier.retryAt) - this._clock.now();
    this._hurrying = setTimeout(() => {
      this._hurrying = null;
      if (!this._events.urgent) return;
      this._extraAt = this._clock.now() + BETWEEN_EXTRAS;
      this._tellAtOnce();
      this._deliver();
      if (this._events.urgent) this._hurry();
    }, Math.max(due, 0));
    this._hurrying.unref();
  }

  _tellTheRest() {
    for (let commits = 0; this._events.urgent && commits < MOST_AT_THE_END; commits += 1) this._tellAtOnce();
  }

  /** A commit of errors and warnings alone, in the middle of an interval. */
  _tellAtOnce() {
    const now = this._clock.now();
    if (this._cpu === null) this._cpu = this._processor.percent(now); // later ones say again what that of the interval said
    this._putCommit(now, { c: [], ms: [], g: [] }, this._events.take());
  }

  _run() {
    if (this._ticking === null) this._beginGrid();
  }

  _halt() {
    if (this._ticking !== null) clearTimeout(this._ticking);
    if (this._retrying !== null) clearTimeout(this._retrying);
    if (this._hurrying !== null) clearTimeout(this._hurrying);
    this._ticking = null;
    this._retrying = null;
    this._hurrying = null;
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
    this._deliver();
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
    this._cpu = this._processor.percent(now);
    const taken = this._events.take();
    const size = prt.c.length + prt.ms.length + prt.g.length + taken.err + taken.wrn;
    if (evenIfEmpty || size > 0) this._putCommit(now, prt, taken);
  }

  /**
   * @param {number} now
   * @param {import('./fold').Partials} prt
   * @param {{err: number, wrn: number, told: import('./events').Told[]}} taken
   */
  _putCommit(now, prt, { err, wrn, told }) {
    const minute = Math.floor(this._clock.wall() / 60_000);
    this._outbox.put({ facts: { ...this._facts(now), err, wrn }, prt, end: now, minute, seq: null, told });
  }

  /** @param {number} now */
  _facts(now) {
    return {
      nam: this.name,
      upt: Number(((now - this._began) / 1000).toFixed(3)),
      ...memory(),
      cpu: this._cpu,
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
  error() {}

  /** Does nothing. */
  warning() {}

  /** Does nothing. */
  uncaught() {}

  /** Does nothing. */
  deliverAtOnce() {}

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

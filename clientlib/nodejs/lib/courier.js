// @ts-check
'use strict';

/** Delivers what the outbox holds, and decides what an answer, or none, means for the next attempt. */

const crypto = require('crypto');
const { warn } = require('./warning');

/** @typedef {import('./outbox').Commit} Commit */
/** @typedef {import('./transport').Answer} Answer */
/** @typedef {{now: () => number, wall: () => number}} Clock milliseconds: monotonic, and since 1970 */

const FIRST_PAUSE = 1000; // milliseconds after the first failure; doubled after each further one
const LONGEST_PAUSE = 30_000;
const LONGEST_WISH = 3_600_000; // the most that a Retry-After is believed
const TIMEOUT = 5000;
const NEVER_TAKEN = [400, 413, 422];

/** @type {Record<number, string>} */
const ADVICE = {
  401: 'the key is missing, unknown or revoked; set DATTSS_AUTH_KEY (or auth) to a commit key of the account',
  403: 'this key may only read; set DATTSS_AUTH_KEY (or auth) to a commit key of the account',
  404: "there is no DaTtSs server at this address; set DATTSS_URL (or url) to the server's address without /agg",
  429: 'the account sends more commits than its rate limit allows',
  503: 'the server cannot store commits at the moment',
};

/** Sends the commits of one process instance, oldest first. */
class Courier {
  /**
   * @param {import('./outbox').Outbox} outbox
   * @param {import('./transport').Transport} transport
   * @param {Clock} clock
   */
  constructor(outbox, transport, clock) {
    this.retryAt = 0; // monotonic time before which nothing is sent
    /** @type {number | null} */
    this.interval = null; // milliseconds, what the server last asked for
    this._outbox = outbox;
    this._transport = transport;
    this._clock = clock;
    this._iid = crypto.randomBytes(16).toString('hex');
    this._seq = 0;
    this._failures = 0;
    /** @type {Set<string>} */
    this._said = new Set();
    this._last = Promise.resolve();
  }

  /**
   * Sends until all is delivered, the server has enough, or the monotonic time `deadline` has come. One call after
   * the other: the one before may end in a pause, which only a `last` call does not wait for.
   * @param {number} deadline
   * @param {boolean} [last]
   * @returns {Promise<void>}
   */
  deliver(deadline, last = false) {
    const failed = (/** @type {unknown} */ error) => warn(`an interval was not delivered: ${error}`);
    this._last = this._last.then(() => this._deliver(deadline, last)).catch(failed);
    return this._last;
  }

  /** Sends all that waits to a process that outlives this one; waits for it until `timeout` milliseconds at most. */
  deliverFromADyingProcess(/** @type {number} */ timeout) {
    this._transport.putByAnother(this._outbox.all().map((commit) => this._message(commit)), timeout);
  }

  /**
   * @param {number} deadline
   * @param {boolean} last
   */
  async _deliver(deadline, last) {
    if (!last && this._clock.now() < this.retryAt) return;
    while (this._clock.now() < deadline) {
      const commit = this._outbox.oldest();
      if (commit === undefined || !(await this._send(commit))) return;
    }
  }

  /**
   * Whether the next commit may follow.
   * @param {Commit} commit
   */
  async _send(commit) {
    try {
      return this._heed(commit, await this._transport.put(this._message(commit), TIMEOUT));
    } catch (error) {
      const reason = /** @type {Error} */ (error).message;
      this._say('unreachable', `DaTtSs server does not answer (${reason}); values are kept and sent later`);
      this._pause(null);
      return false;
    }
  }

  /**
   * What the server is told; from now on it may have it, under this number.
   * @param {Commit} commit
   */
  _message(commit) {
    if (commit.seq === null) {
      this._seq += 1;
      commit.seq = this._seq;
    }
    const age = secondsBetween(commit.end, this._clock.now());
    const message = { ...commit.facts, iid: this._iid, seq: commit.seq, age, prt: commit.prt };
    if (commit.told.length === 0) return message;
    const evt = commit.told.map(({ fields, at, cnt }) => ({ ...fields, age: secondsBetween(at, commit.end), cnt }));
    return { ...message, evt };
  }

  /**
   * @param {Commit} commit
   * @param {Answer} answer
   */
  _heed(commit, answer) {
    if (answer.status === 200 && answer.body.ok === true) {
      this._outbox.delivered(commit);
      this._arrived(answer);
      return true;
    }
    if (NEVER_TAKEN.includes(answer.status)) {
      this._outbox.refused(commit);
      const { error = 'no reason given', at = 'no place given' } = answer.body;
      const place = `(status ${answer.status}: ${error} at ${at})`;
      this._say(`refused ${answer.status}`, `DaTtSs server refused a commit for good, its values are lost ${place}`);
      return true;
    }
    this._say(`status ${answer.status}`, `DaTtSs server does not take commits: ${adviceOn(answer)}`);
    this._pause(answer.retryAfter);
    return false;
  }

  /** @param {Answer} answer */
  _arrived(answer) {
    this._failures = 0;
    this.retryAt = 0;
    this._said = new Set(Array.from(this._said).filter((said) => said.startsWith('refused')));
    const wish = answer.body.ivl;
    if (typeof wish === 'number' && wish >= 1 && wish <= 3600) this.interval = wish * 1000;
  }

  /** @param {number | null} wish milliseconds */
  _pause(wish) {
    const longest = Math.min(FIRST_PAUSE * 2 ** Math.min(this._failures, 10), LONGEST_PAUSE);
    const pause = longest * (0.5 + Math.random() / 2); // a fleet shall not come back in one instant
    this._failures += 1;
    // Never before the time that the server named, and not all of the fleet at that time.
    const wait = wish === null ? pause : Math.min(Math.max(wish, 0), LONGEST_WISH) + pause / 10;
    this.retryAt = this._clock.now() + wait;
  }

  /**
   * Says a thing once, until a commit arrives again; a refusal once for all.
   * @param {string} what
   * @param {string} message
   */
  _say(what, message) {
    if (this._said.has(what)) return;
    this._said.add(what);
    warn(message);
  }
}

/**
 * @param {number} before milliseconds
 * @param {number} after
 */
function secondsBetween(before, after) {
  return Number((Math.max(after - before, 0) / 1000).toFixed(3));
}

/** @param {Answer} answer */
function adviceOn(answer) {
  const { status, body, location } = answer;
  if (status >= 300 && status < 400) return `it points to ${location}; set DATTSS_URL (or url) to that server`;
  if (status === 200) return 'what answers at this address is no DaTtSs server; check DATTSS_URL (or url)';
  return `${ADVICE[status] || body.error || 'no reason given'} (status ${status})`;
}

module.exports = { Courier };

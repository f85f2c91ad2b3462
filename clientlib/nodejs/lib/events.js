// @ts-check
'use strict';

/**
 * Where errors and warnings wait until a commit takes them: counted by kind, described once an interval. To count one
 * of a kind that is known is a look-up; its message and stack are only made for the first of each interval.
 */

const { LONGEST_NAME, LONGEST_STACK, beginning, cut, cutStack, encodable } = require('./texts');

const MOST_KINDS = 100; // at a time; what is beyond them is counted and not described
const ROOM = 256_000; // characters of texts in a commit, which may have 1 MiB; kinds beyond wait for the next one
const QUIET = 60_000; // milliseconds after which a kind that comes again is told at once, as a new one is
const IDLE = 5000; // milliseconds after which a kind makes room for new ones

/** @typedef {'error' | 'warning'} Level */
/** @typedef {{msg: string, typ?: string, trc?: string, tpl?: string, loc?: string}} Description */

/**
 * What a commit tells of a kind: `cnt` of them, the newest at the monotonic time `at`; `fields` are the texts of one.
 * Those of one kind have the same `kind`.
 * @typedef {{kind: number, fields: Record<string, string>, at: number, cnt: number}} Told
 */

/**
 * @typedef {{level: Level, number: number, at: number, count: number, taken: number, stale: boolean,
 *   described: Required<Description>, length: number}} Kind
 */

/** @param {Told} told */
function charactersOf(told) {
  return Object.values(told.fields).reduce((sum, text) => sum + text.length, 0);
}

/**
 * Those of several commits, given in the order of time, as if they had been of one: as many of the newest as one has
 * room for. What has no room is still counted by its commit.
 * @param {Told[]} parts
 * @returns {Told[]}
 */
function merged(parts) {
  /** @type {Map<number, Told>} */
  const kinds = new Map();
  for (const part of parts) {
    const before = kinds.get(part.kind);
    kinds.delete(part.kind);
    kinds.set(part.kind, before === undefined ? part : { ...part, cnt: before.cnt + part.cnt });
  }
  let room = ROOM;
  /** @type {Told[]} */
  const kept = [];
  for (const told of Array.from(kinds.values()).reverse()) {
    room -= charactersOf(told);
    if (room < 0 || kept.length === MOST_KINDS) break;
    kept.push(told);
  }
  return kept.reverse();
}

class Events {
  /**
   * @param {import('./scrub').Scrubber} scrubber
   * @param {() => number} now monotonic milliseconds
   */
  constructor(scrubber, now) {
    this.urgent = false; // whether there is something that should not wait for the end of the interval
    this._scrubber = scrubber;
    this._now = now;
    /** @type {Map<string, Kind>} */
    this._kinds = new Map();
    this._beyond = { error: 0, warning: 0 };
    this._numbers = 0;
    this._takes = 0;
    this._describing = false;
  }

  /**
   * Counts one; `describe` is called for the first of a kind in an interval, unless there are too many kinds.
   * @param {Level} level
   * @param {string} key equal for those of a kind
   * @param {() => Description} describe
   */
  count(level, key, describe) {
    const kind = this._kinds.get(key);
    const now = this._now();
    if (kind !== undefined && !kind.stale) {
      kind.at = now;
      kind.count += 1;
    } else if (this._describing || (kind === undefined && this._kinds.size >= MOST_KINDS)) {
      this._beyond[level] += 1; // describing: the text of an error told of another error
    } else {
      this._describe(level, key, kind, now, describe);
    }
  }

  /**
   * Counts one without a description.
   * @param {Level} level
   */
  countOnly(level) {
    this._beyond[level] += 1;
  }

  /** Whether there is anything to take. */
  hasEvents() {
    if (this._beyond.error || this._beyond.warning) return true;
    return Array.from(this._kinds.values()).some((kind) => kind.count > 0);
  }

  /**
   * All counts since the last `take`, those of kinds only as far as there is room for their texts; then `urgent` is true.
   * @returns {{err: number, wrn: number, told: Told[]}}
   */
  take() {
    this.urgent = false;
    this._takes += 1;
    const counts = this._beyond;
    this._beyond = { error: 0, warning: 0 };
    /** @type {Told[]} */
    const told = [];
    let room = ROOM;
    // By when they were last taken: else the first ones could take the room of the others for ever.
    const kinds = Array.from(this._kinds.values()).sort((one, other) => one.taken - other.taken);
    for (const kind of kinds.filter(({ count }) => count > 0)) {
      if (room <= 0) {
        this.urgent = true;
        break;
      }
      told.push(this._tell(kind));
      counts[kind.level] += kind.count;
      Object.assign(kind, { count: 0, stale: true, taken: this._takes });
      room -= charactersOf(told[told.length - 1]);
    }
    if (this._kinds.size >= MOST_KINDS) this._letIdleKindsGo();
    return { err: counts.error, wrn: counts.warning, told };
  }

  /**
   * @param {Level} level
   * @param {string} key
   * @param {Kind | undefined} known
   * @param {number} now
   * @param {() => Description} describe
   */
  _describe(level, key, known, now, describe) {
    const { msg, typ = '', trc = '', tpl = '', loc = '' } = this._described(describe);
    const described = { msg: beginning(msg), typ, trc: cutStack(trc, LONGEST_STACK), tpl: beginning(tpl), loc };
    if (known === undefined || now - known.at > QUIET) this.urgent = true;
    if (known === undefined) this._numbers += 1;
    const before = known || { level, number: this._numbers, count: 0, taken: 0 };
    const kind = { ...before, at: now, count: before.count + 1, stale: false, described, length: msg.length };
    this._kinds.set(key, kind);
  }

  /**
   * @param {() => Description} describe
   * @returns {Description}
   */
  _described(describe) {
    this._describing = true;
    try {
      return describe();
    } catch (error) {
      return { msg: '(its text cannot be made)' }; // foreign code makes texts; the error itself is to be told all the same
    } finally {
      this._describing = false;
    }
  }

  /**
   * The description, fit to be sent.
   * @param {Kind} kind
   * @returns {Told}
   */
  _tell(kind) {
    const { msg, typ, trc, tpl, loc } = kind.described;
    const scrub = (/** @type {string} */ text) => this._scrubber.scrub(text);
    /** @type {Record<string, string>} */
    const texts = {
      lvl: kind.level,
      msg: cut(scrub(msg), kind.length),
      typ: typ.slice(0, LONGEST_NAME),
      trc: cutStack(scrub(trc)),
      tpl: cut(scrub(tpl), 0),
      loc: loc.slice(-LONGEST_NAME),
    };
    const kept = Object.entries(texts).filter(([field, text]) => text || field === 'msg');
    const fields = Object.fromEntries(kept.map(([field, text]) => [field, encodable(text)])); // a cut may halve characters
    return { kind: kind.number, fields, at: kind.at, cnt: kind.count };
  }

  _letIdleKindsGo() {
    const now = this._now();
    for (const [key, kind] of this._kinds) {
      if (kind.count === 0 && now - kind.at > IDLE) this._kinds.delete(key);
    }
  }
}

module.exports = { Events, charactersOf, merged };

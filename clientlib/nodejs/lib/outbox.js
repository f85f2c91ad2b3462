// @ts-check
'use strict';

/** Commits that wait to be delivered, bounded. */

const { charactersOf, merged } = require('./events');
const { KINDS } = require('./fold');
const { mergeAll } = require('./merge');

/** @typedef {import('./fold').Partials} Partials */

/**
 * What one process counted in one interval. `end` is the monotonic time at which the interval ended, in milliseconds,
 * `minute` the wall clock's minute then, `facts` the other fields of the commit. `seq` is null until the commit is
 * first sent; from then on the server may have it, and it must stay as it is. `told` are the errors and warnings in it that
 * are told with words.
 * @typedef {{facts: Record<string, any>, prt: Partials, end: number, minute: number, seq: number | null,
 *   told: import('./events').Told[]}} Commit
 */

const LOST = 'dattss.lost'; // counter of values that were taken and could not be delivered
const MAX_COMMITS = 1000;
const MAX_PARTIALS = 20_000;
const MAX_TEXTS = 4_000_000; // characters that errors and warnings have

/** @param {Commit} commit */
function partialsOf(commit) {
  return KINDS.flatMap((kind) => commit.prt[kind]);
}

/** @param {Commit} commit */
function sizeOf(commit) {
  return KINDS.reduce((sum, kind) => sum + commit.prt[kind].length, 0);
}

/** @param {Commit} commit */
function valuesOf(commit) {
  const events = commit.facts.err + commit.facts.wrn;
  return partialsOf(commit).reduce((sum, part) => sum + (part.nam === LOST ? part.sum : part.cnt), events);
}

/** @param {Commit} commit */
function textsOf(commit) {
  return commit.told.reduce((sum, told) => sum + charactersOf(told), 0);
}

/**
 * Whether it says no more than that the process lives.
 * @param {Commit} commit
 */
function isEmpty(commit) {
  return sizeOf(commit) + commit.facts.err + commit.facts.wrn === 0;
}

/**
 * @param {Commit} one
 * @param {Commit} other
 */
function mayJoin(one, other) {
  return one.seq === null && other.seq === null && one.minute === other.minute;
}

/**
 * First in, first out. When it is full, the oldest commits of one minute become one, which costs a plot nothing; when
 * there are none to join, the oldest errors and warnings are no longer told but counted only, where it is these that are
 * too many; else the oldest commit is dropped and its values are counted as lost.
 */
class Outbox {
  constructor(maxCommits = MAX_COMMITS, maxPartials = MAX_PARTIALS, maxTexts = MAX_TEXTS) {
    this._maxCommits = maxCommits;
    this._maxPartials = maxPartials;
    this._maxTexts = maxTexts;
    /** @type {Commit[]} */
    this._commits = [];
    this._partials = 0;
    this._texts = 0;
    this.lost = 0; // values lost so far; whoever reports them sets it to zero
  }

  get length() {
    return this._commits.length;
  }

  /**
   * Takes the newest commit.
   * @param {Commit} commit
   */
  put(commit) {
    this._commits.push(commit);
    this._weigh(commit, 1);
    while (this._commits.length > 1 && this._isFull()) {
      if (!this._joinAMinute() && !this._tellLess()) this._dropOldestUnsent();
    }
  }

  /**
   * The commit to send next, which stays here.
   * @returns {Commit | undefined}
   */
  oldest() {
    return this._commits[0];
  }

  /** All of them, oldest first; they stay here. */
  all() {
    return [...this._commits];
  }

  /**
   * The commit has arrived. It may be gone already, when the bound was reached while it was on its way.
   * @param {Commit} commit
   */
  delivered(commit) {
    const index = this._commits.indexOf(commit);
    if (index >= 0) this._remove(index);
  }

  /**
   * The commit will never be taken.
   * @param {Commit} commit
   */
  refused(commit) {
    if (this._commits.includes(commit)) this.lost += valuesOf(commit);
    this.delivered(commit);
  }

  /** Whether any commit says more than that the process lives. */
  hasNews() {
    return !this._commits.every(isEmpty);
  }

  /**
   * Lets go of commits that only say that the process lives: the next one says it better. One that was sent is kept:
   * where it has not arrived, its number would be missing.
   */
  discardEmpty() {
    this._commits = this._commits.filter((commit) => commit.seq !== null || !isEmpty(commit));
  }

  _isFull() {
    const tooMany = this._commits.length > this._maxCommits || this._partials > this._maxPartials;
    return tooMany || this._texts > this._maxTexts;
  }

  /**
   * @param {Commit} commit
   * @param {1 | -1} sign
   */
  _weigh(commit, sign) {
    this._partials += sign * sizeOf(commit);
    this._texts += sign * textsOf(commit);
  }

  /** Leaves what one commit counted of errors and warnings, but not their texts. False where that is no help. */
  _tellLess() {
    if (this._texts <= this._maxTexts) return false;
    const commit = this._commits.find(({ seq, told }) => seq === null && told.length > 0);
    if (commit === undefined) return false;
    this._texts -= textsOf(commit);
    commit.told = [];
    return true;
  }

  /** Makes one commit of the oldest minute with several never sent ones. False when there is no such minute. */
  _joinAMinute() {
    const [start, end] = this._firstRun();
    if (end - start < 2) return false;
    const run = this._commits.slice(start, end);
    const last = run[run.length - 1];
    const told = merged(run.flatMap((commit) => commit.told));
    const joined = { ...last, facts: { ...last.facts }, prt: mergeAll(run.map((commit) => commit.prt)), told };
    for (const fact of ['err', 'wrn']) joined.facts[fact] = run.reduce((sum, commit) => sum + commit.facts[fact], 0);
    run.forEach((commit) => this._weigh(commit, -1));
    this._weigh(joined, 1);
    this._commits.splice(start, end - start, joined);
    return true;
  }

  /** @returns {[number, number]} */
  _firstRun() {
    const commits = this._commits;
    let start = 0;
    for (let index = 1; index <= commits.length; index += 1) {
      const first = commits[start];
      if (index < commits.length && mayJoin(first, commits[index])) continue;
      if (index - start >= 2) return [start, index];
      start = index;
    }
    return [0, 0];
  }

  _dropOldestUnsent() {
    // A commit that was sent may have arrived: it is kept, so that the loss is known to be one.
    const index = Math.max(this._commits.findIndex((commit) => commit.seq === null), 0);
    this.lost += valuesOf(this._commits[index]);
    this._remove(index);
  }

  /** @param {number} index */
  _remove(index) {
    this._weigh(this._commits[index], -1);
    this._commits.splice(index, 1);
  }
}

module.exports = { LOST, Outbox };

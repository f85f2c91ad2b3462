// @ts-check
'use strict';

/** Turns what a program tells - an error, or a template with its values - into its kind. */

const util = require('util');

const MOST_LINKED = 8; // errors of a chain that a stack shows
const MOST_PLACES = 1000; // texts of which the place is remembered: to find it takes 15 µs
const LONGEST_REMEMBERED = 200; // characters of such a text
const LONGEST_PART = 1000; // characters of a message within a stack; frames must have room beside it

/** @typedef {import('./events').Level} Level */

/**
 * Counts in `events`. An error that was told is remembered, so that it counts once on its way to the end of the program.
 * What the program itself tells, it may tell again.
 */
class Teller {
  /** @param {import('./events').Events} events */
  constructor(events) {
    this._events = events;
    /** @type {WeakSet<object>} */
    this._told = new WeakSet();
    /** @type {Map<unknown, string>} */
    this._places = new Map();
  }

  /**
   * `dts.error(…)`.
   * @param {Level} level
   * @param {unknown[]} given
   */
  said(level, given) {
    const [what, ...values] = given;
    if (util.types.isNativeError(what) || what instanceof Error) {
      this._told.add(what);
      this._error(level, what);
    } else {
      this._text(level, what, values);
    }
  }

  /**
   * What the program did not catch.
   * @param {unknown} what
   */
  uncaught(what) {
    if (!(util.types.isNativeError(what) || what instanceof Error)) this._text('error', what, []);
    else if (!this._told.has(what)) this.said('error', [what]);
  }

  /**
   * @param {Level} level
   * @param {Error} error
   */
  _error(level, error) {
    const chain = chainOf(error);
    const key = [level, ...chain.map((linked) => `${linked.name}\n${framesOf(linked)}`)].join('\n');
    this._events.count(level, key, () => ({
      msg: String(error.message) || typeOf(error),
      typ: typeOf(error),
      trc: stackOf(chain),
    }));
  }

  /**
   * A text with values is a template; one without may be put together, so only its place tells what it is.
   * @param {Level} level
   * @param {unknown} what
   * @param {unknown[]} values
   */
  _text(level, what, values) {
    const isTemplate = typeof what === 'string' && values.length > 0 && /[^\W\d_]/.test(what.replace(/%[a-zA-Z%]/g, ''));
    const loc = isTemplate ? '' : this._placeOf(what);
    this._events.count(level, `${level}\n${isTemplate ? what : ''}\n${loc}`, () => ({
      msg: util.format(what, ...values),
      tpl: isTemplate ? String(what) : '',
      loc,
    }));
  }

  /**
   * Where a text is told; once it is known, the same text is taken to be of the same place.
   * @param {unknown} text
   */
  _placeOf(text) {
    const known = this._places.get(text);
    if (known !== undefined) return known;
    const place = callerOf(new Error().stack);
    if (typeof text !== 'string' || text.length > LONGEST_REMEMBERED) return place;
    if (this._places.size >= MOST_PLACES) this._places.clear();
    this._places.set(text, place);
    return place;
  }
}

/** @param {Error} error */
function typeOf(error) {
  const made = error.constructor && error.constructor.name;
  return String(error.name !== 'Error' ? error.name : made || 'Error');
}

/**
 * The error and those that led to it, nearest first, and the members of one that stands for several.
 * @param {any} error
 * @returns {Error[]}
 */
function chainOf(error) {
  const found = [error];
  if (Array.isArray(error.errors)) found.push(...error.errors.filter(isError).slice(0, MOST_LINKED));
  let last = error;
  while (isError(last.cause) && !found.includes(last.cause) && found.length <= MOST_LINKED) {
    last = last.cause;
    found.push(last);
  }
  return found;
}

/** @param {unknown} what */
function isError(what) {
  return util.types.isNativeError(what) || what instanceof Error;
}

/**
 * The lines of a stack behind the message.
 * @param {Error} error
 */
function framesOf(error) {
  const stack = String(error.stack);
  const start = stack.indexOf('\n    at ', stack.startsWith(error.name) ? error.name.length + String(error.message).length : 0);
  return start < 0 ? '' : stack.slice(start + 1);
}

/**
 * Stacks as `util.inspect` writes them.
 * @param {Error[]} chain
 */
function stackOf([error, ...causes]) {
  const stack = stackOfOne(error);
  if (causes.length === 0) return stack;
  const indented = causes.map((cause) => `  [cause]: ${stackOfOne(cause).replace(/\n/g, '\n  ')}`);
  return `${stack} {\n${indented.join('\n')}\n}`;
}

/** @param {Error} error */
function stackOfOne(error) {
  const frames = framesOf(error);
  const head = String(error.stack).slice(0, frames ? -frames.length - 1 : undefined);
  const rest = head.length - LONGEST_PART;
  const short = rest > 0 ? `${wholeWords(head)}… [cut: ${rest.toLocaleString('en')} characters]` : head;
  return frames ? `${short}\n${frames}` : short;
}

/**
 * The beginning of a message, which is not cut within a key or a password: half of one would not be seen to be one.
 * @param {string} text
 */
function wholeWords(text) {
  return text.slice(0, LONGEST_PART).replace(/\S{1,256}$/, '');
}

/**
 * `file:function` of the first frame that is not ours.
 * @param {string | undefined} stack
 */
function callerOf(stack = '') {
  const line = stack.split('\n').slice(1).find((frame) => !frame.includes(__dirname)) || '';
  const found = /at (?:(?:async )?(.+?) \()?(.*?)(?::\d+)?(?::\d+)?\)?$/.exec(line);
  return found ? `${found[2]}:${found[1] || '<anonymous>'}` : '';
}

module.exports = { Teller };

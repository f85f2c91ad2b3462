// @ts-check
'use strict';

/**
 * Takes secrets out of the texts of errors before they leave the program: values whose key has a word of the deny-list,
 * private keys, our own keys, tokens after `Bearer`, and passwords in addresses.
 */

const WORDS = ['password', 'passwd', 'passphrase', 'secret', 'token', 'api_key', 'authorization', 'cookie', 'session'];
const HIDDEN = '***';

// All that repeats is bounded or excludes what follows it, so that a text of any form takes linear time.
const QUOTED = String.raw`\\*(?:"(?:\\.|[^"\\\n])*(?:"|$)|'(?:\\.|[^'\\\n])*(?:'|$)|${'`'}(?:\\.|[^${'`'}\\\n])*(?:${'`'}|$))`;
const PLAIN = String.raw`(?:(?:bearer|basic|digest|token)[ ]+)?[^\s,;&"'<>()\[\]{}]+`;
const TO_THE_END = String.raw`[^\s"'][^\n"']*`; // what a header has: `Cookie: a=1; b=2`
const PLACE_IN_A_STACK = String.raw`(?!\d+:\d+\b)`; // `session.js:10:5` is no session
const PRIVATE_KEY = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[A-Za-z0-9+/=\s\\:,-]*/g;
const OUR_KEY = /(?<![0-9])[0-9]{1,20}_[0-9a-f]{40}/g;
const ADDRESS = /(:\/\/[^\s/:@]{0,200}:)[^\s/]{1,200}@/g;
const BEARER = /\b(bearer|basic)( +)[A-Za-z0-9._~+/=-]{8,}/gi;

/** Knows the deny-list; `_` in a word stands for `-`, a space or nothing too. */
class Scrubber {
  /** @param {string[]} [more] words beside `WORDS` */
  constructor(more = []) {
    const every = [...WORDS, ...more];
    const words = every.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/_/g, '[-_ ]?')).join('|');
    this._beginnings = ['bearer', 'basic', ...every.map((word) => word.toLowerCase().split('_')[0])];
    this._header = new RegExp(String.raw`((?:authorization|cookie)[\w-]{0,40}: *)${TO_THE_END}`, 'gi');
    const separator = String.raw`\s{0,4}(?:=>|[=:])\s{0,4}`;
    const key = String.raw`(?:${words})[\w.-]{0,40}\\*["']?\]?`;
    this._pair = new RegExp(`(${key}${separator})${PLACE_IN_A_STACK}(?:${QUOTED}|${PLAIN})`, 'gim');
    this._option = new RegExp(String.raw`((?<![\w-])--[\w-]{0,40}?(?:${words})[\w-]{0,40}[ =]+)[^\s-]\S*`, 'gi');
  }

  /**
   * The text with `***` for each secret.
   * @param {string} given
   */
  scrub(given) {
    const text = given.replace(PRIVATE_KEY, HIDDEN).replace(OUR_KEY, HIDDEN).replace(ADDRESS, `$1${HIDDEN}@`);
    const lower = text.toLowerCase();
    if (!this._beginnings.some((word) => lower.includes(word))) return text; // as most are
    return text
      .replace(BEARER, `$1$2${HIDDEN}`)
      .replace(this._header, `$1${HIDDEN}`)
      .replace(this._pair, `$1${HIDDEN}`)
      .replace(this._option, `$1${HIDDEN}`);
  }
}

module.exports = { Scrubber };

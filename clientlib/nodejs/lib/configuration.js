// @ts-check
'use strict';

const path = require('path');
const { cleanName, isName } = require('./fold');

const DEFAULT_URL = 'http://127.0.0.1:8000';
const DEFAULT_INTERVAL = 5; // seconds
const KEY = /^[!-~]+$/; // what may stand in a header; whether it is a key is for the server to say

/**
 * Settings of one process. `auth` is empty when values have nowhere to go; `problems` are sentences for the log.
 * @typedef {{name: string, auth: string, url: string, interval: number, scrub: string[], problems: string[]}}
 *   Configuration
 */

/**
 * The settings that follow from the argument of `process()`, junk included, the command line and the environment.
 * @param {any} options
 * @param {string[]} argv
 * @param {Record<string, string | undefined>} environment
 * @returns {Configuration}
 */
function configure(options, argv, environment) {
  const given = typeof options === 'string' ? { name: options } : Object(options);
  /** @type {string[]} */
  const problems = [];
  return {
    name: nameOf(given.name || environment.DATTSS_PROCESS, argv, problems),
    auth: authOf(given.auth || authOnCommandLine(argv) || environment.DATTSS_AUTH_KEY, problems),
    url: String(given.url || environment.DATTSS_URL || DEFAULT_URL).trim(),
    interval: intervalOf(given.interval, problems),
    scrub: wordsOf(given.scrub, problems),
    problems,
  };
}

/**
 * `--dattss-auth KEY` or `--dattss-auth=KEY`.
 * @param {string[]} argv
 * @returns {string | undefined}
 */
function authOnCommandLine(argv) {
  const index = argv.findIndex((argument) => /^--dattss-auth(=|$)/.test(argument));
  if (index < 0) return undefined;
  return argv[index].includes('=') ? argv[index].slice(argv[index].indexOf('=') + 1) : argv[index + 1];
}

/**
 * @param {unknown} name
 * @param {string[]} argv
 * @param {string[]} problems
 */
function nameOf(name, argv, problems) {
  if (!name) return scriptName(argv);
  if (isName(name)) return String(name);
  const cleaned = cleanName(typeof name === 'string' ? name : typeof name, 'node');
  problems.push(`a process name has 1 to 128 characters of A-Z a-z 0-9 _ . : ! -; this one is called '${cleaned}'`);
  return cleaned;
}

/**
 * `jobs` for `jobs.js`, `shop` for `shop/index.js`, else `node`.
 * @param {string[]} argv
 */
function scriptName(argv) {
  const script = path.parse(argv[1] || '');
  return cleanName(script.name === 'index' ? path.basename(script.dir) : script.name, 'node');
}

/**
 * @param {unknown} auth
 * @param {string[]} problems
 */
function authOf(auth, problems) {
  if (!auth) {
    problems.push('values are not sent: there is no key; set DATTSS_AUTH_KEY, --dattss-auth or auth');
    return '';
  }
  const key = typeof auth === 'string' ? auth.trim() : '';
  if (KEY.test(key)) return key;
  problems.push('values are not sent: the key is no key; look at DATTSS_AUTH_KEY, --dattss-auth or auth');
  return '';
}

/**
 * @param {unknown} interval
 * @param {string[]} problems
 */
function intervalOf(interval, problems) {
  if (interval === undefined) return DEFAULT_INTERVAL;
  if (typeof interval === 'number' && interval >= 0.01 && interval <= 3600) return interval;
  problems.push(`interval is a number of seconds from 0.01 to 3600; ${DEFAULT_INTERVAL} s are used`);
  return DEFAULT_INTERVAL;
}

/**
 * @param {unknown} words
 * @param {string[]} problems
 * @returns {string[]}
 */
function wordsOf(words, problems) {
  if (words === undefined) return [];
  const given = Array.isArray(words) ? words : [null];
  const kept = given.filter((word) => typeof word === 'string' && word);
  if (kept.length < given.length) {
    problems.push("scrub is a list of words, as in { scrub: ['iban'] }; what is none is left out");
  }
  return kept;
}

module.exports = { configure };

// @ts-check
'use strict';

const { configure } = require('./lib/configuration');
const { installMonitor } = require('./lib/monitor');
const { SilentTracker, Tracker } = require('./lib/tracker');
const { Transport } = require('./lib/transport');
const { warn } = require('./lib/warning');

/**
 * The process to track: `const dts = require('dattss').process('api')`.
 *
 * `options` is a name, or any of: `name` (else DATTSS_PROCESS, else the script's name), `auth`, the commit key (else
 * `--dattss-auth KEY` on the command line, else DATTSS_AUTH_KEY), `url`, the server's address (else DATTSS_URL, else
 * http://127.0.0.1:8000), `interval`, the seconds between commits until the server asks for others (5), `scrub`, words:
 * in texts of errors the values of keys that have one in them are hidden, as those of passwords and tokens are;
 * `monitor: true` does what `installMonitor` does.
 *
 * Never throws: without a usable key or address it emits a warning, and values go nowhere.
 *
 * @param {string | {name?: string, auth?: string, url?: string, interval?: number, scrub?: string[],
 *   monitor?: boolean}} [options]
 * @returns {Tracker | SilentTracker}
 */
function trackedProcess(options) {
  const tracker = made(options);
  first = first || tracker;
  if (Object(options).monitor === true) installMonitor(tracker);
  return tracker;
}

/** @type {Tracker | SilentTracker | null} */
let first = null;

/**
 * Tells of errors and rejections that nobody handles, as errors of `tracker`, else of the first process that the program
 * has made. Changes nothing in how the program dies of them.
 * @param {Tracker | SilentTracker} [tracker]
 */
function monitorErrors(tracker) {
  installMonitor(tracker || first || trackedProcess());
}

/** @param {any} options */
function made(options) {
  const settings = configure(options, process.argv, process.env);
  settings.problems.forEach((problem) => warn(`process ${settings.name}: ${problem}`));
  if (!settings.auth) return new SilentTracker(settings.name);
  try {
    return new Tracker(settings.name, new Transport(settings.url, settings.auth), settings.interval * 1000, undefined, settings.scrub);
  } catch (error) {
    warn(`process ${settings.name}: values are not sent; DATTSS_URL or url is no http:// or https:// address`);
    return new SilentTracker(settings.name);
  }
}

module.exports = { installMonitor: monitorErrors, process: trackedProcess };

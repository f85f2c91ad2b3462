// @ts-check
'use strict';

/** Errors that nobody has caught. How the program dies is left as it is. */

const TIMEOUT = 1500; // milliseconds by which the end of a program is delayed at most

/** @type {WeakSet<object>} */
const monitored = new WeakSet();

/**
 * Tells of errors and rejections that nobody handles, and delivers them before the program dies of them. Calls for the
 * same process after the first do nothing.
 * @param {{uncaught: (what: unknown) => void, deliverAtOnce: (timeout: number) => void}} tracker
 */
function installMonitor(tracker) {
  if (monitored.has(tracker)) return;
  monitored.add(tracker);
  process.on('uncaughtExceptionMonitor', (error) => {
    tracker.uncaught(error);
    if (!survives()) tracker.deliverAtOnce(TIMEOUT);
  });
}

/** Whether the program has a handler of its own, after which it goes on. */
function survives() {
  return process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback();
}

module.exports = { installMonitor };

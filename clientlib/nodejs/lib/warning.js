// @ts-check
'use strict';

/**
 * Tells the program's owner something, by way of `process.on('warning')`; Node prints it to stderr.
 * @param {string} message
 */
function warn(message) {
  process.emitWarning(message, { type: 'DattssWarning' });
}

module.exports = { warn };

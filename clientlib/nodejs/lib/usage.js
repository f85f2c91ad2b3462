// @ts-check
'use strict';

/** Memory and processor time of this very process. */

/** Resident memory in bytes, as the `mem` of a commit; nothing where it cannot be asked for: that takes a free file. */
function memory() {
  try {
    return { mem: process.memoryUsage().rss };
  } catch (error) {
    return {}; // the program that we count for must not die of it
  }
}

/** Per cent of one core that this process used since it was last asked. */
class ProcessorTime {
  /** @param {number} now monotonic milliseconds */
  constructor(now) {
    this._at = now;
    this._used = process.cpuUsage();
  }

  /** @param {number} now monotonic milliseconds */
  percent(now) {
    const { user, system } = process.cpuUsage(this._used);
    const passed = now - this._at;
    const cpu = passed > 0 ? (user + system) / 10 / passed : 0; // microseconds in milliseconds, as per cent
    this._at = now;
    this._used = process.cpuUsage();
    return Number(cpu.toFixed(2));
  }
}

module.exports = { ProcessorTime, memory };

// @ts-check
/** The live state of one account, put together from the websocket's snapshot and updates. */

import { begin, put } from "./trail.js";

/**
 * @typedef {object} ProcessState
 * @property {string} nam
 * @property {"up" | "silent" | "down"} state
 * @property {number | null} upt seconds
 * @property {number | null} mem bytes
 * @property {number | null} cpu per cent of one core
 * @property {number} err
 * @property {number} wrn
 * @property {number} seen Unix seconds of the last commit
 */

/**
 * @typedef {object} StatEntry one stat as the wire has it
 * @property {string} proc
 * @property {"c" | "g" | "ms"} typ
 * @property {string} nam
 * @property {boolean} emp
 * @property {number} [total]
 * @property {number} [sum]
 * @property {number} [rate] per second
 * @property {number | null} [last]
 * @property {number | null} [avg]
 * @property {number | null} [min]
 * @property {number | null} [max]
 * @property {number | null} [bot]
 * @property {number | null} [top]
 * @property {(number | null)[]} [spark]
 * @property {number | null} [p] value of the current 5-second slot
 */

/** @typedef {StatEntry & { key: string, trail: import("./trail.js").Trail }} Stat */

/**
 * @typedef {object} EventEntry
 * @property {number} at Unix seconds
 * @property {string} nam process
 * @property {string} lvl "error" or "warning"
 * @property {string | null} [typ]
 * @property {string} msg
 * @property {string | null} [trc]
 * @property {number} [cnt]
 * @property {string} [grp] key of its group
 */

/**
 * @typedef {object} Message
 * @property {string} type
 * @property {number} at Unix seconds
 * @property {number} [slot]
 * @property {number} [ivl] seconds
 * @property {ProcessState[]} [processes]
 * @property {StatEntry[]} [stats]
 * @property {EventEntry[]} [events]
 * @property {{ proc: string, typ?: string, nam?: string }[]} [gone]
 * @property {EventEntry} [event]
 * @property {import("./marks.js").AlertMark[]} [alerts] incidents that began, were acknowledged or are over
 * @property {number} [firing] incidents that nobody has acknowledged
 * @property {boolean} [more] there are more such incidents than these
 */

/**
 * @typedef {object} Change what a message touched
 * @property {boolean} structure stats or processes came or went, or everything was replaced
 * @property {boolean} slot a new 5-second slot began: every sparkline moves
 * @property {Set<string>} stats keys of stats with new values
 * @property {Set<string>} processes names of processes with new values
 */

/** As many as the server keeps. */
const EVENTS_KEPT = 100;

/** @returns {Change} */
export function noChange() {
  return { structure: false, slot: false, stats: new Set(), processes: new Set() };
}

/**
 * One key for a stat. No name may hold a slash.
 * @param {{ proc: string, typ?: string, nam?: string }} stat
 */
export function keyOf(stat) {
  return `${stat.proc}/${stat.typ}/${stat.nam}`;
}

export class Store {
  constructor() {
    /** @type {Map<string, ProcessState>} */
    this.processes = new Map();
    /** @type {Map<string, Stat>} */
    this.stats = new Map();
    /** @type {EventEntry[]} newest last */
    this.events = [];
    /** Server time of the newest message, Unix seconds. */
    this.at = 0;
    /** Number of the current slot. */
    this.slot = 0;
    /** Length of a slot in seconds. */
    this.ivl = 5;
  }

  /**
   * Take one message in.
   * @param {Message} message
   * @param {Change} [change] to add to, so that several messages can be drawn at once
   * @returns {Change}
   */
  apply(message, change = noChange()) {
    this.at = message.at;
    if (message.type === "snapshot") this.#replace(message, change);
    if (message.type === "update") this.#update(message, change);
    if (message.type === "event" && message.event) this.#remember(message.event);
    return change;
  }

  /**
   * @param {Message} message
   * @param {Change} change
   */
  #replace(message, change) {
    this.ivl = message.ivl ?? 5;
    this.#turn(message, change);
    this.processes = new Map((message.processes ?? []).map((process) => [process.nam, process]));
    this.stats.clear();
    for (const entry of message.stats ?? []) this.#add(entry, begin(entry.spark ?? [], this.slot));
    this.events = [...(message.events ?? [])];
    change.structure = true;
  }

  /**
   * @param {Message} message
   * @param {Change} change
   */
  #update(message, change) {
    this.#turn(message, change);
    // First: what has gone may be back in the same message.
    for (const gone of message.gone ?? []) this.#remove(gone, change);
    for (const process of message.processes ?? []) {
      if (!this.processes.has(process.nam)) change.structure = true;
      this.processes.set(process.nam, process);
      change.processes.add(process.nam);
    }
    for (const entry of message.stats ?? []) this.#change(entry, change);
  }

  /**
   * @param {StatEntry} entry
   * @param {Change} change
   */
  #change(entry, change) {
    const key = keyOf(entry);
    const known = this.stats.get(key);
    if (!known) change.structure = true;
    const stat = known ? Object.assign(known, entry) : this.#add(entry, begin([], this.slot));
    if (entry.p !== undefined) put(stat.trail, this.slot, entry.p);
    change.stats.add(key);
  }

  /**
   * @param {StatEntry} entry
   * @param {import("./trail.js").Trail} trail
   */
  #add(entry, trail) {
    const stat = { ...entry, key: keyOf(entry), trail };
    this.stats.set(stat.key, stat);
    return stat;
  }

  /**
   * @param {{ proc: string, typ?: string, nam?: string }} gone
   * @param {Change} change
   */
  #remove(gone, change) {
    change.structure = true;
    if (gone.nam !== undefined) {
      this.stats.delete(keyOf(gone));
      return;
    }
    this.processes.delete(gone.proc);
    for (const [key, stat] of this.stats) if (stat.proc === gone.proc) this.stats.delete(key);
  }

  /** @param {EventEntry} event */
  #remember(event) {
    this.events.push(event);
    if (this.events.length > EVENTS_KEPT) this.events.shift();
  }

  /**
   * Move to the message's slot. The server's number counts; its clock stands in where a message carries none.
   * @param {Message} message
   * @param {Change} change
   */
  #turn(message, change) {
    const slot = message.slot ?? Math.floor(message.at / this.ivl);
    if (slot === this.slot) return;
    // A snapshot after a restart may go back; an update never does.
    if (slot < this.slot && message.type !== "snapshot") return;
    this.slot = slot;
    change.slot = true;
  }
}

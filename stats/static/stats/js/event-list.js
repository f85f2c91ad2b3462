// @ts-check
/** Errors or warnings, newest first: filtered, paused, and never more than the page can carry. */

/** @typedef {import("./store.js").EventEntry} EventEntry */

/** The server keeps 100; a page that stays open sees more go by. */
const KEPT = 500;

/** @param {EventEntry} event */
function textOf(event) {
  return `${event.nam} ${event.typ ?? ""} ${event.msg} ${event.trc ?? ""}`.toLowerCase();
}

/**
 * One and the same event may come by the API and by the websocket.
 * @param {EventEntry} event
 */
function identity(event) {
  return [event.at, event.nam, event.typ, event.msg].join("\n");
}

export class EventList {
  /** @type {EventEntry[]} newest first */
  #shown = [];
  /** @type {EventEntry[]} came while paused, newest first */
  #held = [];
  #known = new Set();
  paused = false;
  filter = "";
  /** Only those of this process; "": of all. */
  process = "";

  /** How many wait for the end of the pause. */
  get held() {
    return this.#held.length;
  }

  /**
   * Take events in.
   * @param {EventEntry[]} events newest last, as the server has them
   */
  add(events) {
    const fresh = events.filter((event) => !this.#known.has(identity(event)));
    for (const event of fresh) this.#known.add(identity(event));
    const target = this.paused ? this.#held : this.#shown;
    target.unshift(...fresh.reverse());
    target.sort((one, other) => other.at - one.at);
    for (const lost of target.splice(KEPT)) this.#known.delete(identity(lost));
  }

  /** End the pause and show what came meanwhile. */
  resume() {
    this.paused = false;
    this.#shown = [...this.#held, ...this.#shown].slice(0, KEPT);
    this.#held = [];
  }

  /** What is to be seen now, newest first. */
  visible() {
    const words = this.filter.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = this.process ? this.#shown.filter((event) => event.nam === this.process) : this.#shown;
    if (!words.length) return shown;
    return shown.filter((event) => {
      const text = textOf(event);
      return words.every((word) => text.includes(word));
    });
  }

  /** The names of their processes. */
  get processes() {
    return new Set(this.#shown.map((event) => event.nam));
  }

  /** All that is shown without a filter. */
  get size() {
    return this.#shown.length;
  }
}

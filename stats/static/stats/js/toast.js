// @ts-check
/** A small notice of new errors on pages that show something else. It can be switched off, for this browser. */

import { make, say } from "./element.js";
import { keepList, keptList } from "./kept.js";

/** @typedef {import("./store.js").EventEntry} EventEntry */
/** @typedef {import("./store.js").Message} Message */

/** A notice at most this often, milliseconds; what comes meanwhile is in the next one. */
export const PAUSE = 5000;
const SHOWN = 8000;
const KEPT = "error-notices";

/**
 * The browser as far as this module needs it; tests put their own in.
 * @typedef {object} Surroundings
 * @property {() => number} now milliseconds, monotonic
 * @property {(call: () => void, ms: number) => number} setTimeout
 */

/** Collects errors and tells of them, `PAUSE` apart. */
export class Digest {
  /** @type {Map<string, number>} how many of each process */
  #counts = new Map();
  #told = Number.NEGATIVE_INFINITY;
  #waiting = false;

  /**
   * @param {(text: string) => void} tell
   * @param {Surroundings} [around]
   */
  constructor(tell, around = { now: () => performance.now(), setTimeout: (call, ms) => window.setTimeout(call, ms) }) {
    this.tell = tell;
    this.around = around;
  }

  /** @param {EventEntry} event */
  add(event) {
    this.#counts.set(event.nam, (this.#counts.get(event.nam) ?? 0) + (event.cnt ?? 1));
    if (this.#waiting) return;
    this.#waiting = true;
    // One moment at least: the errors of one commit come as several messages.
    const pause = Math.max(this.#told + PAUSE - this.around.now(), 200);
    this.around.setTimeout(() => this.#tellAll(), pause);
  }

  #tellAll() {
    this.#waiting = false;
    this.#told = this.around.now();
    const counts = this.#counts;
    this.#counts = new Map();
    this.tell(digestText(counts));
  }
}

/**
 * @param {Map<string, number>} counts by process
 * @returns {string} "3 new errors in web", "9 new errors in web and 2 more processes"
 */
export function digestText(counts) {
  const count = [...counts.values()].reduce((sum, one) => sum + one, 0);
  const [first] = [...counts].sort((one, other) => other[1] - one[1])[0];
  const others = counts.size - 1;
  const where = others ? `${first} and ${others} more ${others === 1 ? "process" : "processes"}` : first;
  return `${count === 1 ? "A new error" : `${count.toLocaleString("en")} new errors`} in ${where}`;
}

/**
 * Tell of new errors at the edge of the page.
 * @param {string} account
 */
export function watchErrors(account) {
  const link = make("a", "", "", { href: `/a/${account}/errors/` });
  const off = make("button", "quiet small", "No notices", { type: "button", title: "Shows no more notices of errors in this browser; the page of errors brings them back" });
  const box = make("div", "toast", [link, off]);
  // The region is there before it says something: only then it is read aloud.
  const region = make("div", "toasts", [], { role: "status" });
  document.body.append(region);
  let hiding = 0;
  const hide = () => box.remove();
  const digest = new Digest((text) => {
    if (!noticesWanted(account)) return;
    say(link, text);
    region.append(box);
    window.clearTimeout(hiding);
    hiding = window.setTimeout(hide, SHOWN);
  });
  off.addEventListener("click", () => {
    wantNotices(account, false);
    hide();
  });
  return {
    /** @param {Message} message */
    take(message) {
      if (message.type === "event" && message.event?.lvl === "error") digest.add(message.event);
    },
  };
}

/** @param {string} account */
export function noticesWanted(account) {
  return keptList(account, KEPT)?.[0] !== "off";
}

/**
 * @param {string} account
 * @param {boolean} wanted
 */
export function wantNotices(account, wanted) {
  keepList(account, KEPT, [wanted ? "on" : "off"]);
}

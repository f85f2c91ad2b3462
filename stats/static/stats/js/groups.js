// @ts-check
/** Groups of errors or warnings: what the API says of them, and what has been counted since. */

/** @typedef {import("./store.js").EventEntry} EventEntry */

/**
 * @typedef {object} Group as the API has it
 * @property {string} key
 * @property {string} typ
 * @property {string} title
 * @property {string} why
 * @property {"new" | "seen" | "resolved" | "regression" | "muted"} state
 * @property {number} first Unix seconds
 * @property {number} last Unix seconds
 * @property {number} cnt
 * @property {Record<string, number>} nam how many of each process
 * @property {number[]} hours how many in each of the 24 hours up to that of `last`
 * @property {string} msg
 */

export const HOURS = 24;
/** What wants a look stands above what does not. */
const RANK = { regression: 0, new: 0, seen: 1, muted: 2, resolved: 2 };

/** @param {number} at Unix seconds */
const hourOf = (at) => Math.floor(at / 3600);

/**
 * How many in each of the last 24 hours, as of `now`.
 * @param {Group} group
 * @param {number} now Unix seconds
 */
export function hoursUntil(group, now) {
  const passed = Math.min(Math.max(hourOf(now) - hourOf(group.last), 0), HOURS);
  return [...group.hours.slice(passed), ...Array(passed).fill(0)];
}

export class GroupList {
  /** @type {Map<string, Group>} */
  #groups = new Map();
  filter = "";
  /** Only those that this process had; "": of all. */
  process = "";
  /** Also those that are resolved or muted. */
  all = false;

  /** @param {Group[]} groups */
  replace(groups) {
    this.#groups = new Map(groups.map((group) => [group.key, group]));
  }

  /**
   * Count an event that was seen live.
   * @param {EventEntry} event
   * @returns {boolean} whether its group is known; the API knows of one that is not
   */
  count(event) {
    const group = this.#groups.get(event.grp ?? "");
    if (!group) return false;
    const count = event.cnt ?? 1;
    group.cnt += count;
    group.nam[event.nam] = (group.nam[event.nam] ?? 0) + count;
    if (event.at >= group.last) {
      group.hours = hoursUntil(group, event.at);
      group.last = event.at;
      group.msg = event.msg;
    }
    const ago = hourOf(group.last) - hourOf(event.at);
    if (ago < HOURS) group.hours[HOURS - 1 - ago] += count;
    if (group.state === "resolved") group.state = "regression";
    return true;
  }

  /** @param {string} key */
  get(key) {
    return this.#groups.get(key);
  }

  /** Those to be seen now: what wants a look first, then by when they came last. */
  visible() {
    const words = this.filter.toLowerCase().split(/\s+/).filter(Boolean);
    return [...this.#groups.values()]
      .filter((group) => this.all || RANK[group.state] < 2)
      .filter((group) => !this.process || this.process in group.nam)
      .filter((group) => words.every((word) => textOf(group).includes(word)))
      .sort((one, other) => RANK[one.state] - RANK[other.state] || other.last - one.last);
  }

  /** How many are resolved or muted. */
  get quiet() {
    return [...this.#groups.values()].filter((group) => RANK[group.state] === 2).length;
  }

  /** The names of their processes. */
  get processes() {
    return new Set([...this.#groups.values()].flatMap((group) => Object.keys(group.nam)));
  }

  get size() {
    return this.#groups.size;
  }
}

/** @param {Group} group */
function textOf(group) {
  return `${Object.keys(group.nam).join(" ")} ${group.typ} ${group.title} ${group.msg}`.toLowerCase();
}

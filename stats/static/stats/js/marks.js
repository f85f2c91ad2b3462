// @ts-check
/** What a plot shows of alerts, worked out: which limits are in sight, from when to when it burnt, and the same in words. */

import { clock } from "./format.js";

/**
 * @typedef {object} RuleMark a rule that watches the stat
 * @property {number} id
 * @property {string} name
 * @property {string} words its condition
 * @property {"above" | "below"} side
 * @property {string} measure what the limit is on
 * @property {number | null} limit on the plot's axis; null: not drawn
 * @property {number | null} until the limit of recovery, where it is another one
 */

/**
 * @typedef {object} AlertMark an incident of the stat, or of its process
 * @property {number} number
 * @property {string} rule_name
 * @property {string} target
 * @property {"firing" | "acknowledged" | "resolved"} state
 * @property {string} sentence
 * @property {number} opened Unix seconds
 * @property {number | null} resolved
 */

/** @typedef {{ rules: RuleMark[], incidents: AlertMark[] }} Marks */

/** @type {Marks} */
export const NO_MARKS = { rules: [], incidents: [] };

/** Measures that a limit is on without saying so. */
const PLAIN = new Set(["value", "average", "sum", "rate"]);

/** States by how much they want to be seen. */
const STATES = ["firing", "acknowledged", "resolved"];

/**
 * The range of an axis, drawn out to limits that do not press the values flat: those at most once more as far away.
 * @param {number} low
 * @param {number} high
 * @param {readonly RuleMark[]} rules
 * @returns {[number, number]}
 */
export function reach(low, high, rules) {
  const room = high - Math.min(low, 0) || Math.abs(high) || 1;
  let [from, to] = [low, high];
  for (const { limit } of rules) {
    if (limit === null) continue;
    if (limit > high && limit <= high + room) to = Math.max(to, limit);
    if (limit < low && limit >= low - room) from = Math.min(from, limit);
  }
  return [from, to];
}

/**
 * What stands at a limit's line.
 * @param {RuleMark} rule
 * @param {(value: number | null | undefined) => string} unit
 */
export function limitName(rule, unit) {
  const name = PLAIN.has(rule.measure) ? "limit" : `${rule.measure} limit`;
  return `${name} ${unit(rule.limit)}`;
}

/**
 * The incidents with a newer state of some of them; those of other stats are left out.
 * @param {readonly AlertMark[]} known
 * @param {readonly AlertMark[]} news
 * @param {string} stat
 * @returns {AlertMark[]} the newest first
 */
export function renewed(known, news, stat) {
  const ours = news.filter(({ target }) => target === stat || target === stat.split("/")[0]);
  const changed = new Set(ours.map(({ number }) => number));
  return [...ours, ...known.filter(({ number }) => !changed.has(number))].sort((one, other) => other.number - one.number);
}

/**
 * In the order in which they are listed: what burns first, then the newest.
 * @param {readonly AlertMark[]} incidents
 */
export function byUrgency(incidents) {
  const rank = (/** @type {AlertMark} */ { state }) => STATES.indexOf(state);
  return [...incidents].sort((one, other) => rank(one) - rank(other) || other.number - one.number);
}

/**
 * When it burnt: "since 14:05", "09:10 to 09:25".
 * @param {AlertMark} incident
 * @param {string} tz
 */
export function spanText({ opened, resolved }, tz) {
  const { time } = clock(tz);
  return resolved === null ? `since ${time(opened)}` : `${time(opened)} to ${time(resolved)}`;
}

/**
 * Incidents that burnt at a time.
 * @param {readonly AlertMark[]} incidents
 * @param {number} from Unix seconds
 * @param {number} to
 */
export function burningAt(incidents, from, to) {
  return incidents.filter(({ opened, resolved }) => opened < to && (resolved === null || resolved > from));
}

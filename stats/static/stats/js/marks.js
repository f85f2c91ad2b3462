// @ts-check
/** What a plot shows of alerts, worked out: which limits are in sight, from when to when it burnt, and the same in words. */

import { clock } from "./format.js";

/**
 * @typedef {object} RuleMark a rule that watches the stat
 * @property {number} id
 * @property {string} name
 * @property {string} kind of its condition
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
 * Whether the plot can draw a rule's limit.
 * @param {RuleMark} rule
 */
export function isDrawn({ limit }) {
  return limit !== null;
}

/**
 * What the band of the usual is called: also by whom it is watched.
 * @param {readonly RuleMark[]} rules
 */
export function usualName(rules) {
  return rules.some(({ kind }) => kind === "unlike_typical") ? "usual, watched" : "usual";
}

/**
 * @typedef {object} Place of a limit on a plot, in its pixels from above
 * @property {RuleMark} rule
 * @property {number | null} line null: out of sight
 * @property {"" | "↑" | "↓"} way to a limit that is out of sight
 * @property {number} name foot of its name
 */

/**
 * Where limits and their names are. Names stand on their lines, and one above the other where lines are close; no more
 * than there is room for.
 * @param {readonly RuleMark[]} rules
 * @param {(value: number) => number} toY not finite where the axis has no such value
 * @param {number} top
 * @param {number} bottom
 * @param {number} height of a name
 * @returns {Place[]} the lowest first
 */
export function placesOf(rules, toY, top, bottom, height) {
  /** @type {Place[]} */
  const places = [];
  for (const rule of rules) {
    if (rule.limit === null) continue;
    const y = toY(rule.limit);
    const line = y >= top && y <= bottom ? y : null;
    const way = line !== null ? "" : y < top ? "↑" : "↓";
    places.push({ rule, line, way, name: Math.max(way === "↑" ? top : (line ?? bottom), top + height) });
  }
  places.sort((one, other) => other.name - one.name || (one.rule.limit ?? 0) - (other.rule.limit ?? 0));
  // Up from the foot, then down again from the head where that has pushed names out.
  for (let index = 1; index < places.length; index += 1) {
    places[index].name = Math.min(places[index].name, places[index - 1].name - height);
  }
  let least = top + height;
  for (const place of [...places].reverse()) {
    place.name = Math.max(place.name, least);
    least = place.name + height;
  }
  return places;
}

/**
 * The incidents with a newer state of some of them; those of other stats are left out.
 * @param {readonly AlertMark[]} known
 * @param {readonly AlertMark[]} news
 * @param {string} stat
 * @returns {{ incidents: AlertMark[] | null, unknown: boolean }} the newest first, null where no news are of this stat;
 *   `unknown`: one of them was not known
 */
export function renewed(known, news, stat) {
  const ours = news.filter(({ target }) => target === stat || target === stat.split("/")[0]);
  if (!ours.length) return { incidents: null, unknown: false };
  const before = new Map(known.map((incident) => [incident.number, incident]));
  const told = ours.map((incident) => ({ ...incident, sentence: before.get(incident.number)?.sentence ?? incident.sentence }));
  const changed = new Set(told.map(({ number }) => number));
  const incidents = [...told, ...known.filter(({ number }) => !changed.has(number))];
  incidents.sort((one, other) => other.number - one.number);
  return { incidents, unknown: told.some(({ number }) => !before.has(number)) };
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

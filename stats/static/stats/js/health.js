// @ts-check
/** What the API says of the health of a process, and that in words. */

import { bytes, number, percent, since, uptime } from "./format.js";

/** @typedef {import("./store.js").ProcessState} ProcessState */

/**
 * @typedef {object} Instance
 * @property {string} iid
 * @property {"up" | "silent" | "down"} state
 * @property {boolean} ended another took its place
 * @property {number} began Unix seconds
 * @property {number} seen Unix seconds
 * @property {number | null} upt seconds
 * @property {number | null} mem bytes
 * @property {number | null} cpu per cent of one core
 * @property {number} err
 * @property {number} wrn
 * @property {number} late
 * @property {number} missing
 * @property {string} hst
 * @property {string} ver
 */

/**
 * @typedef {object} Health of a process, beside what its live state has
 * @property {string} nam
 * @property {number} restarts
 * @property {number} restarts_hour
 * @property {number | null} restarts_every seconds
 * @property {number} late
 * @property {number} missing
 * @property {number} lost
 * @property {number} bad
 * @property {boolean} more there are more instances than are kept
 * @property {Instance[]} instances
 */

/** As many restarts as the server keeps the times of. */
const COUNTED = 128;

/**
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 */
function counted(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/**
 * @param {Health} health
 * @returns {string} "restarts every minute", "2 restarts in the last hour", or "" where there was none
 */
export function restartsText(health) {
  const every = health.restarts_every;
  if (every !== null) return `restarts every ${every >= 50 && every <= 70 ? "minute" : since(every)}`;
  if (!health.restarts_hour) return "";
  const count = health.restarts_hour >= COUNTED ? `${COUNTED} or more restarts` : counted(health.restarts_hour, "restart");
  return `${count} in the last hour`;
}

/**
 * @param {Health} health
 * @returns {string} what was lost on the way, in a few words; "" where nothing was
 */
export function lossText(health) {
  const parts = [
    health.missing && `${number(health.missing)} missing`,
    health.late && `${number(health.late)} late`,
    health.lost && `${number(health.lost)} lost`,
    health.bad && `${number(health.bad)} bad`,
  ];
  return parts.filter(Boolean).join(", ");
}

/**
 * @param {Health} health
 * @returns {string[]} sentences for who has opened the process
 */
export function sentences(health) {
  const running = health.instances.filter((one) => one.state === "up").length;
  return [
    `${counted(running, "instance")} up${health.more ? ", and more that are not listed" : ""}.`,
    health.restarts ? `${counted(health.restarts, "restart")} since it appeared.` : "",
    health.missing ? `${counted(health.missing, "commit")} did not arrive.` : "",
    health.late ? `${counted(health.late, "commit")} came late.` : "",
    health.lost ? `Its client had to drop ${counted(health.lost, "value")}.` : "",
    health.bad ? `Its client was given ${counted(health.bad, "bad name or value", "bad names or values")}.` : "",
  ].filter(Boolean);
}

/**
 * Uptime, memory and cpu of a process. Where several instances are up: the longest uptime, memory and cpu of all.
 * @param {ProcessState} process
 * @param {Health | undefined} health
 */
export function usage(process, health) {
  const up = (health?.instances ?? []).filter((one) => one.state === "up");
  if (up.length < 2) return { upt: process.upt, mem: process.mem, cpu: process.cpu };
  return { upt: Math.max(...up.map((one) => one.upt ?? 0)), mem: total(up.map((one) => one.mem)), cpu: total(up.map((one) => one.cpu)) };
}

/** @param {(number | null)[]} values */
function total(values) {
  const known = values.filter((value) => value !== null);
  return known.length ? known.reduce((sum, value) => sum + value, 0) : null;
}

/**
 * The cells of an instance, as text.
 * @param {Instance} one
 * @param {number} now Unix seconds
 */
export function instanceTexts(one, now) {
  return [
    one.iid ? one.iid.slice(0, 8) : "no id",
    one.ended ? "ended" : one.state,
    one.hst || "–",
    one.ver || "–",
    uptime(one.upt),
    bytes(one.mem),
    percent(one.cpu),
    number(one.err),
    number(one.wrn),
    number(one.missing),
    number(one.late),
    `${since(now - one.seen)} ago`,
  ];
}

// @ts-check
/** The history of a stat over the read API. */

import { TIME_ZONE } from "./time-zone.js";

/** The server did not give the history; the message says why. */
export class HistoryError extends Error {
  /** @param {number} status HTTP status, 0 where there was no answer */
  constructor(status) {
    super(HistoryError.#sentence(status));
    this.status = status;
  }

  /** @param {number} status */
  static #sentence(status) {
    if (!status) return "History did not load: no answer from the server.";
    if (status === 404) return "No history yet: a minute is written soon after its end.";
    return `History did not load (${status}).`;
  }
}

/**
 * Address of a stat's day.
 * @param {string} base such as "/api/v1/stats/"
 * @param {string} account
 * @param {string} key of the stat: process/type/name
 * @param {number} step minutes
 * @param {number[]} percentiles that are wanted of each bin
 */
export function dayUrl(base, account, key, step, percentiles) {
  const path = key.split("/").map(encodeURIComponent).join("/");
  const query = new URLSearchParams({ account, step: String(step), tz: TIME_ZONE });
  if (percentiles.length) query.set("q", percentiles.map((percentile) => percentile / 100).join(","));
  return `${base}${path}/day/?${query}`;
}

/**
 * Fetch a stat's day.
 * @param {string} url
 * @param {AbortSignal} signal
 * @returns {Promise<import("./plot-data.js").Day>}
 * @throws {HistoryError}
 */
export async function fetchDay(url, signal) {
  let answer;
  try {
    answer = await fetch(url, { signal, headers: { Accept: "application/json" } });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new HistoryError(0);
  }
  if (!answer.ok) throw new HistoryError(answer.status);
  return answer.json();
}

// @ts-check
/** The line above the plots: what runs, how much moves, and who is quiet. */

import { make, say } from "./element.js";
import { number, since } from "./format.js";

/** @typedef {import("./store.js").Store} Store */

/** Quiet processes that are named; the rest is counted. */
const NAMED = 3;

/**
 * @param {Store} store
 * @returns {string} "3 up, 1 down · 213 stats"
 */
export function summaryText(store) {
  const states = { up: 0, silent: 0, down: 0 };
  for (const process of store.processes.values()) states[process.state] += 1;
  const running = Object.entries(states)
    .filter(([, count]) => count)
    .map(([state, count]) => `${count} ${state}`);
  const count = store.stats.size;
  return [running.join(", "), `${number(count)} ${count === 1 ? "stat" : "stats"}`].filter(Boolean).join(" · ");
}

/**
 * Sentences about processes that do not commit, the longest quiet last.
 * @param {Store} store
 * @param {number} now Unix seconds
 * @returns {{ state: "silent" | "down", text: string }[]}
 */
export function quietSentences(store, now) {
  const quiet = [...store.processes.values()].filter((process) => process.state !== "up");
  quiet.sort((one, other) => other.seen - one.seen);
  const sentences = quiet.slice(0, NAMED).map((process) => ({
    state: process.state === "down" ? /** @type {const} */ ("down") : /** @type {const} */ ("silent"),
    text: `No commit from ${process.nam} for ${since(now - process.seen)}.`,
  }));
  const more = quiet.length - NAMED;
  if (more > 0) sentences.push({ state: "down", text: `${more} more ${more === 1 ? "is" : "are"} quiet.` });
  return sentences;
}

/**
 * @param {HTMLElement} summary
 * @param {HTMLElement} quiet
 * @param {Store} store
 * @param {number} now Unix seconds
 */
export function drawOverview(summary, quiet, store, now) {
  say(summary, summaryText(store));
  const sentences = quietSentences(store, now);
  while (quiet.children.length > sentences.length) quiet.lastElementChild?.remove();
  sentences.forEach(({ state, text }, index) => {
    const item = quiet.children[index] ?? quiet.appendChild(make("li", "", [make("span", "state"), make("span")]));
    const mark = /** @type {Element} */ (item.firstElementChild);
    mark.className = `state ${state}`;
    say(/** @type {Element} */ (item.lastElementChild), text);
  });
}

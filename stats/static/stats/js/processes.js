// @ts-check
/** The page of processes: entry point. */

import { Connection } from "./connection.js";
import { make, need, say } from "./element.js";
import { bytes, number, percent, since, uptime } from "./format.js";

/** @typedef {import("./store.js").ProcessState} ProcessState */

const main = need("#processes");
const body = need("tbody", main);
const empty = need("#no-processes", main);
const connection = new Connection(main.dataset.liveUrl ?? "", { draw });
/** @type {Map<string, HTMLElement>} */
const rows = new Map();
const collator = new Intl.Collator("en", { numeric: true });

// The time since the last commit grows while nothing arrives.
window.setInterval(() => {
  if (!document.hidden) draw();
}, 1000);

function draw() {
  const { store } = connection;
  if (!store.at) return;
  const names = [...store.processes.keys()].sort(collator.compare);
  const counts = countStats();
  for (const [name, row] of rows) if (!store.processes.has(name)) drop(name, row);
  names.forEach((name, index) => {
    const row = rows.get(name) ?? create(name);
    if (body.children[index] !== row) body.insertBefore(row, body.children[index] ?? null);
    fill(row, /** @type {ProcessState} */ (store.processes.get(name)), counts.get(name) ?? 0);
  });
  empty.hidden = names.length > 0;
}

function countStats() {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const stat of connection.store.stats.values()) counts.set(stat.proc, (counts.get(stat.proc) ?? 0) + 1);
  return counts;
}

/**
 * @param {string} name
 * @param {HTMLElement} row
 */
function drop(name, row) {
  row.remove();
  rows.delete(name);
}

/** @param {string} name */
function create(name) {
  const state = make("td", "", [make("span", "state"), make("span", "state-word")]);
  const cells = ["uptime", "mem", "cpu", "errors", "warnings", "stats", "commit"].map(() => make("td", "number"));
  const row = make("tr", "", [make("th", "", name, { scope: "row" }), state, ...cells]);
  rows.set(name, row);
  return row;
}

/**
 * @param {HTMLElement} row
 * @param {ProcessState} process
 * @param {number} stats
 */
function fill(row, process, stats) {
  const [mark, word] = row.children[1].children;
  mark.className = `state ${process.state}`;
  say(word, process.state);
  const texts = [
    uptime(process.upt),
    bytes(process.mem),
    percent(process.cpu),
    number(process.err),
    number(process.wrn),
    number(stats),
    `${since(connection.now() - process.seen)} ago`,
  ];
  texts.forEach((text, index) => say(row.children[index + 2], text));
  row.children[5].classList.toggle("bad", process.err > 0);
  row.children[6].classList.toggle("warned", process.wrn > 0);
}

// @ts-check
/** The elements of one row of the tree, made once and filled again as rows come and go. */

import { make, say } from "./element.js";
import { bytes, percent, uptime } from "./format.js";
import { colour } from "./palette.js";
import { drawSpark } from "./spark.js";
import { averageText, isIdle, valueText } from "./stat-text.js";

/** @typedef {import("./tree.js").Row} Row */
/** @typedef {import("./store.js").Store} Store */

/**
 * @typedef {object} Look what a row's look depends on besides the store
 * @property {ReadonlySet<string>} favourites
 * @property {ReadonlySet<string>} open keys of stats with an open plot
 */

const TYPES = { c: "counter", g: "gauge", ms: "timer" };
const STATES = { up: "up", silent: "silent", down: "down" };

/** @type {Record<string, () => HTMLElement>} */
const MAKERS = {
  stat: () => {
    const canvas = make("canvas", "spark", "", { "aria-hidden": "true" });
    const star = make("span", "star", "", { "aria-hidden": "true", title: "Favourite (f)" });
    const parts = [make("span", "mark", "", { role: "img" }), make("span", "name"), canvas];
    return make("div", "row stat", [...parts, make("span", "value"), make("span", "average"), star]);
  },
  group: () => make("div", "row group", [make("span", "twist"), make("span", "name"), make("span", "meta")]),
  process: () => {
    const state = make("span", "state", "", { role: "img" });
    return make("div", "row process", [make("span", "twist"), state, make("span", "name"), make("span", "meta")]);
  },
};

/**
 * An empty row for a kind of node.
 * @param {string} kind
 */
export function makeRow(kind) {
  const element = (MAKERS[kind] ?? MAKERS.group)();
  element.setAttribute("role", "treeitem");
  return element;
}

/**
 * @param {HTMLElement} element
 * @param {string} selector
 */
const part = (element, selector) => /** @type {HTMLElement} */ (element.querySelector(selector));

/**
 * Everything of a row: after it was made, taken from the pool, or moved in the tree.
 * @param {HTMLElement} element
 * @param {Row} row
 * @param {Store} store
 * @param {Look} look
 */
export function fillRow(element, row, store, look) {
  const { node } = row;
  element.style.setProperty("--depth", String(row.depth));
  element.setAttribute("aria-level", String(row.depth + 1));
  element.setAttribute("aria-posinset", String(row.place));
  element.setAttribute("aria-setsize", String(row.siblings));
  if (node.kind === "stat") {
    fillStat(element, node, look);
  } else {
    element.setAttribute("aria-expanded", String(row.expanded));
    element.classList.toggle("favourites", node.kind === "favourites");
  }
  say(part(element, ".name"), node.label);
  refreshRow(element, row, store);
}

/**
 * @param {HTMLElement} element
 * @param {import("./tree.js").Node} node
 * @param {Look} look
 */
function fillStat(element, node, look) {
  for (const typ of Object.keys(TYPES)) element.classList.toggle(typ, typ === node.typ);
  const type = TYPES[/** @type {keyof typeof TYPES} */ (node.typ)];
  const mark = part(element, ".mark");
  mark.className = `mark ${type}`;
  mark.setAttribute("aria-label", type);
  part(element, ".name").title = node.stat.split("/").filter((_, index) => index !== 1).join(" › ");
  element.setAttribute("aria-selected", String(look.open.has(node.stat)));
  element.classList.toggle("starred", look.favourites.has(node.stat));
}

/**
 * The values of a row.
 * @param {HTMLElement} element
 * @param {Row} row
 * @param {Store} store
 */
export function refreshRow(element, row, store) {
  if (row.node.kind === "stat") refreshStat(element, row, store);
  else if (row.node.kind === "process") refreshProcess(element, row, store);
  else say(part(element, ".meta"), row.node.kind === "group" ? String(row.node.count) : "");
}

/**
 * @param {HTMLElement} element
 * @param {Row} row
 * @param {Store} store
 */
function refreshStat(element, row, store) {
  const stat = store.stats.get(row.node.stat);
  if (!stat) return;
  say(part(element, ".value"), valueText(stat));
  say(part(element, ".average"), averageText(stat));
  element.classList.toggle("idle", isIdle(stat));
  element.classList.toggle("emphasised", stat.emp);
  refreshSpark(element, row, store);
}

/**
 * The sparkline alone: it moves on with each slot, values or none.
 * @param {HTMLElement} element
 * @param {Row} row
 * @param {Store} store
 */
export function refreshSpark(element, row, store) {
  const stat = row.node.kind === "stat" ? store.stats.get(row.node.stat) : undefined;
  const canvas = element.querySelector("canvas");
  if (stat && canvas) drawSpark(canvas, stat, store.slot, colour(stat.typ));
}

/**
 * @param {HTMLElement} element
 * @param {Row} row
 * @param {Store} store
 */
function refreshProcess(element, row, store) {
  const process = store.processes.get(row.node.label);
  const state = part(element, ".state");
  const name = process ? STATES[process.state] : "silent";
  if (!state.classList.contains(name)) {
    state.className = `state ${name}`;
    state.setAttribute("aria-label", name);
  }
  say(part(element, ".meta"), process ? processText(process) : "");
}

/**
 * Uptime, memory and processor of a process, as far as they are known.
 * @param {import("./store.js").ProcessState} process
 */
export function processText(process) {
  const parts = [
    process.upt === null ? "" : uptime(process.upt),
    process.mem === null ? "" : bytes(process.mem),
    process.cpu === null ? "" : percent(process.cpu),
  ];
  return parts.filter(Boolean).join(" · ");
}

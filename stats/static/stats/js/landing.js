// @ts-check
/** The landing page: entry point. This server's own stats, live. */

import { Connection } from "./connection.js";
import { need, say } from "./element.js";
import { opened, suggested } from "./open-plots.js";
import { onColours } from "./palette.js";
import { Plot } from "./plot.js";
import { fillRow, makeRow, refreshRow } from "./row-view.js";
import { wireSnippets } from "./snippets.js";

/** Stats in the strip; the first is also plotted. */
const SHOWN = 6;
/** What a row says of its place in a tree; here it stands in none. */
const OF_A_TREE = ["role", "aria-level", "aria-posinset", "aria-setsize", "aria-selected"];

/** @typedef {import("./tree.js").Row} Row */

const strip = need("#strip");
const { liveUrl = "", historyUrl = "" } = strip.dataset;
const connection = new Connection(liveUrl, { draw });
/** @type {{ element: HTMLElement, row: Row }[]} */
let rows = [];
/** @type {Plot | null} */
let plot = null;
let drawn = 0;

wireSnippets();
onColours(() => plot?.recolour());

/** Choose what is shown, as soon as there is something. */
function choose() {
  const chosen = suggested(connection.store.stats.values(), SHOWN);
  rows = chosen.map(({ stat: key }, index) => {
    const [proc, typ, nam] = key.split("/");
    const label = `${proc} › ${nam}`;
    const kind = /** @type {const} */ ("stat");
    const node = { kind, key, label, children: [], stat: key, typ, search: "", count: 1 };
    const row = { node, key, depth: 0, expanded: false, parent: -1, place: index + 1, siblings: chosen.length };
    const element = makeRow("stat");
    fillRow(element, row, connection.store, { favourites: new Set(), open: new Set() });
    for (const name of OF_A_TREE) element.removeAttribute(name);
    return { element, row };
  });
  need(".strip-rows", strip).replaceChildren(...rows.map(({ element }) => element));
  if (chosen.length) openPlot(chosen[0].stat);
}

/** @param {string} stat */
function openPlot(stat) {
  const nothing = () => {};
  const host = { store: connection.store, historyUrl, marksUrl: "", ruleUrl: "", account: "0", now: connection.now };
  const deeds = { close: nothing, star: nothing, starred: () => false, changed: nothing };
  plot = new Plot(opened(stat), { ...host, ...deeds });
  need(".strip-plot", strip).replaceChildren(plot.element);
  void plot.load();
  window.setInterval(() => {
    if (!document.hidden) void plot?.load();
  }, 60_000);
}

function draw() {
  if (!rows.length) choose();
  for (const { element, row } of rows) refreshRow(element, row, connection.store);
  const { processes, stats } = connection.store;
  const words = `${processes.size} ${processes.size === 1 ? "process" : "processes"}, ${stats.size} stats`;
  say(need(".strip-count", strip), stats.size ? words : "starting");
  if (performance.now() - drawn > 250) {
    drawn = performance.now();
    plot?.tick();
  }
}

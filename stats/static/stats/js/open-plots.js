// @ts-check
/** Which plots are open, written as text: for the address, so that a page can be sent to somebody, and to be kept. */

/** @typedef {import("./plot-data.js").Span} Span */

/**
 * @typedef {object} OpenPlot
 * @property {string} stat key: process/type/name
 * @property {number} step minutes, 0: as suits the span
 * @property {Span} span
 * @property {number[]} percentiles of a timer that are drawn, in ascending order
 */

/** What can be drawn of a timer beside average, band and maximum. */
export const PERCENTILES = [50, 90, 99];
const STEPS = [0, 1, 2, 5, 10];
const KEY = /^[A-Za-z0-9_.:!-]+\/(c|g|ms)\/[A-Za-z0-9_.:!-]+$/;

/**
 * @param {OpenPlot} plot
 * @returns {string} "api/ms/query", with "~step", "~span" and "~50-99" where they were chosen
 */
export function written(plot) {
  const percentiles = plot.percentiles.length ? `~${plot.percentiles.join("-")}` : "";
  if (plot.span === "auto" && !plot.step && !percentiles) return plot.stat;
  return `${plot.stat}~${plot.step}~${plot.span}${percentiles}`;
}

/**
 * A plot as it is opened first.
 * @param {string} stat
 * @returns {OpenPlot}
 */
export function opened(stat) {
  return { stat, step: 0, span: "auto", percentiles: [] };
}

/**
 * @param {string} text
 * @returns {OpenPlot | null} null for what is no plot
 */
export function read(text) {
  const [stat, step = "0", span = "auto", percentiles = ""] = text.split("~");
  const type = KEY.exec(stat)?.[1];
  if (!type) return null;
  const chosen = percentiles.split("-");
  return {
    stat,
    step: STEPS.includes(Number(step)) ? Number(step) : 0,
    span: span === "1h" || span === "6h" || span === "day" ? span : "auto",
    percentiles: type === "ms" ? PERCENTILES.filter((percentile) => chosen.includes(String(percentile))) : [],
  };
}

/**
 * @param {OpenPlot[]} plots
 * @returns {string} "#plots=…", or "" for none
 */
export function toHash(plots) {
  return plots.length ? `#plots=${plots.map(written).join(",")}` : "";
}

/**
 * @param {string} hash
 * @returns {OpenPlot[]}
 */
export function fromHash(hash) {
  const list = /^#plots=(.*)$/.exec(hash)?.[1] ?? "";
  let text = list;
  try {
    text = decodeURIComponent(list);
  } catch {
    // A cut-off escape: what can be read of the address as it stands is still opened.
  }
  return text.split(",").map(read).filter((plot) => plot !== null);
}

/**
 * Plots for somebody's first visit, of what has values now: emphasised stats before others, timers before counters
 * before gauges, what moves all the time before what is big for a moment.
 * @param {Iterable<import("./store.js").Stat>} stats
 * @param {number} count
 * @returns {OpenPlot[]}
 */
export function suggested(stats, count) {
  const order = { ms: 2, c: 1, g: 0 };
  const all = [...stats].filter((stat) => stat.typ === "g" || (stat.rate ?? 0) > 0);
  // What the server and the clients make themselves is for a first look only where there is nothing else.
  const told = all.filter((stat) => !stat.key.includes("/dattss."));
  const moving = told.length ? told : all;
  moving.sort(
    (one, other) =>
      Number(other.emp) - Number(one.emp) ||
      order[other.typ] - order[one.typ] ||
      filled(other) - filled(one) ||
      (other.rate ?? 0) - (one.rate ?? 0),
  );
  return spreadOverTypes(moving, count).map((stat) => opened(stat.key));
}

/**
 * How many of the last slots had values.
 * @param {import("./store.js").Stat} stat
 */
function filled(stat) {
  return stat.trail.points.filter((value) => value !== null).length;
}

/**
 * The first of each type in turn, so that a first look shows the kinds of plots there are.
 * @param {import("./store.js").Stat[]} stats
 * @param {number} count
 */
function spreadOverTypes(stats, count) {
  const emphasised = stats.filter((stat) => stat.emp).slice(0, count);
  const queues = ["ms", "c", "g"].map((typ) => stats.filter((stat) => stat.typ === typ && !emphasised.includes(stat)));
  const chosen = [...emphasised];
  while (chosen.length < count && queues.some((queue) => queue.length)) {
    for (const queue of queues) {
      const next = queue.shift();
      if (next && chosen.length < count) chosen.push(next);
    }
  }
  return chosen;
}

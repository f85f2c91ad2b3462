// @ts-check
/** The elements of a plot around its chart. */

import { make } from "./element.js";
import { PERCENTILES } from "./open-plots.js";

const TYPES = new Map([["c", "counter"], ["g", "gauge"], ["ms", "timer"]]);
const STEPS = [1, 2, 5, 10];
/** @type {[string, string][]} */
const SPANS = [["1h", "1 h"], ["6h", "6 h"], ["day", "Day"]];

/**
 * @param {string} proc
 * @param {string} typ
 * @param {string} nam
 * @param {string} rule address of a form for a rule on it; empty where none can be made
 * @param {import("./plot-marks.js").PlotMarks} marks
 */
export function frameOf(proc, typ, nam, rule, marks) {
  const type = TYPES.get(typ) ?? "counter";
  const path = [proc, ...nam.split(".")].join(" › ");
  const value = make("span", "plot-value");
  const sentence = make("span", "plot-sentence");
  const area = make("div", "plot-area", [], { role: "img", "aria-label": path });
  const words = make("table", "visually-hidden");
  const legend = legendOf();
  const mark = make("span", `mark ${type}`, [], { role: "img", "aria-label": type });
  const title = make("h2", "plot-title", [mark, make("span", "", path, { title: path })]);
  const head = make("header", "plot-head", [title, marks.watched, tools(typ, rule)]);
  const headline = make("p", "plot-headline", [value, sentence]);
  const parts = [head, headline, make("div", "plot-stage", [area, marks.note]), legend.root, marks.element, words];
  const element = make("section", `plot ${type}`, parts, { "aria-label": path });
  return { element, value, sentence, area, legend, words };
}

/**
 * @param {string} typ
 * @param {string} rule
 */
function tools(typ, rule) {
  const steps = STEPS.map((step) => choice(String(step), `${step}-minute steps`, "step", String(step)));
  const spans = SPANS.map(([span, name]) => choice(name, `Show ${name}`, "span", span));
  const deeds = [["star", "Favourite"], ["full", "Full screen"], ["close", "Close"]];
  const shares = typ === "ms" ? PERCENTILES : [];
  const percentiles = shares.map((share) => choice(`p${share}`, `Draw the ${share}th percentile`, "percentile", String(share)));
  return make("div", "plot-tools", [
    ...(percentiles.length ? [make("div", "choices percentiles", percentiles, { role: "group", "aria-label": "Percentiles" })] : []),
    make("div", "choices", [...steps, make("span", "choices-unit", "min")], { role: "group", "aria-label": "Step" }),
    make("div", "choices", spans, { role: "group", "aria-label": "Part of the day" }),
    ...(rule ? [make("div", "choices", [make("a", "choice", "Make a rule", { href: rule, title: "Be told when this stat is not as it should be" })])] : []),
    make("div", "choices", deeds.map(([deed, title]) => choice("", title, "do", deed))),
  ]);
}

function legendOf() {
  const time = make("span", "legend-time");
  const today = make("span", "legend-today");
  const percentiles = make("span", "legend-percentiles");
  const usual = make("span", "legend-usual");
  const more = make("span", "legend-more");
  const range = make("span", "legend-range");
  // The same is told in the table and the label: read aloud with each move of the mouse it would only be noise.
  const root = make("p", "plot-legend", [time, today, percentiles, usual, range, more], { "aria-hidden": "true" });
  return { time, today, percentiles, usual, range, more, root };
}

/**
 * @param {string} text empty: an icon
 * @param {string} title
 * @param {"step" | "span" | "percentile" | "do"} name
 * @param {string} value
 */
function choice(text, title, name, value) {
  return make("button", text ? "choice" : `choice icon ${value}`, text, {
    type: "button",
    title,
    "aria-label": title,
    [`data-${name}`]: value,
  });
}

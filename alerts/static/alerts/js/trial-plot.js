// @ts-check
/** A stat's past week, where a rule would have fired, and its limit, which is dragged. */

import uPlot from "../../uplot/uPlot.esm.js";
import { make } from "../../stats/js/element.js";
import { colour, onColours, veil } from "../../stats/js/palette.js";

/**
 * @typedef {object} Tried what the server answers of a trial
 * @property {number} start Unix seconds
 * @property {number} step seconds
 * @property {(number | null)[]} low
 * @property {(number | null)[]} high
 * @property {(number | null)[]} least below it the value is bad
 * @property {(number | null)[]} most above it the value is bad
 * @property {{ begin: number, end: number | null }[]} alarms
 * @property {number} per_week
 * @property {number} seconds how long the alarms lasted
 * @property {Record<string, number>} messages by channel
 * @property {number | null} cost
 * @property {string} currency
 * @property {{ condition: Record<string, unknown>, forecast: number, alarms: number } | null} proposal
 */

/**
 * @typedef {object} PlotOptions
 * @property {import("../../stats/js/palette.js").Colour} typ
 * @property {(value: number | null | undefined) => string} unit
 * @property {string} tz
 * @property {(limit: number) => void} moved the limit is being dragged
 * @property {() => void} dropped
 */

const DAY = 86_400;

export class TrialPlot {
  /** @type {Tried | null} */
  #tried = null;
  /** @type {number | null} */
  #limit = null;
  #dragging = false;

  /**
   * @param {HTMLElement} host
   * @param {PlotOptions} options
   */
  constructor(host, options) {
    this.host = host;
    this.options = options;
    this.handle = make("div", "limit", [], { role: "slider", tabindex: "0", "aria-label": "Limit on the plot", "aria-orientation": "vertical" });
    host.replaceChildren();
    this.plot = new uPlot(this.#options(), undefined, host);
    this.plot.over.append(this.handle);
    this.#listen();
    onColours(() => this.plot.redraw(false, true));
    new ResizeObserver(() => this.#fit()).observe(host);
  }

  /**
   * @param {Tried} tried
   * @param {number | null} limit that can be dragged; null where there is none
   */
  draw(tried, limit) {
    this.#tried = tried;
    this.#limit = limit;
    const xs = tried.low.map((_, place) => tried.start + place * tried.step);
    this.plot.setData([xs, tried.high, tried.low, tried.most, tried.least]);
    this.#place();
  }

  #fit() {
    const { clientWidth: width, clientHeight: height } = this.host;
    if (width && height) this.plot.setSize({ width, height });
    this.#place();
  }

  #listen() {
    const { handle } = this;
    handle.addEventListener("pointerdown", (event) => {
      this.#dragging = true;
      handle.setPointerCapture(event.pointerId);
      event.preventDefault();
      event.stopPropagation();
      handle.focus();
    });
    handle.addEventListener("pointermove", (event) => {
      if (!this.#dragging) return;
      const top = event.clientY - this.plot.over.getBoundingClientRect().top;
      this.#move(this.plot.posToVal(Math.min(Math.max(top, 0), this.plot.over.clientHeight), "y"));
    });
    for (const end of ["pointerup", "pointercancel"]) {
      handle.addEventListener(end, () => {
        if (!this.#dragging) return;
        this.#dragging = false;
        this.options.dropped();
      });
    }
    handle.addEventListener("keydown", (event) => {
      const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (!way || this.#limit === null) return;
      event.preventDefault();
      const { min = 0, max = 1 } = this.plot.scales.y;
      this.#move(this.#limit + (way * (max - min)) / 50);
      this.options.dropped();
    });
  }

  /** @param {number} value */
  #move(value) {
    this.#limit = rounded(value, (this.plot.scales.y.max ?? 1) - (this.plot.scales.y.min ?? 0));
    this.options.moved(this.#limit);
    this.#place();
  }

  /** Put the handle where the limit is. */
  #place() {
    const limit = this.#limit;
    this.handle.hidden = limit === null || !this.#tried;
    if (limit === null || !this.#tried) return;
    const height = this.plot.over.clientHeight;
    const top = this.plot.valToPos(limit, "y");
    this.handle.style.top = `${Math.min(Math.max(top, 0), height)}px`;
    this.handle.dataset.value = this.options.unit(limit);
    this.handle.setAttribute("aria-valuenow", String(limit));
    this.handle.setAttribute("aria-valuetext", this.options.unit(limit));
  }

  /** @returns {uPlot.Options} */
  #options() {
    const line = () => colour(this.options.typ);
    const bound = { stroke: () => colour("usual"), width: 1.25, dash: [5, 4], points: { show: false } };
    return {
      width: this.host.clientWidth || 600,
      height: this.host.clientHeight || 220,
      padding: [8, 16, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false }, y: { range: (_, low, high) => this.#range(low, high) } },
      axes: [this.#days(), { ...axis(), size: 68, gap: 6, space: 44, values: (_, splits) => splits.map((value) => this.options.unit(value)) }],
      series: [
        {},
        { stroke: line, width: 1.25, points: { show: false } },
        { stroke: () => veil(this.options.typ, 0.55), width: 0.75, points: { show: false } },
        bound,
        bound,
      ],
      bands: [{ series: [1, 2], fill: () => veil(this.options.typ, 0.16) }],
      hooks: { drawAxes: [(plot) => this.#drawAlarms(plot)] },
    };
  }

  /**
   * @param {number | null} low
   * @param {number | null} high
   * @returns {[number, number]}
   */
  #range(low, high) {
    const limit = this.#limit;
    const bottom = Math.min(low ?? 0, limit ?? 0, 0);
    const top = Math.max(high ?? 1, limit ?? 0);
    return [bottom, top > bottom ? top + (top - bottom) * 0.15 : bottom + 1];
  }

  /** @returns {uPlot.Axis} */
  #days() {
    const format = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", timeZone: this.options.tz });
    return {
      ...axis(),
      size: 24,
      gap: 4,
      splits: (plot, _, min) => {
        const every = plot.bbox.width / (window.devicePixelRatio || 1) < 400 ? 2 : 1;
        return Array.from({ length: Math.ceil(7 / every) }, (_, day) => min + (day * every + 0.5) * DAY);
      },
      values: (_, splits) => splits.map((at) => format.format(at * 1000)),
    };
  }

  /**
   * Where it would have fired: a tint over the time, and a mark above it that colour alone does not carry.
   * @param {uPlot} plot
   */
  #drawAlarms(plot) {
    if (!this.#tried) return;
    const { ctx, bbox } = plot;
    const until = this.#tried.start + this.#tried.low.length * this.#tried.step;
    const ratio = window.devicePixelRatio || 1;
    ctx.save();
    for (const { begin, end } of this.#tried.alarms) {
      const from = plot.valToPos(begin, "x", true);
      const to = Math.max(plot.valToPos(end ?? until, "x", true), from + 2 * ratio);
      ctx.fillStyle = veil("error", 0.18);
      ctx.fillRect(from, bbox.top, to - from, bbox.height);
      ctx.fillStyle = colour("error");
      ctx.fillRect(from, bbox.top, Math.max(to - from, 6 * ratio), 4 * ratio);
    }
    ctx.restore();
  }
}

/**
 * A limit as people write it: to a hundredth of what is seen.
 * @param {number} value
 * @param {number} span
 */
export function rounded(value, span) {
  const step = 10 ** Math.floor(Math.log10(Math.max(span, 1e-9) / 100));
  return Number((Math.round(value / step) * step).toPrecision(12));
}

/** @returns {uPlot.Axis} */
function axis() {
  return {
    font: `11px ${getComputedStyle(document.body).fontFamily}`,
    stroke: () => colour("muted"),
    grid: { stroke: () => colour("line"), width: 1 },
    ticks: { show: false },
    border: { show: false },
  };
}

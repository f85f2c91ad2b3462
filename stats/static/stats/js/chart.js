// @ts-check
/** uPlot, dressed for a stat: today over the usual, the live dot at the end, few labels. */

import uPlot from "../../uplot/uPlot.esm.js";
import { drawIncidents, drawLimits } from "./chart-marks.js";
import { bytes, clock, unitOf } from "./format.js";
import { NO_MARKS, reach } from "./marks.js";
import { colour, veil } from "./palette.js";
import { isolated } from "./plot-data.js";

/** @typedef {import("./plot-data.js").Columns} Columns */

/**
 * @typedef {object} ChartOptions
 * @property {string} typ
 * @property {string} nam
 * @property {string} tz
 * @property {boolean} log
 * @property {(index: number | null) => void} hover
 */

/** The series after x, by the columns that they draw. */
const SERIES = /** @type {const} */ (["usualHigh", "usualLow", "week", "bandHigh", "bandLow", "max", "p50", "p90", "p99", "today"]);
const TODAY = SERIES.indexOf("today") + 1;
const PERCENTILES = /** @type {const} */ (["p50", "p90", "p99"]);
/** Height of a line's name, in CSS pixels. */
const NAME_HEIGHT = 11;
/** A canvas cannot read the page's font from a custom property. */
const FONT = `11px ${getComputedStyle(document.body).fontFamily}`;
/** Distances of time labels, in seconds. */
const TIME_STEPS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600];
/** Distances of value labels that are whole in binary units, from a byte up. */
const BINARY_STEPS = Array.from({ length: 51 }, (_, power) => 2 ** power);

export class Chart {
  /** @type {{ min: number, max: number } | null} the part that was drawn out with the mouse */
  #zoom = null;
  #window = { from: 0, to: 1 };
  #current = 0;
  #start = 0;
  #marks = NO_MARKS;
  #now = 0;

  /**
   * @param {HTMLElement} host
   * @param {ChartOptions} options
   */
  constructor(host, options) {
    this.host = host;
    this.options = options;
    this.plot = new uPlot(this.#options(), undefined, host);
    this.plot.over.addEventListener("dblclick", () => this.#setZoom(null));
  }

  /**
   * @param {Columns} columns
   * @param {{ from: number, to: number }} range of time that is seen
   * @param {import("./marks.js").Marks} marks
   * @param {number} now Unix seconds
   */
  draw(columns, range, marks, now) {
    this.#window = range;
    this.#marks = marks;
    this.#now = now;
    this.#current = columns.current;
    this.#start = columns.x[0];
    this.plot.setData([columns.x, ...SERIES.map((name) => columns[name])]);
  }

  /** Take the host's size and the page's colours. */
  fit() {
    const { clientWidth: width, clientHeight: height } = this.host;
    const same = width === this.plot.width && height === this.plot.height;
    if (width && height && !same) this.plot.setSize({ width, height });
  }

  /**
   * Whether a point lies in the left half.
   * @param {number | null} index
   */
  isLeft(index) {
    if (index === null) return false;
    return this.plot.valToPos(this.plot.data[0][index], "x") < this.plot.over.clientWidth / 2;
  }

  recolour() {
    this.plot.redraw(false, true);
  }

  destroy() {
    this.plot.destroy();
  }

  /** @param {{ min: number, max: number } | null} zoom */
  #setZoom(zoom) {
    this.#zoom = zoom;
    const { from, to } = this.#window;
    this.plot.setScale("x", zoom ?? { min: from, max: to });
  }

  /** @returns {uPlot.Options} */
  #options() {
    return {
      width: this.host.clientWidth || 600,
      height: this.host.clientHeight || 200,
      padding: [8, 20, 0, 0],
      legend: { show: false },
      cursor: this.#cursor(),
      scales: {
        x: { time: false, range: () => this.#xRange() },
        y: { distr: this.options.log ? 3 : 1, range: (_, low, high) => this.#yRange(low, high) },
      },
      axes: [this.#timeAxis(), this.#valueAxis()],
      series: [{}, ...this.#series()],
      bands: [
        { series: [1, 2], fill: () => colour("band") },
        { series: [4, 5], fill: () => veil(this.#colour(), 0.16) },
      ],
      hooks: {
        drawClear: [(plot) => drawIncidents(plot, this.#marks, this.#now)],
        draw: [(plot) => this.#drawLimits(plot), (plot) => this.#drawNames(plot), (plot) => this.#drawDot(plot)],
        setSelect: [(plot) => this.#selected(plot)],
      },
    };
  }

  #colour() {
    return /** @type {import("./palette.js").Colour} */ (this.options.typ);
  }

  /** @returns {uPlot.Cursor} */
  #cursor() {
    return {
      y: false,
      drag: { x: true, y: false, setScale: false, dist: 6 },
      points: { show: (_, index) => cursorPoint(index), size: 7, fill: () => colour(this.#colour()) },
      // The crosshair stands at the same time in all plots; what is drawn out in one stays in that one.
      sync: {
        key: "day",
        scales: ["x", null],
        setSeries: false,
        filters: { pub: (type) => !/down|up|dbl/.test(type) },
      },
      move: (plot, left, top) => {
        queueMicrotask(() => this.options.hover(plot.cursor.idx ?? null));
        return [left, top];
      },
    };
  }

  /** @returns {uPlot.Series[]} */
  #series() {
    const hidden = { width: 0, points: { show: false } };
    const dots = /** @type {uPlot.Series.Points} */ ({
      show: true, size: 4, width: 0, fill: () => colour(this.#colour()),
      filter: (plot, series) => isolated(/** @type {(number | null)[]} */ (plot.data[series])),
    });
    return [
      hidden,
      hidden,
      { stroke: () => colour("usual"), width: 1.25, dash: [5, 4], points: { show: false } },
      hidden,
      hidden,
      { stroke: () => veil(this.#colour(), 0.55), width: 0.75, points: { show: false } },
      ...PERCENTILES.map(() => this.#percentile()),
      {
        stroke: () => colour(this.#colour()),
        width: 1.75,
        fill: () => veil(this.#colour(), 0.09),
        fillTo: this.#fillTo(),
        points: dots,
      },
    ];
  }

  /** @returns {uPlot.Series} */
  #percentile() {
    return { stroke: () => veil(this.#colour(), 0.85), width: 1.15, points: { show: false } };
  }

  /** @returns {[number, number]} */
  #xRange() {
    return this.#zoom ? [this.#zoom.min, this.#zoom.max] : [this.#window.from, this.#window.to];
  }

  /** The area stands on the axis; on a logarithmic one, on its lower edge. */
  #fillTo() {
    return (/** @type {uPlot} */ plot) => {
      const low = plot.scales.y.min ?? 0;
      return this.options.log ? low : Math.max(low, 0);
    };
  }

  /**
   * @param {number | null} low
   * @param {number | null} high
   * @returns {[number, number]}
   */
  #yRange(low, high) {
    if (low === null || high === null) return this.options.log ? [1, 10] : [0, 1];
    [low, high] = reach(low, high, this.#marks.rules);
    if (this.options.log) return logRange(low, high);
    // A gauge that stays far from zero shows its movement; all else stands on zero.
    const onHighGround = this.options.typ === "g" && low > 0 && low > high * 0.6;
    if (!onHighGround) return [Math.min(0, low), high > 0 ? high * 1.08 : 1];
    const room = (high - low || high * 0.1) * 0.15;
    return [low - room, high + room];
  }

  /** @param {uPlot} plot */
  #drawLimits(plot) {
    drawLimits(plot, this.#marks, unitOf(this.options.typ, this.options.nam), this.#now);
  }

  /** @returns {uPlot.Axis} */
  #timeAxis() {
    const { time } = clock(this.options.tz);
    return {
      ...axis(),
      size: 24,
      gap: 4,
      splits: (plot, _, min, max) => this.#timeSplits(plot, min, max),
      values: (_, splits) => splits.map((epoch) => time(epoch)),
    };
  }

  /**
   * @param {uPlot} plot
   * @param {number} min
   * @param {number} max
   */
  #timeSplits(plot, min, max) {
    const room = plot.bbox.width / (window.devicePixelRatio || 1) / 90;
    const step = TIME_STEPS.find((seconds) => (max - min) / seconds <= room) ?? 21_600;
    const splits = [];
    for (let at = this.#start + Math.ceil((min - this.#start) / step) * step; at <= max; at += step) splits.push(at);
    return splits;
  }

  /** @returns {uPlot.Axis} */
  #valueAxis() {
    const unit = unitOf(this.options.typ, this.options.nam);
    return {
      ...axis(),
      size: 68,
      gap: 6,
      space: 44,
      values: (_, splits) => splits.map((value) => (value === null ? "" : unit(value))),
      ...(unit === bytes ? { incrs: BINARY_STEPS } : {}),
      ...(this.options.log ? { splits: (_, __, min, max) => logSplits(min, max), filter: (_, splits) => splits } : {}),
    };
  }

  /**
   * The names of the percentiles, behind the ends of their lines: the lowest first, so that none lies on another.
   * @param {uPlot} plot
   */
  #drawNames(plot) {
    const { ctx } = plot;
    const ratio = window.devicePixelRatio || 1;
    ctx.save();
    ctx.font = `600 ${10 * ratio}px ${getComputedStyle(document.body).fontFamily}`;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    ctx.lineJoin = "round";
    ctx.lineWidth = 4 * ratio;
    ctx.strokeStyle = colour("surface");
    ctx.fillStyle = colour(this.#colour());
    let free = plot.bbox.top + plot.bbox.height - (NAME_HEIGHT / 2) * ratio;
    for (const name of PERCENTILES) {
      const end = this.#endOf(plot, SERIES.indexOf(name) + 1);
      if (!end) continue;
      const x = Math.min(end.x + 9 * ratio, plot.bbox.left + plot.bbox.width - 4 * ratio);
      const y = Math.min(end.y, free);
      free = y - NAME_HEIGHT * ratio;
      ctx.strokeText(name, x, y);
      ctx.fillText(name, x, y);
    }
    ctx.restore();
  }

  /**
   * Where a line ends in sight, in pixels of the canvas.
   * @param {uPlot} plot
   * @param {number} series
   */
  #endOf(plot, series) {
    const [from, to] = this.#xRange();
    const xs = plot.data[0];
    const last = plot.data[series].findLastIndex((value, index) => value !== null && xs[index] >= from && xs[index] <= to);
    const value = last < 0 ? null : plot.data[series][last];
    if (value === null || value === undefined) return null;
    return { x: plot.valToPos(xs[last], "x", true), y: plot.valToPos(value, "y", true) };
  }

  /** @param {uPlot} plot */
  #drawDot(plot) {
    const value = plot.data[TODAY]?.[this.#current];
    if (value === null || value === undefined) return;
    const x = plot.valToPos(plot.data[0][this.#current], "x", true);
    const y = plot.valToPos(value, "y", true);
    const ratio = window.devicePixelRatio || 1;
    if (x < plot.bbox.left || x > plot.bbox.left + plot.bbox.width) return;
    const { ctx } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.arc(x, y, 4 * ratio, 0, 2 * Math.PI);
    ctx.fillStyle = colour(this.#colour());
    ctx.strokeStyle = colour("surface");
    ctx.lineWidth = 2 * ratio;
    ctx.stroke();
    ctx.fill();
    ctx.restore();
  }

  /** @param {uPlot} plot */
  #selected(plot) {
    const { left, width } = plot.select;
    if (width > 0) {
      this.#setZoom({ min: plot.posToVal(left, "x"), max: plot.posToVal(left + width, "x") });
      plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    }
  }
}

/**
 * Only today's line carries a point under the crosshair.
 * @param {number} series
 */
function cursorPoint(series) {
  const point = document.createElement("div");
  point.hidden = series !== TODAY;
  return point;
}

/** @returns {uPlot.Axis} */
function axis() {
  return {
    font: FONT,
    stroke: () => colour("muted"),
    grid: { stroke: () => colour("line"), width: 1 },
    ticks: { show: false },
    border: { show: false },
  };
}

/**
 * The 1, 2, 5, 10, 20 … that enclose a range.
 * @param {number} low
 * @param {number} high
 * @returns {[number, number]}
 */
function logRange(low, high) {
  const least = low > 0 ? low : high / 1000 || 1;
  const decade = 10 ** Math.floor(Math.log10(least));
  const from = [5, 2, 1].map((times) => times * decade).find((edge) => edge <= least) ?? decade;
  return [from, Math.max(high * 1.2, from * 10)];
}

/**
 * @param {number} min
 * @param {number} max
 */
function logSplits(min, max) {
  const splits = [];
  const dense = max / min < 100;
  for (let decade = 10 ** Math.floor(Math.log10(min)); decade <= max; decade *= 10) {
    for (const times of dense ? [1, 3] : [1]) {
      if (decade * times >= min && decade * times <= max) splits.push(decade * times);
    }
  }
  return splits;
}

// @ts-check
/** One open plot: its title, headline, tools and legend around the chart, and the same in words. */

import { Chart } from "./chart.js";
import { make, say } from "./element.js";
import { NOTHING, clock, difference, duration, unitOf } from "./format.js";
import { frameOf } from "./plot-frame.js";
import { HistoryError, dayUrl, fetchDay } from "./history.js";
import { PERCENTILES } from "./open-plots.js";
import { usualName } from "./marks.js";
import { PlotMarks } from "./plot-marks.js";
import { binAt, columnsOf, headlineOf, liveSample, percentileOf, usualAt, wantsLog, windowOf } from "./plot-data.js";
import { TIME_ZONE } from "./time-zone.js";

/** @typedef {import("./plot-data.js").Day} Day */
/** @typedef {import("./open-plots.js").OpenPlot} OpenPlot */

/**
 * @typedef {object} PlotHost what a plot needs of the page
 * @property {import("./store.js").Store} store
 * @property {string} historyUrl
 * @property {string} account
 * @property {string} marksUrl of the alerts of a stat; empty: there are none
 * @property {string} ruleUrl of the form for a rule; empty: none can be made
 * @property {() => number} now Unix seconds by the server's clock
 * @property {(plot: Plot) => void} close
 * @property {(stat: string) => void} star
 * @property {(stat: string) => boolean} starred
 * @property {() => void} changed step or span were chosen
 */

export class Plot {
  /** @type {Day | null} */
  #day = null;
  /** @type {Chart | null} */
  #chart = null;
  #chartKind = "";
  /** @type {Map<number, import("./plot-data.js").Sample>} */
  #seen = new Map();
  /** @type {import("./plot-data.js").Columns | null} */
  #columns = null;
  #closed = 0;
  #error = "";
  #told = 0;
  #inSight = true;
  /** @type {number | null} */
  #hovered = null;
  #request = new AbortController();

  /**
   * @param {OpenPlot} state
   * @param {PlotHost} host
   */
  constructor(state, host) {
    this.state = state;
    this.host = host;
    const [proc, typ, nam] = state.stat.split("/");
    this.proc = proc;
    this.typ = typ;
    this.nam = nam;
    this.marks = new PlotMarks(state.stat, host.account, host.marksUrl);
    const rule = host.ruleUrl && `${host.ruleUrl}?target=${encodeURIComponent(state.stat)}`;
    const { element, value, sentence, area, legend, words } = frameOf(proc, typ, nam, rule, this.marks);
    this.element = element;
    this.value = value;
    this.sentence = sentence;
    this.area = area;
    this.legend = legend;
    this.words = words;
    element.dataset.stat = state.stat;
    element.addEventListener("click", (event) => this.#chosen(event));
    this.#markTools();
    new ResizeObserver(() => this.#chart?.fit()).observe(this.area);
    const watch = (/** @type {IntersectionObserverEntry[]} */ entries) =>
      this.#scrolled(entries.some((entry) => entry.isIntersecting));
    new IntersectionObserver(watch).observe(element);
  }

  /** Step in minutes that is drawn: the chosen one, or what suits the span. */
  get step() {
    if (this.state.step) return this.state.step;
    if (this.state.span === "day") return 5;
    if (this.state.span !== "auto") return 1;
    // A day with a week to compare with is read in 5-minute steps; a first hour shows each minute.
    return this.#day && !this.#day.week.some(Boolean) ? 1 : 5;
  }

  /** Fetch the day (again) and draw it. */
  async load() {
    this.#request.abort();
    this.#request = new AbortController();
    const { signal } = this.#request;
    const step = this.step;
    const { stat, percentiles } = this.state;
    const asked = this.host.now();
    try {
      const day = await fetchDay(dayUrl(this.host.historyUrl, this.host.account, stat, step, percentiles), signal);
      this.#take({ ...day, percentiles }, asked);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof HistoryError)) throw error;
      this.#error = `${error.message} Live values go on; it is tried again each minute.`;
    }
    this.#draw();
    void this.#loadMarks();
    if (this.#day && this.step !== step) await this.load();
  }

  /** The day's alerts come when they come: nobody waits for them to see the values. */
  async #loadMarks() {
    if (this.#day && (await this.marks.load(this.#day.start))) this.#draw();
  }

  /** Draw what the live values changed. */
  tick() {
    this.#see();
    if (this.#inSight) this.#draw();
  }

  /**
   * Incidents began, were acknowledged or are over.
   * @param {import("./marks.js").AlertMark[]} news
   */
  tell(news) {
    if (!this.marks.take(news)) return;
    this.#draw();
    void this.#loadMarks();
  }

  /** Note what the live values show of the current bin: the end of today's line until the history has it. */
  #see() {
    const sample = liveSample(this.host.store.stats.get(this.state.stat));
    if (this.#day && sample) this.#seen.set(binAt(this.#day, this.host.now()), sample);
  }

  /**
   * A plot that is scrolled out of sight is not drawn; it catches up when it comes back.
   * @param {boolean} inSight
   */
  #scrolled(inSight) {
    this.#inSight = inSight;
    if (inSight) this.#draw();
  }

  /** The page's colours changed. */
  recolour() {
    this.#chart?.recolour();
  }

  destroy() {
    this.#request.abort();
    this.marks.end();
    this.#chart?.destroy();
    this.element.remove();
  }

  /**
   * @param {Day} day
   * @param {number} asked
   */
  #take(day, asked) {
    const same = this.#day?.start === day.start && this.#day?.step === day.step;
    if (!same) this.#seen.clear();
    // Other percentiles: other columns for those who do not see the plot.
    if (String(this.#day?.percentiles) !== String(day.percentiles)) this.#told = 0;
    this.#day = day;
    this.#error = "";
    this.#closed = Math.floor(asked / 60) * 60;
    this.#see();
  }

  #draw() {
    const now = this.host.now();
    const headline = headlineOf(this.host.store.stats.get(this.state.stat), this.#day, now);
    say(this.value, headline.value);
    say(this.sentence, this.#error || this.#silence(now) || headline.sentence);
    if (!this.#day) return;
    this.#columns = columnsOf(this.#day, this.typ, this.#seen, this.#closed, now);
    this.#markTools();
    this.#ready(wantsLog(this.#columns)).draw(this.#columns, windowOf(this.state.span, this.#day, now), this.marks.marks, now);
    this.marks.list(this.#day.tz);
    this.#tellLegend();
    this.#tellInWords(now, `${headline.value} ${headline.sentence}`);
  }

  /**
   * What to say when the process itself is quiet.
   * @param {number} now
   */
  #silence(now) {
    const process = this.host.store.processes.get(this.proc);
    if (!process || process.state === "up") return "";
    return `No commit from ${this.proc} for ${duration((now - process.seen) * 1000)}.`;
  }

  /**
   * The chart for this kind of axis: uPlot cannot change it later.
   * @param {boolean} log
   */
  #ready(log) {
    const tz = this.#day?.tz ?? TIME_ZONE;
    const kind = `${log} ${tz}`;
    if (this.#chart && this.#chartKind === kind) return this.#chart;
    this.#chart?.destroy();
    this.#chartKind = kind;
    const hover = (/** @type {number | null} */ index) => {
      this.#hovered = index;
      this.#tellLegend();
    };
    this.#chart = new Chart(this.area, { typ: this.typ, nam: this.nam, tz, log, hover });
    return this.#chart;
  }

  #tellLegend() {
    const { legend } = this;
    const columns = this.#columns;
    const day = this.#day;
    if (!columns || !day) return;
    const index = this.#hovered;
    legend.root.classList.toggle("pointed", index !== null);
    this.marks.point(index === null ? null : day.start + index * day.step * 60, day.step * 60, this.#chart?.isLeft(index) ?? false);
    if (index === null) {
      say(legend.time, "");
      say(legend.today, "today");
      say(legend.percentiles, this.#percentileNames());
      say(legend.usual, averageName(day));
      say(legend.range, day.typical.some(Boolean) ? usualName(this.marks.marks.rules) : "");
      say(legend.more, this.#moreNames());
      return;
    }
    const unit = unitOf(this.typ, this.nam);
    const usual = usualAt(day, this.typ, index)?.value ?? null;
    say(legend.time, clock(day.tz).time(columns.x[index]));
    say(legend.today, unit(columns.today[index]));
    say(legend.percentiles, this.#percentilesAt(index).map(([name, text]) => `${name} ${text}`).join(", "));
    say(legend.usual, usual === null ? "" : `${unit(usual)} typical, ${difference(columns.today[index], usual)}`);
    const range = day.typical[index];
    const scale = this.typ === "c" ? day.step : 1;
    say(legend.range, range ? `${unit(range.low / scale)} to ${unit(range.high / scale)}` : "");
    say(legend.more, this.#moreValues(index));
  }

  /** Which percentiles are drawn, or why none is. */
  #percentileNames() {
    const day = this.#day;
    const names = this.#percentilesAt(0).map(([name]) => name);
    const told = !names.length || !day?.today.some(Boolean) || day.today.some((bin) => bin?.q);
    return told ? names.join(", ") : `no ${names.join(", ")}: these values come without sketches`;
  }

  /**
   * Names and values of the percentiles that are drawn.
   * @param {number} index
   * @returns {[string, string][]}
   */
  #percentilesAt(index) {
    const day = this.#day;
    const unit = unitOf(this.typ, this.nam);
    if (!day) return [];
    return (day.percentiles ?? []).map((share) => [`p${share}`, unit(percentileOf(day, share)[index])]);
  }

  #moreNames() {
    if (this.typ === "g") return "min to max";
    return this.typ === "ms" ? "lowest to highest 10 %, thin: max" : "";
  }

  /** @param {number} index */
  #moreValues(index) {
    const columns = this.#columns;
    const unit = unitOf(this.typ, this.nam);
    if (!columns || this.typ === "c" || columns.bandLow[index] === null) return "";
    const band = `${unit(columns.bandLow[index])} to ${unit(columns.bandHigh[index])}`;
    return this.typ === "ms" ? `${band}, max ${unit(columns.max[index])}` : band;
  }

  /**
   * The plot for those who do not see it: renewed once a minute at most.
   * @param {number} now
   * @param {string} headline
   */
  #tellInWords(now, headline) {
    const minute = Math.floor(now / 60);
    if (minute === this.#told) return;
    this.#told = minute;
    this.area.setAttribute("aria-label", `${this.proc} ${this.nam} today: ${headline}`);
    this.words.replaceChildren(make("caption", "", headline), this.#wordsHead(), ...this.#wordsRows());
  }

  #wordsHead() {
    const percentiles = this.#percentilesAt(0).map(([name]) => name);
    const cells = ["Time", "Today", ...percentiles, "Typical"].map((name) => make("th", "", name, { scope: "col" }));
    return make("thead", "", [make("tr", "", cells)]);
  }

  /** One row an hour, up to now. */
  #wordsRows() {
    const day = this.#day;
    const columns = this.#columns;
    if (!day || !columns) return [];
    const unit = unitOf(this.typ, this.nam);
    const { time } = clock(day.tz);
    const rows = [];
    for (let index = 0; index <= columns.current && index < columns.x.length; index += 60 / day.step) {
      const usual = usualAt(day, this.typ, index);
      const percentiles = this.#percentilesAt(index).map(([, text]) => text);
      const texts = [unit(columns.today[index]), ...percentiles, usual ? unit(usual.value) : NOTHING];
      const cells = texts.map((text) => make("td", "", text));
      rows.push(make("tr", "", [make("th", "", time(columns.x[index]), { scope: "row" }), ...cells]));
    }
    return rows;
  }

  /** @param {MouseEvent} event */
  #chosen(event) {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (!button) return;
    const { step, span, percentile, do: deed } = button.dataset;
    if (percentile) this.#togglePercentile(Number(percentile));
    else if (deed === "close") this.host.close(this);
    else if (deed === "star") this.host.star(this.state.stat);
    else if (deed === "full") this.#toggleFull();
    else this.#choose(step ? Number(step) : this.state.step, span ?? this.state.span);
  }

  /**
   * @param {number} step
   * @param {string} span
   */
  #choose(step, span) {
    const spanChanged = span !== this.state.span;
    this.state.span = /** @type {import("./plot-data.js").Span} */ (span);
    // Another span suits another step, unless one is chosen after it.
    this.state.step = spanChanged ? 0 : step;
    this.#markTools();
    this.host.changed();
    this.#draw();
    void this.load();
  }

  /** @param {number} percentile */
  #togglePercentile(percentile) {
    const chosen = this.state.percentiles;
    this.state.percentiles = PERCENTILES.filter((each) => chosen.includes(each) !== (each === percentile));
    this.#markTools();
    this.host.changed();
    void this.load();
  }

  #markTools() {
    for (const button of this.element.querySelectorAll("button")) {
      const { step, span, percentile, do: deed } = button.dataset;
      if (percentile) press(button, this.state.percentiles.includes(Number(percentile)));
      if (step) press(button, Number(step) === this.step);
      if (span) press(button, span === this.#shownSpan());
      if (deed === "star") press(button, this.host.starred(this.state.stat));
    }
  }

  /** "auto" is the day, once there is a week to compare with. */
  #shownSpan() {
    return this.state.span === "auto" && this.step === 5 ? "day" : this.state.span;
  }

  #toggleFull() {
    // Telephones have no full screen for elements: there the plot fills the window.
    if (!this.element.requestFullscreen) this.element.classList.toggle("full");
    else if (document.fullscreenElement === this.element) void document.exitFullscreen();
    else void this.element.requestFullscreen();
  }
}

/**
 * What the dashed line is called: on the third day it is of two days.
 * @param {Day} day
 */
function averageName(day) {
  const days = day.week.reduce((most, bin) => Math.max(most, bin ? (bin.days ?? 7) : 0), 0);
  if (!days) return "";
  return days === 1 ? "yesterday" : `average of ${days} days`;
}

/**
 * @param {HTMLElement} button
 * @param {boolean} pressed
 */
function press(button, pressed) {
  if (button.getAttribute("aria-pressed") !== String(pressed)) button.setAttribute("aria-pressed", String(pressed));
}

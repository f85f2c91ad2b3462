// @ts-check
/** The open plots: opened and closed, remembered, laid out beside the tree or, on a phone, under their rows. */

import { keepList, keptList } from "./kept.js";
import { fromHash, opened, read, suggested, toHash, written } from "./open-plots.js";
import { onColours } from "./palette.js";
import { Plot } from "./plot.js";
import { PHONE } from "./viewport.js";

/** Seconds after the full minute at which its line is on disk, and over how many the pages spread their questions. */
const FLUSHED = 10;
const SPREAD = 3;
/** Plots that somebody's first visit opens. */
const FIRST_LOOK = 4;

/**
 * @typedef {object} PlotsPage
 * @property {HTMLElement} grid
 * @property {import("./store.js").Store} store
 * @property {string} account
 * @property {string} historyUrl
 * @property {string} marksUrl
 * @property {string} ruleUrl
 * @property {() => number} now Unix seconds by the server's clock
 */

export class Plots {
  /** @type {Plot[]} */
  #plots = [];
  #chosen = false;

  /**
   * Keys of the stats whose plot is open.
   * @type {Set<string>}
   */
  open = new Set();

  /** @param {PlotsPage} page */
  constructor(page) {
    this.page = page;
    const kept = fromHash(window.location.hash);
    const list = kept.length ? kept : keptList(page.account, "plots")?.map(read).filter((plot) => plot !== null);
    if (list) this.#restore(list);
    window.addEventListener("hashchange", () => this.#restore(fromHash(window.location.hash)));
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.refresh();
    });
    onColours(() => this.#plots.forEach((plot) => plot.recolour()));
    this.#nextMinute();
  }

  /** Called after plots were opened, closed or moved; the page sets it. */
  onchange = () => {};

  /**
   * Called with a stat that is to be starred or not; the page sets it.
   * @type {(stat: string) => void}
   */
  onstar = () => {};

  /**
   * Whether a stat has a star; the page sets it.
   * @type {(stat: string) => boolean}
   */
  starred = () => false;

  /**
   * Open the plot of a stat, or close it.
   * @param {string} stat
   */
  toggle(stat) {
    this.#chosen = true;
    const known = this.#plots.find((plot) => plot.state.stat === stat);
    if (known) this.#drop(known);
    else this.#add(opened(stat), true);
    this.#changed();
  }

  /** The first stats have come: open some plots for somebody who never chose any. */
  greet() {
    if (this.#chosen) return;
    const list = suggested(this.page.store.stats.values(), FIRST_LOOK);
    // On a phone a plot hides the rows below it: let the visitor choose.
    if (!list.length || PHONE.matches) return;
    this.#chosen = true;
    for (const state of list) this.#add(state, false);
    this.onchange();
  }

  /** Fetch the history of all open plots. */
  reload() {
    for (const plot of this.#plots) void plot.load();
  }

  /** The same, and what may have been told of their alerts to somebody who did not hear it. */
  refresh() {
    for (const plot of this.#plots) plot.marks.forget();
    this.reload();
  }

  /**
   * Incidents began, were acknowledged or are over.
   * @param {import("./store.js").Message} message
   */
  tell({ alerts = [], more }) {
    for (const plot of this.#plots) plot.tell(alerts);
    if (more) this.refresh();
  }

  /** Draw the live values. */
  tick() {
    for (const plot of this.#plots) plot.tick();
  }

  /**
   * Elements to lie below rows of the tree.
   * @param {Map<string, string>} rowKeys by stat
   * @returns {Map<string, HTMLElement>}
   */
  inlays(rowKeys) {
    const inlays = new Map();
    if (!PHONE.matches) return inlays;
    for (const { state, element } of this.#plots) {
      const key = rowKeys.get(state.stat);
      if (key) inlays.set(key, element);
    }
    return inlays;
  }

  /** Put the plots beside the tree, where the window is wide enough. */
  place() {
    if (PHONE.matches) return;
    for (const { element } of this.#plots) this.page.grid.append(element);
  }

  /** @param {import("./open-plots.js").OpenPlot[]} list */
  #restore(list) {
    this.#chosen = true;
    for (const plot of [...this.#plots]) this.#drop(plot);
    for (const state of list) if (!this.open.has(state.stat)) this.#add(state, false);
    this.onchange();
  }

  /**
   * @param {import("./open-plots.js").OpenPlot} state
   * @param {boolean} first
   */
  #add(state, first) {
    const plot = new Plot(state, {
      store: this.page.store,
      historyUrl: this.page.historyUrl,
      marksUrl: this.page.marksUrl,
      ruleUrl: this.page.ruleUrl,
      account: this.page.account,
      now: this.page.now,
      close: () => this.toggle(state.stat),
      star: (stat) => this.onstar(stat),
      starred: (stat) => this.starred(stat),
      changed: () => this.#keep(),
    });
    this.open.add(state.stat);
    if (first) this.#plots.unshift(plot);
    else this.#plots.push(plot);
    if (!PHONE.matches) this.page.grid[first ? "prepend" : "append"](plot.element);
    if (first && !PHONE.matches) plot.element.scrollIntoView({ block: "nearest" });
    void plot.load();
    plot.tick();
  }

  /** @param {Plot} plot */
  #drop(plot) {
    this.open.delete(plot.state.stat);
    this.#plots = this.#plots.filter((other) => other !== plot);
    plot.destroy();
  }

  #changed() {
    this.#keep();
    this.onchange();
  }

  #keep() {
    const states = this.#plots.map((plot) => plot.state);
    keepList(this.page.account, "plots", states.map(written));
    const { pathname, search } = window.location;
    window.history.replaceState(null, "", `${pathname}${search}${toHash(states)}`);
  }

  /** Fetch again after each full minute, while somebody looks. */
  #nextMinute() {
    const pause = 60 - (this.page.now() % 60) + FLUSHED + Math.random() * SPREAD;
    window.setTimeout(() => {
      if (!document.hidden) this.reload();
      this.#nextMinute();
    }, pause * 1000);
  }
}

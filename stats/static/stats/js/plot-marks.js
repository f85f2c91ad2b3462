// @ts-check
/** The alerts of one plot: fetched with its day, renewed live, listed below it for everybody, also who sees no canvas. */

import { make } from "./element.js";
import { NO_MARKS, burningAt, byUrgency, renewed, spanText } from "./marks.js";

/** Incidents that are listed below a plot; the rest is a link away. */
const LISTED = 3;

export class PlotMarks {
  /** @type {import("./marks.js").Marks} */
  marks = NO_MARKS;
  #shown = "";

  /**
   * @param {string} stat
   * @param {string} account
   * @param {string} url of the marks; empty where there are none, as on the demo's page
   */
  constructor(stat, account, url) {
    this.stat = stat;
    this.account = account;
    this.url = url;
    this.element = make("ul", "plot-marks", [], { "aria-label": "Alerts of this stat" });
    this.element.hidden = true;
  }

  /**
   * Fetch what the day of a plot has. Without an answer the last one stays.
   * @param {import("./plot-data.js").Day} day
   * @param {AbortSignal} signal
   */
  async load(day, signal) {
    if (!this.url) return;
    const begin = new Date(day.start * 1000).toISOString();
    const query = new URLSearchParams({ account: this.account, stat: this.stat, begin });
    try {
      const answer = await fetch(`${this.url}?${query}`, { signal, headers: { Accept: "application/json" } });
      if (answer.ok) this.marks = await answer.json();
    } catch (error) {
      if (signal.aborted || error instanceof TypeError) return; // no answer: asked again each minute
      throw error;
    }
  }

  /** @param {import("./marks.js").AlertMark[]} news */
  take(news) {
    if (this.url) this.marks = { ...this.marks, incidents: renewed(this.marks.incidents, news, this.stat) };
  }

  /**
   * Draw the list anew where it says something else.
   * @param {string} tz
   */
  list(tz) {
    const shown = `${tz} ${JSON.stringify(this.marks)}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    const { rules, incidents } = this.marks;
    const first = byUrgency(incidents).slice(0, LISTED);
    const lines = first.map((incident) => this.#incident(incident, tz));
    const more = incidents.length - first.length;
    if (more > 0) lines.push(make("li", "", [make("a", "", `${more} more today`, { href: `/a/${this.account}/alerts/` })]));
    if (rules.length) lines.push(this.#watched());
    this.element.hidden = !lines.length;
    this.element.replaceChildren(...lines);
  }

  /**
   * Point out what burnt at a time; null: nothing is pointed at.
   * @param {number | null} from Unix seconds
   * @param {number} seconds
   */
  point(from, seconds) {
    const found = from === null ? [] : burningAt(this.marks.incidents, from, from + seconds);
    const numbers = new Set(found.map(({ number }) => String(number)));
    for (const line of this.element.children) {
      if (line instanceof HTMLElement) line.classList.toggle("pointed", numbers.has(line.dataset.number ?? ""));
    }
  }

  /**
   * @param {import("./marks.js").AlertMark} incident
   * @param {string} tz
   */
  #incident(incident, tz) {
    const shape = make("span", `incident-shape ${incident.state}`, [], { role: "img", "aria-label": incident.state });
    const when = make("span", "mark-time", spanText(incident, tz));
    const link = make("a", "", incident.sentence, { href: `/a/${this.account}/alerts/incidents/${incident.number}/` });
    return make("li", incident.state, [shape, when, link], { "data-number": String(incident.number) });
  }

  #watched() {
    const links = this.marks.rules.map(({ id, name, words }) => [
      make("a", "", name, { href: `/a/${this.account}/alerts/rules/${id}/`, title: words }),
      make("span", "visually-hidden", `: ${words}`),
    ]);
    const parts = links.flatMap((link, index) => (index ? [", ", ...link] : link));
    return make("li", "watched", ["Watched by ", ...parts]);
  }
}

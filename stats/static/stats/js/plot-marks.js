// @ts-check
/** The alerts of one plot: fetched once, renewed live, and written down for everybody, also who sees no canvas. */

import { make } from "./element.js";
import { NO_MARKS, burningAt, byUrgency, isDrawn, renewed, spanText } from "./marks.js";

/** Incidents below a plot that are seen at once, and those of a moment that the note has room for. */
const LISTED = 3;

export class PlotMarks {
  /** @type {import("./marks.js").Marks} */
  marks = NO_MARKS;
  #shown = "";
  /** Start of the day that was asked for; NaN: it has to be asked for. */
  #day = Number.NaN;
  /** Counts the questions: only the last one's answer is taken. */
  #question = 0;
  #answered = 0;

  /**
   * @param {string} stat
   * @param {string} account
   * @param {string} url of the marks; empty where there are none, as on the demo's page
   */
  constructor(stat, account, url) {
    this.stat = stat;
    this.account = account;
    this.url = url;
    /** Incidents, and the rules whose limits are drawn. */
    this.element = make("ul", "plot-marks", [], { "aria-label": "Alerts of this stat" });
    this.element.hidden = true;
    /** Rules of which the plot cannot draw anything. */
    this.watched = make("span", "plot-watched");
    /** What burnt where the crosshair stands. The list tells it to those who see no crosshair. */
    this.note = make("div", "plot-note", [], { "aria-hidden": "true" });
    this.note.hidden = true;
  }

  /**
   * Fetch what a day has, unless that is known. Without an answer the last one stays.
   * @param {number} start of the day, Unix seconds
   * @returns {Promise<boolean>} whether something has come
   */
  async load(start) {
    if (!this.url || this.#day === start) return false;
    this.#day = start;
    const question = (this.#question += 1);
    const begin = new Date(start * 1000).toISOString();
    const query = new URLSearchParams({ account: this.account, stat: this.stat, begin });
    const answer = await fetch(`${this.url}?${query}`, { headers: { Accept: "application/json" } }).catch(() => null);
    const found = answer?.ok ? await answer.json() : null;
    this.#answered = question;
    if (question !== this.#question) return false;
    if (found) this.marks = found;
    else this.forget();
    return Boolean(found);
  }

  /** It may be another by now: the next `load` asks. */
  forget() {
    this.#day = Number.NaN;
  }

  /** No answer is wanted any more. */
  end() {
    this.#question += 1;
  }

  /**
   * @param {import("./marks.js").AlertMark[]} news
   * @returns {boolean} whether they are of this stat
   */
  take(news) {
    if (!this.url) return false;
    const { incidents, unknown } = renewed(this.marks.incidents, news, this.stat);
    if (!incidents) return false;
    this.marks = { ...this.marks, incidents };
    // Its sentence was not written for this reader's time zone; and an answer that is on its way may be older.
    if (unknown || this.#answered !== this.#question) this.forget();
    return true;
  }

  /**
   * Write them down anew where they say something else.
   * @param {string} tz
   */
  list(tz) {
    const shown = `${tz} ${JSON.stringify(this.marks)}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    const { rules, incidents } = this.marks;
    const lines = byUrgency(incidents).map((incident) => this.#incident(incident, tz));
    const further = lines.splice(LISTED);
    if (further.length) {
      const rest = make("details", "", [make("summary", "", `${further.length} more today`), make("ul", "", further)]);
      lines.push(make("li", "further", [rest]));
    }
    const drawn = rules.filter(isDrawn);
    if (drawn.length) lines.push(make("li", "watched", ["Limits: ", ...this.#rules(drawn, "name")]));
    this.element.hidden = !lines.length;
    this.element.replaceChildren(...lines);
    const others = rules.filter((rule) => !isDrawn(rule));
    this.watched.replaceChildren(...(others.length ? ["watched: ", ...this.#rules(others, "words")] : []));
  }

  /**
   * Point out what burnt at a time; null: nothing is pointed at.
   * @param {number | null} from Unix seconds
   * @param {number} seconds
   * @param {boolean} onLeft whether the crosshair stands in the left half
   */
  point(from, seconds, onLeft) {
    const found = from === null ? [] : burningAt(this.marks.incidents, from, from + seconds);
    const numbers = new Set(found.map(({ number }) => String(number)));
    for (const line of /** @type {NodeListOf<HTMLElement>} */ (this.element.querySelectorAll("[data-number]"))) {
      line.classList.toggle("pointed", numbers.has(line.dataset.number ?? ""));
    }
    this.note.hidden = !found.length;
    this.note.classList.toggle("on-right", onLeft);
    const texts = byUrgency(found).slice(0, LISTED).map(({ sentence }) => make("p", "", sentence));
    if (found.length > LISTED) texts.push(make("p", "", `and ${found.length - LISTED} more`));
    this.note.replaceChildren(...texts);
  }

  /**
   * @param {import("./marks.js").AlertMark} incident
   * @param {string} tz
   */
  #incident(incident, tz) {
    const shape = make("span", `incident-shape ${incident.state}`, [], { role: "img", "aria-label": incident.state });
    const when = make("span", "mark-time", spanText(incident, tz));
    const href = `/a/${this.account}/alerts/incidents/${incident.number}/`;
    const link = make("a", "", incident.sentence, { href, title: incident.sentence });
    return make("li", incident.state, [shape, when, link], { "data-number": String(incident.number) });
  }

  /**
   * Links to rules, by their names or by their conditions; the other is there for who points at them, or listens.
   * @param {readonly import("./marks.js").RuleMark[]} rules
   * @param {"name" | "words"} shown
   */
  #rules(rules, shown) {
    const other = shown === "name" ? "words" : "name";
    return rules.flatMap((rule, index) => [
      index ? ", " : "",
      make("a", "", rule[shown], { href: `/a/${this.account}/alerts/rules/${rule.id}/`, title: rule[other] }),
      make("span", "visually-hidden", ` (${rule[other]})`),
    ]);
  }
}

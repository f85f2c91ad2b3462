// @ts-check
/** A group as a row that opens: its last day, why it is one, its latest stack, and what people say of it. */

import { make, say } from "./element.js";
import { number, since } from "./format.js";
import { HOURS, hoursUntil } from "./groups.js";
import { stackView } from "./stack-view.js";
import { beginning, visible } from "./visible.js";
import { TIME_ZONE } from "./time-zone.js";

/** @typedef {import("./groups.js").Group} Group */
/** @typedef {import("./store.js").EventEntry} EventEntry */
/** @typedef {{ group: Group & { trc: string }, events: EventEntry[] }} Detail */

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 18;
const STEP = 3;
/** Characters of a text that is one among others. */
const IN_A_ROW = 300;
const WORDS = { new: "new", seen: "seen", resolved: "resolved", regression: "came again", muted: "muted" };
const SAYINGS = [
  { text: "Seen", said: "seen" },
  { text: "Resolve", said: "resolved" },
  { text: "Mute for a day", said: "muted", hours: 24 },
  { text: "Mute for a week", said: "muted", hours: 168 },
];

/** @typedef {{ said: string, hours?: number } | null} Saying null takes back what was said */

export class GroupRow {
  element = make("li", "event group");
  #mark = make("span", "group-state");
  #word = make("span", "group-word");
  #name = make("span", "event-message");
  #processes = make("span", "event-process");
  #bars = document.createElementNS(SVG, "svg");
  #count = make("span", "event-count");
  #last = make("span", "group-last");
  #body = make("div", "group-body");
  #open = false;

  /**
   * @param {Group} group
   * @param {{ canWrite: boolean, load: (key: string) => Promise<Detail | null>, say: (key: string, saying: Saying) => void }} page
   */
  constructor(group, page) {
    this.page = page;
    this.group = group;
    this.#bars.setAttribute("viewBox", `0 0 ${HOURS * STEP} ${HEIGHT}`);
    this.#bars.setAttribute("class", "group-hours");
    this.#bars.setAttribute("role", "img");
    const head = make("summary", "group-head", [
      this.#mark, this.#word, this.#name, this.#processes, this.#bars, this.#count, this.#last, make("span", "twist"),
    ]);
    const details = make("details", "", [head, this.#body]);
    details.addEventListener("toggle", () => {
      this.#open = details.open;
      if (details.open) void this.#fill();
    });
    this.element.append(details);
  }

  /**
   * @param {Group} group
   * @param {number} now Unix seconds
   */
  update(group, now) {
    const changed = group.state !== this.group.state;
    this.group = group;
    this.#mark.dataset.state = group.state;
    say(this.#word, WORDS[group.state]);
    this.#name.replaceChildren(...[group.typ && make("b", "", shortened(group.typ)), " ", shortened(group.title)].filter(Boolean));
    say(this.#processes, Object.keys(group.nam).join(", "));
    say(this.#count, `× ${number(group.cnt)}`);
    say(this.#last, `${since(now - group.last)} ago`);
    this.#draw(hoursUntil(group, now));
    if (changed && this.#open) void this.#fill();
  }

  /** @param {number[]} hours */
  #draw(hours) {
    const highest = Math.max(...hours, 1);
    const total = hours.reduce((sum, count) => sum + count, 0);
    this.#bars.setAttribute("aria-label", `${number(total)} in 24 hours`);
    this.#bars.replaceChildren(...hours.map((count, index) => bar(count / highest, index)));
  }

  async #fill() {
    const detail = await this.page.load(this.group.key);
    if (!detail) {
      this.#body.replaceChildren(make("p", "", "The group did not load. Close it and open it again."));
      return;
    }
    const { group, events } = detail;
    this.#body.replaceChildren(
      make("p", "group-why", `${visible(group.why)} First seen ${moment(group.first)}, last ${moment(group.last)}.`),
      ...(this.page.canWrite ? [this.#buttons()] : []),
      ...(group.msg && group.msg !== group.title ? [make("p", "group-message", visible(group.msg))] : []),
      ...(group.trc ? [stackView(group.trc)] : []),
      table(["Process", "Times"], Object.entries(group.nam).map(([name, count]) => [name, number(count)])),
      ...(events.length ? [latest(events)] : []),
    );
  }

  #buttons() {
    const sayings = SAYINGS.filter(({ said }) => said !== this.group.state).map(({ text, ...saying }) =>
      this.#button(text, saying),
    );
    const undo = this.group.state === "new" ? [] : [this.#button("Call it new", null)];
    return make("div", "toolbar group-sayings", [...sayings, ...undo]);
  }

  /**
   * @param {string} text
   * @param {Saying} saying
   */
  #button(text, saying) {
    const button = make("button", "quiet small", text, { type: "button" });
    button.addEventListener("click", () => this.page.say(this.group.key, saying));
    return button;
  }
}

/**
 * @param {number} share of the highest
 * @param {number} index
 */
function bar(share, index) {
  const height = share > 0 ? Math.max(share * HEIGHT, 1.5) : 0.5;
  const rect = document.createElementNS(SVG, "rect");
  const places = { x: index * STEP, y: HEIGHT - height, width: STEP - 1, height };
  for (const [name, value] of Object.entries(places)) rect.setAttribute(name, String(value));
  return rect;
}

/** @param {EventEntry[]} events in any order: a late one comes after newer ones */
function latest(events) {
  const newest = [...events].sort((one, other) => other.at - one.at).slice(0, 10);
  const rows = newest.map((event) => [moment(event.at), event.nam, shortened(event.msg)]);
  return table(["Latest", "Process", "Message"], rows);
}

/** @param {string} text */
function shortened(text) {
  return visible(beginning(text, IN_A_ROW));
}

/**
 * @param {string[]} head
 * @param {string[][]} rows
 */
function table(head, rows) {
  const cells = (/** @type {string[]} */ row) => make("tr", "", row.map((text) => make("td", "", text)));
  const names = make("tr", "", head.map((text) => make("th", "", text, { scope: "col" })));
  return make("table", "table", [make("thead", "", [names]), make("tbody", "", rows.map(cells))]);
}

const format = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZone: TIME_ZONE,
});

/** @param {number} at Unix seconds */
function moment(at) {
  return format.format(new Date(at * 1000));
}

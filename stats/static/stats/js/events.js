// @ts-check
/** The page of errors, and that of warnings: entry point. */

import { Connection } from "./connection.js";
import { make, need, say } from "./element.js";
import { EventList } from "./event-list.js";
import { TIME_ZONE } from "./time-zone.js";

/** @typedef {import("./store.js").EventEntry} EventEntry */

const main = need("#events");
const { liveUrl = "", eventsUrl = "", level = "error" } = main.dataset;
const list = need("#event-rows", main);
const pause = need("#pause", main);
const filter = /** @type {HTMLInputElement} */ (need("#filter", main));
const empty = need("#no-events", main);
const events = new EventList();
/**
 * Rows are made once, so that an open stack stays open.
 * @type {WeakMap<EventEntry, HTMLElement>}
 */
const rows = new WeakMap();
const time = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: TIME_ZONE });
const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: TIME_ZONE });
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "short", timeZone: TIME_ZONE });
let complaint = "";

new Connection(liveUrl, { draw: () => {}, message: take, back: () => void load() });
pause.addEventListener("click", () => {
  if (events.paused) events.resume();
  else events.paused = true;
  draw();
});
filter.addEventListener("input", () => {
  events.filter = filter.value;
  draw();
});
void load();

/** @param {import("./store.js").Message} message */
function take(message) {
  const fresh = message.type === "event" && message.event ? [message.event] : (message.events ?? []);
  const ours = fresh.filter((event) => event.lvl === level);
  if (!ours.length) return;
  events.add(ours);
  draw();
}

async function load() {
  try {
    const answer = await fetch(eventsUrl, { headers: { Accept: "application/json" } });
    complaint = answer.ok ? "" : `The list did not load (${answer.status}). New ones still appear here.`;
    if (answer.ok) events.add((await answer.json()).events);
  } catch {
    complaint = "The list did not load: no answer from the server. New ones still appear here.";
  }
  draw();
}

function draw() {
  const visible = events.visible();
  list.replaceChildren(...visible.map(rowOf));
  pause.setAttribute("aria-pressed", String(events.paused));
  say(pause, events.paused ? `Resume${events.held ? ` · ${events.held} new` : ""}` : "Pause");
  empty.hidden = visible.length > 0;
  say(empty, emptyText());
}

function emptyText() {
  if (complaint) return complaint;
  if (events.size) return `No ${level} holds “${events.filter.trim()}”.`;
  return `No ${level} was reported. They appear here as they happen.`;
}

/** @param {EventEntry} event */
function rowOf(event) {
  const known = rows.get(event);
  if (known) return known;
  const parts = partsOf(event);
  const body = event.trc
    ? make("details", "", [make("summary", "event-head", parts), make("pre", "", event.trc)])
    : make("div", "event-head", parts);
  const row = make("li", "event", [body]);
  rows.set(event, row);
  return row;
}

/** @param {EventEntry} event */
function partsOf(event) {
  const at = new Date(event.at * 1000);
  const today = day.format(at) === day.format(new Date());
  const moment = today ? time.format(at) : `${date.format(at)} ${time.format(at)}`;
  const count = event.cnt && event.cnt > 1 ? `× ${event.cnt}` : "";
  return [
    make("span", `level ${level}`, "", { role: "img", "aria-label": level }),
    make("time", "", moment, { datetime: at.toISOString() }),
    make("span", "event-process", event.nam),
    make("span", "event-message", [make("b", "", event.typ ?? ""), " ", event.msg]),
    make("span", "event-count", count),
    make("span", "twist"),
  ];
}

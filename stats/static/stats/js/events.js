// @ts-check
/** The page of errors, and that of warnings: entry point. */

import { Connection } from "./connection.js";
import { make, need, say } from "./element.js";
import { EventList } from "./event-list.js";
import { GroupRow } from "./group-rows.js";
import { GroupList } from "./groups.js";
import { LastVisit } from "./last-visit.js";
import { stackView } from "./stack-view.js";
import { noticesWanted, wantNotices, watchErrors } from "./toast.js";
import { beginning, visible } from "./visible.js";
import { TIME_ZONE } from "./time-zone.js";

/** @typedef {import("./store.js").EventEntry} EventEntry */
/** @typedef {import("./group-rows.js").Detail} Detail */
/** @typedef {import("./group-rows.js").Saying} Saying */

/** Groups that are not known yet may come by the hundred: they are asked for at most this often, milliseconds. */
const ASK_PAUSE = 2000;
/** Groups above the stream, until more are asked for. */
const FEW = 12;
/** Characters of a message that is not opened, and of the name of a type. */
const IN_A_ROW = 500;
const TYPE = 120;

const main = need("#events");
const { liveUrl = "", apiUrl = "", account = "", level = "error", canWrite } = main.dataset;
const token = /** @type {HTMLInputElement} */ (need("input[name=csrfmiddlewaretoken]", main)).value;
const list = need("#event-rows", main);
const groupList = need("#group-rows", main);
const pause = need("#pause", main);
const allGroups = need("#all-groups", main);
const filter = /** @type {HTMLInputElement} */ (need("#filter", main));
const onlyProcess = /** @type {HTMLSelectElement} */ (need("#process", main));
const notices = main.querySelector("#notices");
const empty = need("#no-events", main);
const more = need("#more-groups", main);
const noGroups = need("#no-groups", main);
const events = new EventList();
const groups = new GroupList();
/**
 * Rows are made once, so that what is open stays open.
 * @type {WeakMap<EventEntry, HTMLElement>}
 */
const rows = new WeakMap();
/** @type {Map<string, GroupRow>} */
const groupRows = new Map();
const time = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: TIME_ZONE });
const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: TIME_ZONE });
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "short", timeZone: TIME_ZONE });
let complaint = "";
let asking = 0;
let shownGroups = FEW;

const visit = new LastVisit(account, `${level}s-seen`);
const toast = level === "error" ? null : watchErrors(account);

const connection = new Connection(liveUrl, { draw: () => {}, message: take, back: () => void load() });
pause.addEventListener("click", () => {
  if (events.paused) events.resume();
  else events.paused = true;
  draw();
});
allGroups.addEventListener("click", () => {
  groups.all = !groups.all;
  draw();
});
more.addEventListener("click", () => {
  shownGroups = Number.POSITIVE_INFINITY;
  draw();
});
filter.addEventListener("input", () => {
  events.filter = groups.filter = filter.value;
  draw();
});
onlyProcess.addEventListener("change", () => {
  events.process = groups.process = onlyProcess.value;
  draw();
});
notices?.addEventListener("click", () => {
  wantNotices(account, !noticesWanted(account));
  drawNotices();
});
drawNotices();
window.setInterval(() => {
  if (!document.hidden && !events.paused) drawGroups();
}, 5000);
void load();

/** @param {import("./store.js").Message} message */
function take(message) {
  toast?.take(message);
  const live = message.type === "event" && message.event ? [message.event] : [];
  const fresh = [...live, ...(message.events ?? [])].filter((event) => event.lvl === level);
  if (!fresh.length) return;
  events.add(fresh);
  // What a snapshot has was counted already.
  const unknown = live.filter((event) => event.lvl === level && !groups.count(event));
  if (unknown.length) asking ||= window.setTimeout(() => void load(), ASK_PAUSE);
  draw();
}

async function load() {
  window.clearTimeout(asking);
  asking = 0;
  try {
    const answer = await ask("GET", "");
    complaint = answer.ok ? "" : `The list did not load (${answer.status}). New ones still appear here.`;
    if (answer.ok) {
      const found = await answer.json();
      events.add(found.events);
      groups.replace(found.groups);
    }
  } catch {
    complaint = "The list did not load: no answer from the server. New ones still appear here.";
  }
  draw();
}

/**
 * @param {string} method
 * @param {string} path below that of the list
 * @param {object} [said]
 */
function ask(method, path, said) {
  return fetch(`${apiUrl}${path}?account=${account}`, {
    method,
    headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": token },
    body: said && JSON.stringify(said),
  });
}

/**
 * @param {string} key
 * @returns {Promise<Detail | null>}
 */
async function loadGroup(key) {
  const answer = await ask("GET", `${key}/`).catch(() => null);
  return answer?.ok ? answer.json() : null;
}

/**
 * @param {string} key
 * @param {Saying} saying
 */
async function sayOf(key, saying) {
  const answer = await ask(saying ? "PUT" : "DELETE", `${key}/decision/`, saying ?? undefined).catch(() => null);
  if (answer?.ok) await load();
  complaint = answer?.ok ? "" : "That was not kept. Try again in a moment.";
  draw();
}

function draw() {
  const shown = events.visible();
  for (const event of shown) visit.seen(event.at);
  drawProcesses();
  list.replaceChildren(...shown.map(rowOf));
  pause.setAttribute("aria-pressed", String(events.paused));
  say(pause, events.paused ? `Resume${events.held ? ` · ${events.held} new` : ""}` : "Pause");
  empty.hidden = shown.length > 0;
  say(empty, emptyText());
  if (!events.paused) drawGroups();
}

/** The processes to choose from; the chosen one stays, whatever goes by. */
function drawProcesses() {
  const names = [...new Set([...events.processes, ...groups.processes, onlyProcess.value])].filter(Boolean).sort();
  if (names.join() === [...onlyProcess.options].slice(1).map((option) => option.value).join()) return;
  const { value } = onlyProcess;
  onlyProcess.replaceChildren(onlyProcess.options[0], ...names.map((name) => make("option", "", name, { value: name })));
  onlyProcess.value = value;
}

function drawNotices() {
  notices?.setAttribute("aria-pressed", String(noticesWanted(account)));
}

function drawGroups() {
  const found = groups.visible();
  const now = connection.now();
  const shown = found.slice(0, shownGroups).map((group) => {
    const row = groupRows.get(group.key) ?? new GroupRow(group, { canWrite: canWrite !== undefined, load: loadGroup, say: sayOf });
    groupRows.set(group.key, row);
    row.update(group, now);
    return row.element;
  });
  shown.forEach((element, index) => {
    if (groupList.children[index] !== element) groupList.insertBefore(element, groupList.children[index] ?? null);
  });
  while (groupList.children.length > shown.length) groupList.lastElementChild?.remove();
  more.hidden = shown.length === found.length;
  say(more, `${found.length - shown.length} more groups`);
  allGroups.hidden = groups.quiet === 0;
  allGroups.setAttribute("aria-pressed", String(groups.all));
  say(allGroups, `${groups.quiet} resolved or muted`);
  noGroups.hidden = found.length > 0;
  say(noGroups, groups.size ? "Nothing here wants a look." : `No ${level} yet.`);
}

function emptyText() {
  if (complaint) return complaint;
  const words = events.filter.trim();
  if (events.size) return `No ${level}${events.process && ` of ${events.process}`}${words && ` holds “${words}”`}.`;
  return `No ${level} was reported. They appear here as they happen.`;
}

/** @param {EventEntry} event */
function rowOf(event) {
  const known = rows.get(event);
  if (known) return known;
  const parts = partsOf(event);
  const row = make("li", "event", [bodyOf(event, parts)]);
  if (visit.isNew(event.at)) row.classList.add("fresh");
  rows.set(event, row);
  return row;
}

/**
 * @param {EventEntry} event
 * @param {Node[]} parts of its line
 */
function bodyOf(event, parts) {
  const long = event.msg.length > IN_A_ROW;
  if (!event.trc && !long) return make("div", "event-head", parts);
  // A stack is taken to pieces only for who looks at it.
  const details = make("details", "", [make("summary", "event-head", parts)]);
  details.addEventListener("toggle", () => {
    if (long) details.append(make("pre", "event-text", visible(event.msg)));
    if (event.trc) details.append(stackView(event.trc));
  }, { once: true });
  return details;
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
    make("span", "event-message", [
      ...(visit.isNew(event.at) ? [make("span", "event-new", "new"), " "] : []),
      make("b", "", visible(beginning(event.typ ?? "", TYPE))), " ", visible(beginning(event.msg, IN_A_ROW)),
    ]),
    make("span", "event-count", count),
    make("span", "twist"),
  ];
}

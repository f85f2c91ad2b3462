// @ts-check
/** The page of processes: entry point. What moves comes by the websocket, the health of instances from the API. */

import { Connection } from "./connection.js";
import { make, need, say } from "./element.js";
import { ProcessRow } from "./process-row.js";
import { watchErrors } from "./toast.js";

/** @typedef {import("./store.js").ProcessState} ProcessState */
/** @typedef {import("./health.js").Health} Health */

/** As often as a process commits, milliseconds. */
const ASK_PAUSE = 5000;

const main = need("#processes");
const { liveUrl = "", account = "", canWrite } = main.dataset;
const token = /** @type {HTMLInputElement} */ (need("input[name=csrfmiddlewaretoken]", main)).value;
const table = need("#process-table", main);
const body = need("tbody", table);
const empty = need("#no-processes", main);
const complaint = need("#process-complaint", main);
const question = /** @type {HTMLDialogElement} */ (need("#remove-process", main));
/** @type {Map<string, ProcessRow>} */
const rows = new Map();
/** @type {Map<string, Health>} */
let health = new Map();
const collator = new Intl.Collator("en", { numeric: true });
const toast = watchErrors(account);
const connection = new Connection(liveUrl, { draw, message: (message) => toast.take(message), back: () => void load() });

// The time since the last commit grows while nothing arrives.
window.setInterval(() => {
  if (!document.hidden) draw();
}, 1000);
window.setInterval(() => {
  if (!document.hidden) void load();
}, ASK_PAUSE);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) void load();
});
table.addEventListener("opened", draw);
question.addEventListener("close", () => {
  if (question.returnValue === "remove") void remove(question.dataset.name ?? "");
});
void load();

function draw() {
  const { store } = connection;
  if (!store.at) return;
  const names = [...store.processes.keys()].sort(collator.compare);
  const now = connection.now();
  for (const [name, row] of rows) if (!store.processes.has(name)) drop(name, row);
  names.forEach((name, index) => {
    const row = rows.get(name) ?? create(name);
    const place = body.children[2 * index] ?? null;
    if (place !== row.element) body.insertBefore(row.element, place);
    if (row.element.nextSibling !== row.detail) row.element.after(row.detail);
    row.update(/** @type {ProcessState} */ (store.processes.get(name)), health.get(name), store, now);
  });
  table.hidden = names.length === 0;
  empty.hidden = names.length > 0;
}

/** @param {string} name */
function create(name) {
  const row = new ProcessRow(name, { account, canWrite: canWrite !== undefined, remove: ask });
  rows.set(name, row);
  return row;
}

/**
 * @param {string} name
 * @param {ProcessRow} row
 */
function drop(name, row) {
  row.element.remove();
  row.detail.remove();
  rows.delete(name);
}

async function load() {
  const answer = await fetch(`/api/v1/processes/?account=${account}`, { headers: { Accept: "application/json" } }).catch(() => null);
  if (answer?.ok) {
    const found = await answer.json();
    health = new Map(found.processes.map((/** @type {Health} */ process) => [process.nam, process]));
  }
  draw();
}

/** @param {string} name */
function ask(name) {
  question.dataset.name = name;
  say(need("#remove-name", question), name);
  question.returnValue = "";
  question.showModal();
}

/** @param {string} name */
async function remove(name) {
  const headers = { Accept: "application/json", "X-CSRFToken": token };
  const answer = await fetch(`/api/v1/processes/${name}/?account=${account}`, { method: "DELETE", headers }).catch(() => null);
  complaint.replaceChildren();
  if (answer?.ok || answer?.status === 404) return;
  const reason = answer?.status === 409 ? "it commits again" : "the server did not answer as it should";
  complaint.append(make("p", "note error", `${name} was not removed: ${reason}.`));
}

// @ts-check
/** A process as a row that opens: below it its instances, its plots, and the way to be rid of it. */

import { make, say } from "./element.js";
import { bytes, number, percent, since, uptime } from "./format.js";
import { instanceTexts, lossText, restartsText, sentences, usage } from "./health.js";
import { colour } from "./palette.js";
import { toHash, opened } from "./open-plots.js";
import { drawSpark } from "./spark.js";

/** @typedef {import("./store.js").ProcessState} ProcessState */
/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./health.js").Health} Health */
/** @typedef {import("./health.js").Instance} Instance */

const COLUMNS = ["Instance", "State", "Host", "Client", "Uptime", "Memory", "CPU", "Errors", "Warnings", "Missing", "Late", "Last commit"];
const WORDS = 4; // columns that hold words rather than numbers
/** Instances that have ended are shown up to so many. */
const ENDED = 5;
const PLOTS = { errors: "c/dattss.errors", warnings: "c/dattss.warnings", memory: "g/dattss.memory.bytes", cpu: "g/dattss.cpu.percent" };

export class ProcessRow {
  #open = false;
  #button = make("button", "process-name", "", { type: "button", "aria-expanded": "false" });
  #mark = make("span", "state");
  #word = make("span", "state-word");
  #restarts = make("span", "process-restarts");
  #uptime = make("td", "number wide");
  #memory;
  #cpu;
  #errors;
  #warnings;
  #losses = make("td", "wide process-losses");
  #commit = make("td", "number wide");
  #facts = make("p", "process-facts");
  #instances = make("tbody");
  #remove = make("button", "danger small", "Remove", { type: "button" });
  #body;

  /**
   * @param {string} name
   * @param {{ account: string, canWrite: boolean, remove: (name: string) => void }} page
   */
  constructor(name, page) {
    this.name = name;
    this.page = page;
    this.#button.textContent = name;
    this.#button.addEventListener("click", () => this.#toggle());
    this.#remove.addEventListener("click", () => page.remove(name));
    this.#memory = this.#plotted("memory", "Memory");
    this.#cpu = this.#plotted("cpu", "CPU");
    this.#errors = this.#plotted("errors", "Errors");
    this.#warnings = this.#plotted("warnings", "Warnings");
    this.element = make("tr", "process", [
      make("th", "", [this.#button], { scope: "row" }),
      make("td", "process-state", [this.#mark, this.#word, this.#restarts]),
      this.#uptime, this.#memory.cell, this.#cpu.cell, this.#errors.cell, this.#warnings.cell, this.#losses, this.#commit,
    ]);
    this.#warnings.cell.classList.add("wide");
    this.#body = make("td", "", [
      make("div", "process-body", [make("div", "actions", [this.#facts, this.#remove]), make("div", "table-frame", [instanceTable(this.#instances)])]),
    ], { colspan: String(this.element.children.length) });
    this.detail = make("tr", "process-detail", [this.#body]);
    this.detail.hidden = true;
  }

  /**
   * @param {ProcessState} process
   * @param {Health | undefined} health
   * @param {Store} store
   * @param {number} now Unix seconds
   */
  update(process, health, store, now) {
    this.#mark.className = `state ${process.state}`;
    say(this.#word, process.state);
    say(this.#restarts, health ? restartsText(health) : "");
    this.#restarts.classList.toggle("often", health?.restarts_every != null);
    const used = usage(process, health);
    say(this.#uptime, uptime(process.state === "down" ? null : used.upt));
    this.#memory.say(bytes(used.mem), used.mem !== null);
    this.#cpu.say(percent(used.cpu), used.cpu !== null);
    this.#errors.say(number(process.err), process.err > 0);
    this.#errors.cell.classList.toggle("bad", process.err > 0);
    this.#warnings.say(number(process.wrn), process.wrn > 0);
    this.#warnings.cell.classList.toggle("warned", process.wrn > 0);
    say(this.#losses, (health && lossText(health)) || "–");
    say(this.#commit, `${since(now - process.seen)} ago`);
    this.#memory.draw(store);
    this.#cpu.draw(store);
    this.#remove.hidden = !this.page.canWrite || process.state !== "down";
    if (this.#open && health) this.#fill(health, now);
  }

  /**
   * @param {Health} health
   * @param {number} now
   */
  #fill(health, now) {
    say(this.#facts, sentences(health).join(" "));
    const ended = health.instances.filter((one) => one.ended);
    const shown = [...health.instances.filter((one) => !one.ended), ...ended.slice(0, ENDED)];
    while (this.#instances.children.length > shown.length) this.#instances.lastElementChild?.remove();
    shown.forEach((one, index) => fillInstance(this.#instances.children[index] ?? this.#instances.appendChild(instanceRow()), one, now));
  }

  #toggle() {
    this.#open = !this.#open;
    this.detail.hidden = !this.#open;
    this.#button.setAttribute("aria-expanded", String(this.#open));
    this.element.dispatchEvent(new CustomEvent("opened", { bubbles: true }));
  }

  /**
   * A cell whose number leads to its plot.
   * @param {keyof typeof PLOTS} what
   * @param {string} label
   */
  #plotted(what, label) {
    const key = `${this.name}/${PLOTS[what]}`;
    const text = make("span");
    const canvas = what === "memory" || what === "cpu" ? make("canvas", "process-spark", "", { "aria-hidden": "true" }) : "";
    const address = `/a/${this.page.account}/${toHash([opened(key)])}`;
    const link = make("a", "plotted", [canvas, text], { href: address, title: `${label} of ${this.name}: plot of the day` });
    const plain = make("span", "", "");
    const cell = make("td", "number", [link, plain]);
    return {
      cell,
      say: (/** @type {string} */ words, /** @type {boolean} */ exists) => {
        link.hidden = !exists;
        plain.hidden = exists;
        say(exists ? text : plain, words);
      },
      draw: (/** @type {Store} */ store) => {
        const stat = store.stats.get(key);
        if (canvas) canvas.hidden = !stat;
        if (stat && canvas) drawSpark(canvas, stat, store.slot, colour(stat.typ));
      },
    };
  }
}

/** @param {HTMLElement} body */
function instanceTable(body) {
  const names = COLUMNS.map((name, index) => make("th", index < WORDS ? "" : "number", name, { scope: "col" }));
  return make("table", "table", [make("thead", "", [make("tr", "", names)]), body]);
}

function instanceRow() {
  const state = make("td", "", [make("span", "state"), make("span", "state-word")]);
  const cells = COLUMNS.slice(2).map((_, index) => make("td", index + 2 < WORDS ? "" : "number"));
  return make("tr", "", [make("th", "", "", { scope: "row" }), state, ...cells]);
}

/**
 * @param {Element} row
 * @param {Instance} one
 * @param {number} now Unix seconds
 */
function fillInstance(row, one, now) {
  const [iid, state, ...rest] = instanceTexts(one, now);
  row.classList.toggle("ended", one.ended);
  const [name, mark, ...cells] = row.children;
  say(name, iid);
  mark.children[0].className = `state ${one.ended ? "" : one.state}`;
  say(mark.children[1], state);
  rest.forEach((text, index) => say(cells[index], text));
}

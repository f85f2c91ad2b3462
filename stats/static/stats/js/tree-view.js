// @ts-check
/** The left column: search, favourites and the tree, by mouse, touch and keyboard. */

import { need, say } from "./element.js";
import { keepList, keptList } from "./kept.js";
import { RowList } from "./row-list.js";
import { fillRow, makeRow, refreshRow, refreshSpark } from "./row-view.js";
import { onColours } from "./palette.js";
import { build, rowsOf } from "./tree.js";
import { PHONE } from "./viewport.js";

/** Heights in pixels, as in rows.css. */
const ROW_HEIGHT = 28;
const PROCESS_HEIGHT = 32;
/** A finger needs more than a mouse. */
const PHONE_HEIGHT = 40;

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./tree.js").Row} Row */

export class TreeView {
  /** @type {string} key of the row that the keyboard is at */
  #active = "";
  /** @type {import("./tree.js").Node[]} */
  #nodes = [];
  #search = "";

  /**
   * @param {HTMLElement} column
   * @param {Store} store
   * @param {string} account
   * @param {{ open: ReadonlySet<string>, toggle: (stat: string) => void }} plots
   */
  constructor(column, store, account, plots) {
    this.store = store;
    this.account = account;
    this.plots = plots;
    this.favourites = new Set(keptList(account, "favourites"));
    this.collapsed = new Set(keptList(account, "collapsed"));
    this.input = /** @type {HTMLInputElement} */ (need("input[type=search]", column));
    this.tree = need("[role=tree]", column);
    this.nothing = need(".nothing-found", column);
    this.list = new RowList(this.tree, need(".rows", this.tree), {
      make: makeRow,
      fill: (element, row) => this.#fill(element, row),
      height: (row) => (PHONE.matches ? PHONE_HEIGHT : row.depth === 0 ? PROCESS_HEIGHT : ROW_HEIGHT),
    });
    this.#listen();
  }

  /**
   * Draw what a message changed.
   * @param {import("./store.js").Change} change
   */
  update(change) {
    if (change.structure) {
      this.rebuild();
      return;
    }
    this.list.each((element, row) => {
      const { node } = row;
      if (change.stats.has(node.stat) || (node.kind === "process" && change.processes.has(node.label))) {
        refreshRow(element, row, this.store);
      } else if (change.slot) {
        refreshSpark(element, row, this.store);
      }
    });
  }

  /** Build the tree anew: stats came or went, or favourites changed. */
  rebuild() {
    this.#nodes = build(this.store.processes.values(), this.store.stats.values(), this.favourites);
    this.#relist();
  }

  /** Fill the rows in sight again: plots were opened or closed, or colours changed. */
  redraw() {
    this.list.each((element, row) => this.#fill(element, row));
  }

  /**
   * Star a stat or take its star.
   * @param {string} stat
   */
  star(stat) {
    if (!this.favourites.delete(stat)) this.favourites.add(stat);
    keepList(this.account, "favourites", this.favourites);
    this.rebuild();
    this.redraw();
  }

  /**
   * Key of the topmost row of each stat that has one.
   * @returns {Map<string, string>}
   */
  rowKeys() {
    const keys = new Map();
    for (const { node, key } of this.list.rows) if (node.stat && !keys.has(node.stat)) keys.set(node.stat, key);
    return keys;
  }

  #relist() {
    const rows = rowsOf(this.#nodes, this.collapsed, this.#search);
    this.list.setRows(rows);
    this.nothing.hidden = rows.length > 0 || !this.#search;
    if (!this.nothing.hidden) say(this.nothing, `No process or stat is called “${this.#search.trim()}”.`);
    this.onrows();
  }

  /** Called after the rows changed; the page sets it to lay plots between them. */
  onrows = () => {};

  /**
   * @param {HTMLElement} element
   * @param {Row} row
   */
  #fill(element, row) {
    fillRow(element, row, this.store, { favourites: this.favourites, open: this.plots.open });
    const active = row.key === this.#active;
    element.classList.toggle("active", active);
    if (active) element.id = "active-row";
  }

  #listen() {
    this.input.addEventListener("input", () => {
      this.#search = this.input.value;
      this.tree.scrollTop = 0;
      this.#relist();
    });
    this.input.addEventListener("keydown", (event) => this.#searchKey(event));
    this.tree.addEventListener("click", (event) => this.#clicked(event));
    this.tree.addEventListener("keydown", (event) => this.#key(event));
    this.tree.addEventListener("focus", () => {
      if (this.#index() < 0) this.#activate(0);
    });
    document.addEventListener("keydown", (event) => this.#pageKey(event));
    onColours(() => this.redraw());
  }

  /** @param {KeyboardEvent} event */
  #pageKey(event) {
    const typing = event.target instanceof HTMLElement && event.target.closest("input, textarea, select");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.input.focus();
    this.input.select();
  }

  /** @param {KeyboardEvent} event */
  #searchKey(event) {
    if (event.key === "Escape") {
      this.input.value = this.#search = "";
      this.#relist();
      this.tree.focus();
    } else if (event.key === "ArrowDown" || event.key === "Enter") {
      event.preventDefault();
      const first = this.list.rows.findIndex((row) => row.node.kind === "stat");
      this.tree.focus();
      this.#activate(Math.max(0, first));
      if (event.key === "Enter") this.#use();
    }
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const row = this.list.rowOf(event.target);
    if (!row) return;
    this.#activate(this.list.rows.indexOf(row));
    const starred = event.target instanceof Element && event.target.closest(".star");
    if (starred) this.star(row.node.stat);
    else this.#use();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.target !== this.tree || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = this.#actions()[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** @returns {Record<string, () => void>} */
  #actions() {
    const at = this.#index();
    const last = this.list.rows.length - 1;
    return {
      ArrowDown: () => this.#activate(Math.min(last, at + 1)),
      ArrowUp: () => this.#activate(Math.max(0, at - 1)),
      PageDown: () => this.#activate(Math.min(last, at + this.list.page())),
      PageUp: () => this.#activate(Math.max(0, at - this.list.page())),
      Home: () => this.#activate(0),
      End: () => this.#activate(last),
      ArrowRight: () => this.#right(),
      ArrowLeft: () => this.#left(),
      Enter: () => this.#use(),
      " ": () => this.#use(),
      f: () => this.#starActive(),
    };
  }

  #starActive() {
    const row = this.list.rows[this.#index()];
    if (row?.node.stat) this.star(row.node.stat);
  }

  #right() {
    const at = this.#index();
    const row = this.list.rows[at];
    if (!row || row.node.kind === "stat") return;
    if (row.expanded) this.#activate(at + 1);
    else this.#fold(row);
  }

  #left() {
    const row = this.list.rows[this.#index()];
    if (!row) return;
    if (row.expanded) this.#fold(row);
    else if (row.parent >= 0) this.#activate(row.parent);
  }

  /** Open or close what the active row stands for. */
  #use() {
    const row = this.list.rows[this.#index()];
    if (!row) return;
    if (row.node.kind !== "stat") {
      this.#fold(row);
      return;
    }
    this.plots.toggle(row.node.stat);
    this.list.reveal(this.#index());
  }

  /** @param {Row} row */
  #fold(row) {
    if (!row.node.children.length) return;
    if (!this.collapsed.delete(row.key)) this.collapsed.add(row.key);
    keepList(this.account, "collapsed", this.collapsed);
    this.#relist();
  }

  #index() {
    return this.list.rows.findIndex((row) => row.key === this.#active);
  }

  /** @param {number} index */
  #activate(index) {
    const row = this.list.rows[index];
    if (!row) return;
    this.list.elementOf(this.#active)?.classList.remove("active");
    this.#active = row.key;
    this.list.reveal(index);
    const element = this.list.elementOf(row.key);
    if (!element) return;
    element.classList.add("active");
    for (const old of this.tree.querySelectorAll("#active-row")) old.removeAttribute("id");
    element.id = "active-row";
    this.tree.setAttribute("aria-activedescendant", "active-row");
  }
}

// @ts-check
/** A long list of rows of which only those in sight are in the document; plots may lie between rows. */

/** Rows made beyond the edges, so that scrolling meets them ready. */
const MARGIN = 8;

/** @typedef {import("./tree.js").Row} Row */

/**
 * @typedef {object} RowMaker
 * @property {(kind: string) => HTMLElement} make
 * @property {(element: HTMLElement, row: Row) => void} fill
 * @property {(row: Row) => number} height in pixels
 */

export class RowList {
  /** @type {Row[]} */
  rows = [];
  /** @type {number[]} top of each row, and at the end the height of all */
  #tops = [0];
  /** @type {Map<string, { element: HTMLElement, row: Row }>} */
  #shown = new Map();
  /** @type {Map<string, HTMLElement[]>} */
  #pool = new Map();
  /** @type {Map<string, HTMLElement>} by key of the row above */
  #inlays = new Map();
  #planned = false;
  /** Inlays grow when they have more to tell. */
  #growth = new ResizeObserver(() => this.#measure());

  /**
   * @param {HTMLElement} viewport what scrolls
   * @param {HTMLElement} content its only child, as high as all rows
   * @param {RowMaker} maker
   */
  constructor(viewport, content, maker) {
    this.viewport = viewport;
    this.content = content;
    this.maker = maker;
    viewport.addEventListener("scroll", () => this.plan(), { passive: true });
    new ResizeObserver(() => this.plan()).observe(viewport);
  }

  /**
   * Show these rows from now on.
   * @param {Row[]} rows
   */
  setRows(rows) {
    this.rows = rows;
    this.#measure();
    this.#fillShown();
  }

  /**
   * Put elements below rows. They stay in the document while their row exists.
   * @param {Map<string, HTMLElement>} inlays by key of the row
   */
  setInlays(inlays) {
    for (const [key, element] of this.#inlays) {
      // One that is elsewhere by now, as beside the tree of a window that has become wide, is no inlay any more.
      if (inlays.get(key) !== element && element.parentElement === this.content) element.remove();
    }
    this.#inlays = inlays;
    this.#growth.disconnect();
    for (const element of inlays.values()) this.#growth.observe(element);
    this.#measure();
  }

  /**
   * Do something to each row that is in the document.
   * @param {(element: HTMLElement, row: Row) => void} call
   */
  each(call) {
    for (const { element, row } of this.#shown.values()) call(element, row);
  }

  /**
   * The element of a row, where it is in the document.
   * @param {string} key
   */
  elementOf(key) {
    return this.#shown.get(key)?.element ?? null;
  }

  /**
   * The row that an element of the list belongs to.
   * @param {EventTarget | null} target
   * @returns {Row | null}
   */
  rowOf(target) {
    const element = target instanceof Element ? target.closest("[role=treeitem]") : null;
    for (const shown of this.#shown.values()) if (shown.element === element) return shown.row;
    return null;
  }

  /**
   * Scroll a row into sight, with what lies below it as far as there is room.
   * @param {number} index
   */
  reveal(index) {
    const top = this.#tops[index];
    const bottom = this.#tops[index + 1];
    const { scrollTop, clientHeight } = this.viewport;
    if (top < scrollTop) this.viewport.scrollTop = top;
    else if (bottom > scrollTop + clientHeight) this.viewport.scrollTop = Math.min(top, bottom - clientHeight);
    this.#show();
  }

  /** Rows that fit into the viewport. */
  page() {
    return Math.max(1, Math.floor(this.viewport.clientHeight / 28) - 1);
  }

  /** Bring the document up to date with the next frame. */
  plan() {
    if (this.#planned) return;
    this.#planned = true;
    requestAnimationFrame(() => {
      this.#planned = false;
      this.#show();
    });
  }

  #measure() {
    let top = 0;
    this.#tops = this.rows.map((row) => {
      const here = top;
      top += this.maker.height(row) + (this.#inlays.get(row.key)?.offsetHeight ?? 0);
      return here;
    });
    this.#tops.push(top);
    this.#layInlays();
    this.content.style.setProperty("height", `${this.#tops[this.rows.length]}px`);
    this.plan();
  }

  #layInlays() {
    if (!this.#inlays.size) return;
    const left = new Set(this.#inlays.keys());
    let moved = false;
    this.rows.forEach((row, index) => {
      const inlay = this.#inlays.get(row.key);
      if (!inlay) return;
      left.delete(row.key);
      if (inlay.parentElement !== this.content) {
        this.content.append(inlay);
        moved = true;
      }
      inlay.style.setProperty("top", `${this.#tops[index] + this.maker.height(row)}px`);
    });
    for (const key of left) this.#inlays.get(key)?.remove();
    // An element has no height before it is in the document: measure once more with it.
    if (moved) this.#measure();
  }

  /** Rows that stay in sight may stand for another place or node now. */
  #fillShown() {
    const byKey = new Map(this.rows.map((row) => [row.key, row]));
    for (const [key, shown] of this.#shown) {
      const row = byKey.get(key);
      if (!row || row.node.kind !== shown.row.node.kind) {
        this.#hide(key);
        continue;
      }
      shown.row = row;
      this.maker.fill(shown.element, row);
    }
  }

  /**
   * Index of the row at a height.
   * @param {number} y
   */
  #at(y) {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#tops[middle + 1] > y) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #show() {
    const { scrollTop, clientHeight } = this.viewport;
    const first = Math.max(0, this.#at(scrollTop) - MARGIN);
    const last = Math.min(this.rows.length - 1, this.#at(scrollTop + clientHeight) + MARGIN);
    const wanted = new Set();
    for (let index = first; index <= last; index += 1) wanted.add(this.rows[index].key);
    for (const key of this.#shown.keys()) if (!wanted.has(key)) this.#hide(key);
    /** @type {HTMLElement | null} */
    let above = null;
    for (let index = first; index <= last; index += 1) above = this.#place(this.rows[index], this.#tops[index], above);
  }

  /**
   * @param {Row} row
   * @param {number} top
   * @param {HTMLElement | null} above the row before it: who reads the document in its order meets the rows in theirs
   */
  #place(row, top, above) {
    let shown = this.#shown.get(row.key);
    if (!shown) {
      const kind = row.node.kind;
      const element = this.#pool.get(kind)?.pop() ?? this.maker.make(kind);
      shown = { element, row };
      this.#shown.set(row.key, shown);
      this.maker.fill(element, row);
    }
    const next = above ? above.nextElementSibling : this.content.firstElementChild;
    if (next !== shown.element) this.content.insertBefore(shown.element, next);
    const transform = `translateY(${top}px)`;
    if (shown.element.style.transform !== transform) shown.element.style.setProperty("transform", transform);
    return shown.element;
  }

  /** @param {string} key */
  #hide(key) {
    const shown = this.#shown.get(key);
    if (!shown) return;
    shown.element.remove();
    shown.element.removeAttribute("id");
    shown.element.classList.remove("active");
    this.#shown.delete(key);
    const kind = shown.row.node.kind;
    this.#pool.set(kind, [...(this.#pool.get(kind) ?? []), shown.element]);
  }
}

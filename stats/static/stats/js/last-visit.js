// @ts-check
/** What this browser has seen of a list before: what came later is new. */

import { keepList, keptList } from "./kept.js";

export class LastVisit {
  #newest = 0;

  /**
   * @param {string} account
   * @param {string} name of the list
   */
  constructor(account, name) {
    this.account = account;
    this.name = name;
    const kept = Number(keptList(account, name)?.[0] ?? Number.NaN);
    /** Unix seconds; on a first visit nothing is new. */
    this.before = Number.isFinite(kept) ? kept : Number.POSITIVE_INFINITY;
    this.#newest = Number.isFinite(kept) ? kept : 0;
    window.addEventListener("pagehide", () => this.#keep());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#keep();
    });
  }

  /** @param {number} at Unix seconds of something that is on the page */
  seen(at) {
    this.#newest = Math.max(this.#newest, at);
  }

  /** @param {number} at */
  isNew(at) {
    return at > this.before;
  }

  #keep() {
    keepList(this.account, this.name, [String(this.#newest)]);
  }
}

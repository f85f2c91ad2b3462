// @ts-check
/** The page's connection: what the top bar says of it, and the server's clock. */

import { need, say } from "./element.js";
import { askFiring, sayFiring } from "./firing.js";
import { since } from "./format.js";
import { connect } from "./live.js";
import { Store, noChange } from "./store.js";

/** @typedef {import("./live.js").Status} Status */
/** @typedef {import("./store.js").Change} Change */
/** @typedef {import("./store.js").Message} Message */

const WORDS = {
  connecting: "connecting",
  waiting: "reconnecting",
  offline: "offline",
  live: "live",
  refused: "not connected",
};

/**
 * What the top bar says.
 * @param {Status} status
 * @param {number} age of the data in milliseconds; not finite before the first
 */
export function statusText(status, age) {
  if (status.state === "refused") return status.reason;
  if (!Number.isFinite(age)) return WORDS[status.state];
  const seconds = age / 1000;
  const text = seconds < 9.95 ? `${seconds.toFixed(1)} s` : since(seconds);
  if (status.state === "live") return `live · ${text}`;
  // Between attempts and during them it is the same to a reader: the page is on its way back.
  return `${status.state === "offline" ? WORDS.offline : WORDS.waiting} · data ${text} old`;
}

/**
 * The live state of the page: messages go into the store, and what they changed is drawn with the next frame.
 */
export class Connection {
  store = new Store();
  #change = noChange();
  #planned = false;
  #received = Number.NEGATIVE_INFINITY;
  #state = need("#connection");

  /**
   * @param {string} path of the websocket
   * @param {{ draw: (change: Change) => void, message?: (message: Message) => void, back?: () => void }} page
   *   `draw` at most once a frame; `message` with each; `back` when the connection came back
   */
  constructor(path, page) {
    this.page = page;
    this.#state.hidden = false;
    this.live = connect(path, { message: (message) => this.#take(message), status: (status) => this.#changed(status) });
    this.#tell();
    window.setInterval(() => {
      if (!document.hidden) this.#tell();
    }, 1000);
    document.addEventListener("visibilitychange", () => this.#plan());
  }

  /**
   * The server's time, Unix seconds: the browser's clock may be wrong, and a plot ends where the server is.
   */
  now = () => {
    if (!this.store.at) return Date.now() / 1000;
    return this.store.at + (performance.now() - this.#received) / 1000;
  };

  /** @param {Message} message */
  #take(message) {
    const again = message.type === "snapshot" && this.store.at > 0;
    this.#received = performance.now();
    this.store.apply(message, this.#change);
    this.page.message?.(message);
    if (message.type === "alert") sayFiring(message.firing ?? 0);
    if (again) this.#back();
    this.#plan();
  }

  #back() {
    this.page.back?.();
    void askFiring();
  }

  /** Frames do not come while the page is hidden: what changed waits in the change. */
  #plan() {
    if (this.#planned || document.hidden) return;
    this.#planned = true;
    requestAnimationFrame(() => {
      this.#planned = false;
      const change = this.#change;
      this.#change = noChange();
      this.page.draw(change);
      this.#count();
    });
  }

  /**
   * Say once that the connection went or came: the age in the top bar changes too often to be read aloud.
   * @param {Status} status
   */
  #changed(status) {
    const news = need("#connection-news");
    if (status.state === "live") say(news, news.textContent ? "Connected again." : "");
    else if (this.store.at) say(news, status.reason || "Connection lost. The page reconnects by itself.");
    this.#tell();
  }

  #tell() {
    const { status } = this.live ?? { status: { state: /** @type {const} */ ("connecting"), reason: "" } };
    this.#state.dataset.state = status.state;
    say(need(".connection-text", this.#state), statusText(status, performance.now() - this.#received));
  }

  /** The counts of errors and warnings in the navigation. */
  #count() {
    const totals = { err: 0, wrn: 0 };
    for (const process of this.store.processes.values()) {
      totals.err += process.err;
      totals.wrn += process.wrn;
    }
    for (const [name, total] of Object.entries(totals)) {
      const badge = document.querySelector(`[data-count="${name}"]`);
      if (!(badge instanceof HTMLElement)) continue;
      badge.hidden = !total;
      say(badge, total > 999 ? "999+" : String(total));
    }
  }
}

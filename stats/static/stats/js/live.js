// @ts-check
/** The websocket that stays: it reconnects by itself and says how old the data on the page is. */

/** First wait before a reconnection and the longest one, in milliseconds. */
const FIRST_WAIT = 250;
const LONGEST_WAIT = 5000;
/** The server says something each 5 s at least: after this silence the connection is taken for dead. */
const SILENCE = 12_000;
/** How long an attempt may take before it is given up. */
const PATIENCE = 8000;

/** Close codes after which trying again cannot help. */
const FINAL = new Map([
  [4401, "Logged out. Log in again to see live values."],
  [4403, "This page's address is not allowed to read live values."],
  [4404, "No such account for you."],
]);

/**
 * @typedef {object} Status
 * @property {"connecting" | "live" | "waiting" | "offline" | "refused"} state
 * @property {string} reason why it was refused, otherwise empty
 */

/**
 * The browser as far as this module needs it; tests put their own in.
 * @typedef {object} Surroundings
 * @property {new (url: string) => WebSocket} WebSocket
 * @property {() => number} now milliseconds, monotonic
 * @property {(call: () => void, ms: number) => number} setTimeout
 * @property {(id: number) => void} clearTimeout
 * @property {() => number} random
 * @property {() => boolean} online
 */

/** @returns {Surroundings} */
function browser() {
  return {
    WebSocket: globalThis.WebSocket,
    now: () => performance.now(),
    setTimeout: (call, ms) => window.setTimeout(call, ms),
    clearTimeout: (id) => window.clearTimeout(id),
    random: Math.random,
    online: () => navigator.onLine,
  };
}

/**
 * How long to wait before attempt number `attempt` (0 is the first): doubling, capped, and spread over the upper
 * half, so that the pages of a restarted server do not all come back in the same moment.
 * @param {number} attempt
 * @param {number} random in [0, 1)
 * @returns {number} milliseconds
 */
export function backoff(attempt, random) {
  const full = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(attempt, 10));
  return full * (0.5 + random / 2);
}

export class Live {
  /** @type {WebSocket | null} */
  #socket = null;
  #attempt = 0;
  #timer = 0;
  #heard = 0;
  #stopped = false;

  /**
   * @param {string} url absolute, ws: or wss:
   * @param {{ message: (message: any) => void, status: (status: Status) => void }} calls
   * @param {Surroundings} [around]
   */
  constructor(url, calls, around = browser()) {
    this.url = url;
    this.calls = calls;
    this.around = around;
    /** @type {Status} */
    this.status = { state: "connecting", reason: "" };
  }

  /** Open the connection. */
  start() {
    this.#connect();
  }

  /** Close it for good. */
  stop() {
    this.#stopped = true;
    this.around.clearTimeout(this.#timer);
    this.#drop();
  }

  /** Try at once: the network came back, or somebody looks at the page again. */
  hurry() {
    if (this.#stopped || this.status.state === "refused") return;
    const silent = this.around.now() - this.#heard;
    if (this.#socket && this.status.state === "live" && silent < SILENCE) return;
    if (this.#socket && this.status.state === "connecting") return;
    this.#attempt = 0;
    this.#connect();
  }

  /** Milliseconds since the last message. */
  age() {
    return this.around.now() - this.#heard;
  }

  #connect() {
    this.around.clearTimeout(this.#timer);
    this.#drop();
    this.#tell("connecting");
    const socket = new this.around.WebSocket(this.url);
    this.#socket = socket;
    socket.onmessage = (event) => this.#received(event);
    socket.onclose = (event) => this.#closed(event.code);
    this.#expect(PATIENCE);
  }

  /** @param {MessageEvent} event */
  #received(event) {
    this.#heard = this.around.now();
    this.#attempt = 0;
    this.#expect(SILENCE);
    this.calls.message(JSON.parse(event.data));
    this.#tell("live");
  }

  /** @param {number} code */
  #closed(code) {
    this.#drop();
    this.around.clearTimeout(this.#timer);
    const refused = FINAL.get(code);
    if (refused) this.#tell("refused", refused);
    else this.#wait();
  }

  #wait() {
    if (this.#stopped) return;
    this.#tell(this.around.online() ? "waiting" : "offline");
    const pause = backoff(this.#attempt, this.around.random());
    this.#attempt += 1;
    this.#timer = this.around.setTimeout(() => this.#connect(), pause);
  }

  /**
   * Give the connection up unless something arrives in time.
   * @param {number} ms
   */
  #expect(ms) {
    this.around.clearTimeout(this.#timer);
    this.#timer = this.around.setTimeout(() => {
      this.#drop();
      this.#wait();
    }, ms);
  }

  /** Let go of the socket; what it still says is not heard any more. */
  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  /**
   * @param {Status["state"]} state
   * @param {string} [reason]
   */
  #tell(state, reason = "") {
    if (this.status.state === state && this.status.reason === reason) return;
    this.status = { state, reason };
    this.calls.status(this.status);
  }
}

/**
 * The absolute websocket address of a path on this server.
 * @param {string} path such as "/ws/demo/"
 * @param {{ protocol: string, host: string }} location
 */
export function socketUrl(path, location) {
  return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${path}`;
}

/**
 * A connection that listens to the network and to the page's visibility.
 * @param {string} path
 * @param {{ message: (message: any) => void, status: (status: Status) => void }} calls
 */
export function connect(path, calls) {
  const live = new Live(socketUrl(path, window.location), calls);
  window.addEventListener("online", () => live.hurry());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) live.hurry();
  });
  live.start();
  return live;
}

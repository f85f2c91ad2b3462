import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Live, backoff, socketUrl } from "../../stats/static/stats/js/live.js";

/** A browser with a clock that the test turns and sockets that the test answers for. */
class Surroundings {
  time = 0;
  sockets = [];
  timers = new Map();
  isOnline = true;
  chance = 1;

  constructor() {
    const { sockets } = this;
    this.WebSocket = class {
      constructor(url) {
        this.url = url;
        this.closed = false;
        sockets.push(this);
      }
      close() {
        this.closed = true;
      }
    };
  }

  now = () => this.time;
  random = () => this.chance;
  online = () => this.isOnline;
  setTimeout = (call, ms) => {
    const id = this.timers.size + 1 + this.time * 1000;
    this.timers.set(id, { call, due: this.time + ms });
    return id;
  };
  clearTimeout = (id) => this.timers.delete(id);

  get socket() {
    return this.sockets.at(-1);
  }

  say(message) {
    this.socket.onmessage({ data: JSON.stringify(message) });
  }

  pass(ms) {
    const end = this.time + ms;
    for (;;) {
      const next = [...this.timers].filter(([, timer]) => timer.due <= end).sort(([, a], [, b]) => a.due - b.due)[0];
      if (!next) break;
      this.timers.delete(next[0]);
      this.time = next[1].due;
      next[1].call();
    }
    this.time = end;
  }
}

let around;
let states;
let messages;
let live;

beforeEach(() => {
  around = new Surroundings();
  states = [];
  messages = [];
  const calls = { message: (message) => messages.push(message), status: ({ state }) => states.push(state) };
  live = new Live("ws://host/ws/demo/", calls, around);
});

test("messages arrive and the connection is live with the first", () => {
  live.start();
  around.say({ n: 1 });
  around.say({ n: 2 });
  assert.deepEqual(messages, [{ n: 1 }, { n: 2 }]);
  assert.equal(live.status.state, "live");
});

test("a lost connection comes back by itself", () => {
  live.start();
  around.say({ n: 1 });
  around.socket.onclose({ code: 1012 });
  assert.equal(live.status.state, "waiting");
  around.pass(250);
  assert.equal(around.sockets.length, 2);
  around.say({ n: 1 });
  assert.deepEqual(states, ["live", "waiting", "connecting", "live"]);
});

test("waits double up to five seconds and spread over their upper half", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 50].map((attempt) => backoff(attempt, 1)), [250, 500, 1000, 2000, 4000, 5000, 5000]);
  assert.equal(backoff(5, 0), 2500);
});

test("a server that stays away is asked at least each five seconds", () => {
  live.start();
  for (let round = 0; round < 20; round += 1) {
    around.socket.onclose({ code: 1006 });
    const before = around.sockets.length;
    around.pass(5000);
    assert.equal(around.sockets.length, before + 1);
  }
});

test("after a message the waits begin anew", () => {
  live.start();
  for (let round = 0; round < 6; round += 1) {
    around.socket.onclose({ code: 1006 });
    around.pass(5000);
  }
  around.say({});
  around.socket.onclose({ code: 1006 });
  const before = around.sockets.length;
  around.pass(250);
  assert.equal(around.sockets.length, before + 1);
});

test("silence is a lost connection", () => {
  live.start();
  around.say({});
  const { socket } = around;
  around.pass(11_900);
  assert.equal(socket.closed, false);
  around.pass(400);
  assert.equal(socket.closed, true);
  assert.equal(around.sockets.length, 2);
});

test("an attempt without an answer is given up", () => {
  live.start();
  around.pass(8300);
  assert.deepEqual([around.sockets[0].closed, around.sockets.length], [true, 2]);
});

test("a refused connection is not tried again", () => {
  for (const code of [4401, 4403, 4404]) {
    const other = new Live("ws://host/", { message() {}, status() {} }, around);
    other.start();
    around.socket.onclose({ code });
    const before = around.sockets.length;
    around.pass(60_000);
    other.hurry();
    assert.equal(around.sockets.length, before);
    assert.equal(other.status.state, "refused");
    assert.notEqual(other.status.reason, "");
  }
});

test("when the network is back it tries at once", () => {
  live.start();
  around.isOnline = false;
  around.socket.onclose({ code: 1006 });
  assert.equal(live.status.state, "offline");
  live.hurry();
  assert.equal(around.sockets.length, 2);
});

test("a connection that works is left alone by somebody who comes back to the page", () => {
  live.start();
  live.hurry();
  around.say({});
  live.hurry();
  assert.equal(around.sockets.length, 1);
});

test("what an abandoned socket still says is not heard", () => {
  live.start();
  around.say({ n: 1 });
  const old = around.socket;
  around.pass(12_500);
  assert.deepEqual([old.onmessage, old.onclose], [null, null]);
});

test("a stopped connection stays closed", () => {
  live.start();
  live.stop();
  around.pass(60_000);
  assert.deepEqual([around.sockets.length, around.socket.closed], [1, true]);
});

test("the age counts from the last message", () => {
  live.start();
  around.say({});
  around.time += 400;
  assert.equal(live.age(), 400);
});

test("a secure page has a secure socket", () => {
  assert.equal(socketUrl("/ws/demo/", { protocol: "https:", host: "a.b" }), "wss://a.b/ws/demo/");
  assert.equal(socketUrl("/ws/demo/", { protocol: "http:", host: "a.b:8000" }), "ws://a.b:8000/ws/demo/");
});

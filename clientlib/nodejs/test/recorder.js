'use strict';

const { EventEmitter, once } = require('events');
const http = require('http');
const zlib = require('zlib');

/** A server that writes down the commits it gets. `replies` are used up first, then all get 200. */
class Recorder extends EventEmitter {
  constructor() {
    super();
    this.commits = [];
    this.headers = [];
    this.replies = [];
    this.sockets = new Set();
    this.port = 0;
  }

  async up() {
    this.server = http.createServer((request, response) => this.take(request, response));
    this.server.on('connection', (socket) => this.sockets.add(socket));
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}`;
  }

  async down() {
    this.server.close();
    this.sockets.forEach((socket) => socket.destroy());
    this.sockets.clear();
  }

  async take(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const packed = request.headers['content-encoding'] === 'gzip';
    this.commits.push(JSON.parse(packed ? zlib.gunzipSync(body) : body));
    this.headers.push(request.headers);
    const reply = this.replies.shift() || {};
    this.emit('commit');
    if (reply.never) return;
    response.writeHead(reply.status || 200, reply.headers);
    response.end(reply.body || '{"ok":true}');
  }

  partials(name) {
    return this.commits.flatMap(({ prt }) => [...prt.c, ...prt.ms, ...prt.g]).filter((partial) => partial.nam === name);
  }

  async until(condition) {
    while (!condition()) await once(this, 'commit', { signal: AbortSignal.timeout(10_000) });
  }
}

module.exports = { Recorder };

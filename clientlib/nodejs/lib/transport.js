// @ts-check
'use strict';

/** One commit over HTTP: a connection that is kept, an answer, or an error. */

const { spawnSync } = require('child_process');
const http = require('http');
const https = require('https');
const path = require('path');
const { promisify } = require('util');
const zlib = require('zlib');

const VERSION = require('../package.json').version;

/** @typedef {{status: number, body: Record<string, any>, retryAfter: number | null, location: string | undefined}} Answer */

const SENDER = path.join(__dirname, 'sender.js');
const gzip = promisify(zlib.gzip);
const WORTH_PACKING = 1024; // bytes; a smaller body fits into one network packet anyway
const LONGEST_ANSWER = 65_536;

class Transport {
  /**
   * Sends to `PUT {url}/agg`. Throws for a URL that is none.
   * @param {string} url
   * @param {string} auth
   */
  constructor(url, auth) {
    const base = new URL(url);
    if (base.protocol !== 'http:' && base.protocol !== 'https:') throw new TypeError(`not an HTTP address: ${url}`);
    const client = base.protocol === 'https:' ? https : http;
    this._request = client.request;
    this._agent = new client.Agent({ keepAlive: true, maxSockets: 1 });
    this._url = new URL(base.origin + base.pathname.replace(/\/+$/, '') + '/agg');
    this._headers = {
      Authorization: `Bearer ${auth}`,
      'Content-Type': 'application/json',
      'User-Agent': `dattss-nodejs/${VERSION}`,
    };
    this._holding = false;
    /** @type {import('http').ClientRequest | null} */
    this._current = null;
  }

  /**
   * Sends the commit; the server has `timeout` milliseconds to answer. Rejects when there is no answer: whether the
   * commit arrived is then unknown.
   * @param {Record<string, any>} commit
   * @param {number} timeout
   * @returns {Promise<Answer>}
   */
  async put(commit, timeout) {
    let body = Buffer.from(JSON.stringify(commit));
    /** @type {Record<string, string | number>} */
    const headers = { ...this._headers };
    if (body.length >= WORTH_PACKING) {
      body = await gzip(body, { level: 4 });
      headers['Content-Encoding'] = 'gzip';
    }
    headers['Content-Length'] = body.length;
    try {
      return await this._exchange(body, headers, timeout);
    } catch (error) {
      // The server closed a connection that we had kept: that is no failure yet. The commit's number keeps it from
      // being counted twice in case it did arrive.
      if (/** @type {any} */ (error).onKeptConnection) return this._exchange(body, headers, timeout);
      throw error;
    }
  }

  /**
   * Sends the commits, one after the other, by a process of its own, since this one is about to end: it has no turns of
   * the event loop any more. Waits `timeout` milliseconds at most.
   * @param {Record<string, any>[]} commits
   * @param {number} timeout
   */
  putByAnother(commits, timeout) {
    const input = JSON.stringify({ url: this._url.href, headers: this._headers, commits });
    const env = { ...process.env, NODE_OPTIONS: '' }; // what the program preloads is not wanted twice
    spawnSync(process.execPath, [SENDER], { input, env, timeout, stdio: ['pipe', 'ignore', 'ignore'], windowsHide: true });
  }

  /**
   * While holding, a request keeps the program alive until its answer is there; else the program may end in the middle.
   * @param {boolean} holding
   */
  hold(holding) {
    this._holding = holding;
    const socket = this._current && this._current.socket;
    if (socket) this._holdSocket(socket);
  }

  /** Ends the request under way, as without an answer. */
  abort() {
    if (this._current) this._current.destroy(new Error('no answer in time'));
  }

  /** Closes the connection that is kept; `put` opens a new one. */
  close() {
    this._agent.destroy();
  }

  /** @param {import('net').Socket} socket */
  _holdSocket(socket) {
    if (this._holding) socket.ref();
    else socket.unref();
  }

  /**
   * @param {Buffer} body
   * @param {Record<string, string | number>} headers
   * @param {number} timeout
   * @returns {Promise<Answer>}
   */
  _exchange(body, headers, timeout) {
    return new Promise((resolve, reject) => {
      const request = this._request(this._url, { method: 'PUT', headers, agent: this._agent });
      const timer = setTimeout(() => request.destroy(new Error('no answer in time')), timeout);
      timer.unref();
      this._current = request;
      const settle = () => {
        clearTimeout(timer);
        if (this._current === request) this._current = null; // its answer may break off after it was given up
      };
      request.on('socket', (socket) => this._holdSocket(socket));
      request.on('error', (error) => {
        settle();
        const code = /** @type {any} */ (error).code;
        const onKeptConnection = request.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
        reject(Object.assign(error, { onKeptConnection }));
      });
      request.on('response', (response) => {
        read(response).then((text) => {
          settle();
          resolve(answerOf(response, text));
        }, (error) => {
          settle();
          reject(error);
        });
      });
      request.end(body);
    });
  }
}

/**
 * @param {import('http').IncomingMessage} response
 * @returns {Promise<string>}
 */
function read(response) {
  return new Promise((resolve, reject) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk) => {
      text += chunk;
      if (text.length > LONGEST_ANSWER) response.destroy(new Error('the answer is too long'));
    });
    response.on('end', () => resolve(text));
    response.on('error', reject);
    response.on('aborted', () => reject(new Error('the answer broke off')));
  });
}

/**
 * @param {import('http').IncomingMessage} response
 * @param {string} text
 * @returns {Answer}
 */
function answerOf(response, text) {
  const { headers } = response;
  return {
    status: response.statusCode || 0,
    body: objectOf(text),
    retryAfter: millisecondsOf(headers['retry-after'], headers.date),
    location: headers.location,
  };
}

/** @param {string} text */
function objectOf(text) {
  try {
    return Object(JSON.parse(text));
  } catch (error) {
    return {};
  }
}

/**
 * `Retry-After`: a number of seconds, or a date, which is compared with the server's own clock.
 * @param {string | undefined} header
 * @param {string | undefined} date
 */
function millisecondsOf(header, date) {
  if (header === undefined) return null;
  if (/^[0-9]{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const wait = Date.parse(header) - Date.parse(date || '');
  return Number.isFinite(wait) ? wait : null;
}

module.exports = { Transport, VERSION };

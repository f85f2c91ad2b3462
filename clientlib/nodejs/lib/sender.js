// @ts-check
'use strict';

/** Run as a program of its own by `Transport.putByAnother`: sends the commits that its standard input has. */

const http = require('http');
const https = require('https');

/**
 * Ends with the last answer, or without one.
 * @param {string} url
 * @param {Record<string, string>} headers
 * @param {unknown[]} commits
 */
function send(url, headers, commits) {
  const client = url.startsWith('https:') ? https : http;
  const agent = new client.Agent({ keepAlive: true, maxSockets: 1 });
  const next = () => {
    const commit = commits.shift();
    if (commit === undefined) process.exit(0);
    const body = Buffer.from(JSON.stringify(commit));
    const request = client.request(url, { method: 'PUT', agent, headers: { ...headers, 'Content-Length': body.length } });
    request.on('error', () => process.exit(1));
    request.on('response', (response) => response.resume().on('end', next));
    request.end(body);
  };
  next();
}

let input = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (chunk) => {
  input += chunk;
});
process.stdin.on('end', () => {
  const { url, headers, commits } = JSON.parse(input);
  send(url, headers, commits);
});

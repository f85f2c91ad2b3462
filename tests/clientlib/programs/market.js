// A Node program that dies of an error.
'use strict';

const dattss = require('../../../clientlib/nodejs');

dattss.process({ name: 'market', monitor: true }).start();
setTimeout(function sell() {
  throw new RangeError(`broken at ${Date.now() / 1000}`);
}, 100);

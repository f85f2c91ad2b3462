// @ts-check
'use strict';

/** Texts of errors cut with a notice; the server keeps 16,384 characters of one. */

const LONGEST = 16_000;
const LONGEST_NAME = 500; // characters of a type or a place
const LOOKED_AT = 2 * LONGEST; // characters of a message in which secrets are looked for; what is behind is never sent
const LONGEST_STACK = 128_000; // characters of a stack in which they are

/**
 * So much of a long message that it can be scrubbed and cut. Half a key would not be seen to be one, so whole words.
 * @param {string} text
 */
function beginning(text) {
  return text.length <= LOOKED_AT ? text : text.slice(0, LOOKED_AT).replace(/\w{1,256}$/, '');
}

/**
 * What is sent of a message that had `length` characters.
 * @param {string} text
 * @param {number} length
 */
function cut(text, length) {
  if (Math.max(text.length, length) <= LONGEST) return text;
  return `${text.slice(0, LONGEST)}\n[cut: it had ${length.toLocaleString('en')} characters]`;
}

/**
 * A stack of at most so many characters: whole lines, the first ones, which Node writes for the innermost functions.
 * @param {string} text
 */
function cutStack(text, most = LONGEST) {
  if (text.length <= most) return text;
  const kept = text.slice(0, text.lastIndexOf('\n', most) + 1) || text.slice(0, most);
  return `${kept}[cut: ${(text.length - kept.length).toLocaleString('en')} characters]`;
}

/**
 * Half of a pair of surrogates is no character: the server would refuse the commit.
 * @param {string} text
 */
function encodable(text) {
  return text.replace(/[\ud800-\udfff]/gu, '\ufffd');
}

module.exports = { LONGEST_NAME, LONGEST_STACK, beginning, cut, cutStack, encodable };

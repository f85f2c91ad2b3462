// @ts-check
/** A stack as it is read: the program's own frames stand out from those of libraries and of the runtime. */

import { make } from "./element.js";
import { visible } from "./visible.js";

// As stats/aggregation/stack.py tells frames and libraries.
const PYTHON_FRAME = /^[\s|+]*File "([^"]*)", line \d+/;
const NODE_FRAME = /^\s*at (?:[^()]+ \(([^()]*)\)|(\S+))/;
const LIBRARY = /[\\/](?:site-packages|dist-packages|node_modules)[\\/]|\/lib\/python\d[\d.]*\/|\/lib\d*\/python\d|\\Python\d+\\Lib\\|^<frozen |^node:|^internal\//i;

/**
 * The lines of a stack, and which of them are of libraries: a frame of Python has the lines of its code with it.
 * @param {string} text
 * @returns {{ text: string, library: boolean }[]}
 */
export function stackLines(text) {
  let indent = -1;
  return text.split("\n").map((line) => {
    const depth = line.search(/[^\s|+]/);
    const file = PYTHON_FRAME.exec(line)?.[1];
    if (file !== undefined) {
      indent = LIBRARY.test(file) ? depth : -1;
      return { text: line, library: indent >= 0 };
    }
    const place = NODE_FRAME.exec(line);
    if (place) return { text: line, library: LIBRARY.test(place[1] ?? place[2]) };
    if (indent >= 0 && depth > indent) return { text: line, library: true };
    indent = -1;
    return { text: line, library: false };
  });
}

/** @param {string} text of a stack */
export function stackView(text) {
  /** @type {(Node | string)[]} */
  const parts = [];
  stackLines(text).forEach(({ text: line, library }, index) => {
    if (index) parts.push("\n");
    parts.push(library ? make("span", "library", visible(line)) : visible(line));
  });
  return make("pre", "", parts);
}

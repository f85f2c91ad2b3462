import assert from "node:assert/strict";
import { test } from "node:test";

import { stackLines } from "../../stats/static/stats/js/stack-view.js";
import { beginning, visible } from "../../stats/static/stats/js/visible.js";

test("what would not be seen is written out", () => {
  assert.equal(visible("a\x1b[31mred\x1b[0m\0\r"), "a\\x1b[31mred\\x1b[0m\\x00\\x0d");
  assert.equal(visible("\u202eevil\u202c\u200b\ufeff\u2028\u2066"), "\\u202eevil\\u202c\\u200b\\ufeff\\u2028\\u2066");
  assert.equal(visible("a\ud800b\udfff\ud83d\ude00"), "a\\ud800b\\udfff\ud83d\ude00");
  assert.equal(visible("tab\tline\n<b> ünï 家 مرحبا"), "tab\tline\n<b> ünï 家 مرحبا");
});

test("a long text is cut with a notice", () => {
  assert.equal(beginning("x".repeat(10), 10), "x".repeat(10));
  assert.equal(beginning("x".repeat(12_345), 10), `${"x".repeat(10)}… (12,335 more characters)`);
});

const marks = (text) => stackLines(text).map(({ library }) => (library ? "l" : "-")).join("");

test("frames of Python's libraries are told from the program's", () => {
  const stack = [
    "Traceback (most recent call last):",
    '  File "/srv/.venv/lib/python3.11/site-packages/django/core.py", line 47, in inner',
    "    response = get_response(request)",
    "               ^^^^^^^^^^^^",
    '  File "/srv/shop/cart.py", line 3, in total',
    "    return prices[sku]",
    '  File "<frozen importlib._bootstrap>", line 1, in _call',
    "KeyError: 1",
  ].join("\n");
  assert.equal(marks(stack), "-lll--l-");
});

test("frames of Node's libraries are told from the program's", () => {
  const stack = [
    "Error: boom",
    "    at total (/srv/shop/cart.js:3:5)",
    "    at Layer.handle (/srv/node_modules/express/lib/layer.js:95:5)",
    "    at node:internal/main:1:2",
    "    at process.run (node:internal/process:1:2)",
    "    at /srv/shop/index.js:1:1",
  ].join("\n");
  assert.equal(marks(stack), "--lll-");
});

test("a text that is no stack has no library in it", () => {
  assert.equal(marks("(\nat\n  at \nFile\n" + "at ".repeat(5000)), "-----");
});

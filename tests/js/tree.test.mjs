import assert from "node:assert/strict";
import { test } from "node:test";

import { build, rowsOf } from "../../stats/static/stats/js/tree.js";

const stat = (proc, nam, typ = "c") => ({ proc, nam, typ, key: `${proc}/${typ}/${nam}` });
const NONE = new Set();

/** The rows as text, two spaces a level. */
function drawn(stats, { favourites = NONE, collapsed = NONE, search = "", processes = [] } = {}) {
  const nodes = build(processes.map((nam) => ({ nam })), stats, favourites);
  return rowsOf(nodes, collapsed, search).map(({ depth, node }) => "  ".repeat(depth) + node.label);
}

test("stats lie below their process and dotted path", () => {
  assert.deepEqual(drawn([stat("api", "routes.b"), stat("api", "routes.a"), stat("api", "live", "g")]), [
    "api", "  live", "  routes", "    a", "    b",
  ]);
});

test("a path with one end is one row", () => {
  assert.deepEqual(drawn([stat("api", "a.b.c"), stat("api", "d")]), ["api", "  a.b.c", "  d"]);
});

test("a name may be a stat and a path, and have several types", () => {
  const stats = [stat("api", "db", "ms"), stat("api", "db"), stat("api", "db.x"), stat("api", "db.y")];
  assert.deepEqual(drawn(stats), ["api", "  db", "    x", "    y", "  db", "  db"]);
});

test("numbers in names sort as numbers", () => {
  assert.deepEqual(drawn([stat("w-10", "a"), stat("w-9", "a")]), ["w-9", "  a", "w-10", "  a"]);
});

test("a process without stats is there", () => {
  assert.deepEqual(drawn([], { processes: ["quiet"] }), ["quiet"]);
});

test("closed nodes hide what is below, a search opens them", () => {
  const stats = [stat("api", "routes.a"), stat("api", "routes.b")];
  const collapsed = new Set(["api"]);
  assert.deepEqual(drawn(stats, { collapsed }), ["api"]);
  assert.deepEqual(drawn(stats, { collapsed, search: "b" }), ["api", "  routes", "    b"]);
});

test("each word of a search must occur, in any case", () => {
  const stats = [stat("api", "Query.users"), stat("worker", "query")];
  assert.deepEqual(drawn(stats, { search: "API query" }), ["api", "  Query.users"]);
  assert.deepEqual(drawn(stats, { search: "nothing" }), []);
});

test("favourites stand above and in their place", () => {
  const one = stat("api", "query", "ms");
  assert.deepEqual(drawn([one], { favourites: new Set([one.key]) }), ["Favourites", "  api › query", "api", "  query"]);
});

test("rows tell where they are among their siblings", () => {
  const rows = rowsOf(build([], [stat("api", "a"), stat("api", "b")], NONE), NONE, "");
  assert.deepEqual(rows.map(({ place, siblings, parent }) => [place, siblings, parent]), [[1, 1, -1], [1, 2, 0], [2, 2, 0]]);
});

test("ten thousand stats are built in a moment, with keys that are unique", () => {
  const stats = Array.from({ length: 10_000 }, (_, index) => stat(`p${index % 50}`, `a${index % 7}.b${index % 11}.s${index}`));
  const rows = rowsOf(build([], stats, NONE), NONE, "");
  assert.equal(new Set(rows.map(({ key }) => key)).size, rows.length);
  assert.equal(rows.filter(({ node }) => node.kind === "stat").length, 10_000);
});

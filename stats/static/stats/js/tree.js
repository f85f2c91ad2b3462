// @ts-check
/** The tree of the left column: process, dotted path, stat; and the rows of it that are open. */

/** @typedef {import("./store.js").Stat} Stat */
/** @typedef {import("./store.js").ProcessState} ProcessState */

/**
 * @typedef {object} Node
 * @property {"process" | "group" | "stat" | "favourites"} kind
 * @property {string} key unique in the tree
 * @property {string} label
 * @property {Node[]} children
 * @property {string} stat key of the stat, empty for others
 * @property {string} typ type of the stat, empty for others
 * @property {string} search lower-case text that the search looks into
 * @property {number} count stats below
 */

/**
 * @typedef {object} Row a node that is to be seen, and where
 * @property {Node} node
 * @property {string} key of the node
 * @property {number} depth from 0
 * @property {boolean} expanded
 * @property {number} parent index of the parent's row, -1 at the top
 * @property {number} place from 1, among its siblings
 * @property {number} siblings
 */

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/**
 * @param {Node["kind"]} kind
 * @param {string} key
 * @param {string} label
 * @param {Partial<Node>} [more]
 * @returns {Node}
 */
function node(kind, key, label, more = {}) {
  return { kind, key, label, children: [], stat: "", typ: "", search: "", count: 0, ...more };
}

/**
 * @param {Stat} stat
 * @param {string} label
 * @param {string} prefix of the key, where the same stat stands in the tree twice
 */
function leaf(stat, label, prefix = "") {
  const search = `${stat.proc} ${stat.nam}`.toLowerCase();
  return node("stat", prefix + stat.key, label, { stat: stat.key, typ: stat.typ, search, count: 1 });
}

/**
 * Put a stat below its process, with a group for each part of its dotted name but the last.
 * @param {Node} process
 * @param {Map<string, Node>} groups of the process by path
 * @param {Stat} stat
 */
function plant(process, groups, stat) {
  const parts = stat.nam.split(".");
  const label = /** @type {string} */ (parts.pop());
  let parent = process;
  let path = "";
  for (const part of parts) {
    path += `${part}.`;
    let group = groups.get(path);
    if (!group) {
      group = node("group", `${process.key}/${path}`, part);
      groups.set(path, group);
      parent.children.push(group);
    }
    parent = group;
  }
  parent.children.push(leaf(stat, label));
}

/**
 * Count and sort below a node, and join chains: a group with one child says its name in front of the child's.
 * @param {Node} parent
 */
function settle(parent) {
  parent.children = parent.children.map((child) => {
    if (child.kind !== "group") return child;
    settle(child);
    if (child.children.length > 1) return child;
    const [only] = child.children;
    return { ...only, label: `${child.label}.${only.label}` };
  });
  parent.children.sort(
    (one, other) => collator.compare(one.label, other.label) || collator.compare(one.typ, other.typ),
  );
  parent.count = parent.children.reduce((sum, child) => sum + child.count, 0);
}

/**
 * The whole tree.
 * @param {Iterable<ProcessState>} processes
 * @param {Iterable<Stat>} stats
 * @param {ReadonlySet<string>} favourites stat keys
 * @returns {Node[]} favourites first (where there are any), then the processes by name
 */
export function build(processes, stats, favourites) {
  /** @type {Map<string, { root: Node, groups: Map<string, Node> }>} */
  const roots = new Map();
  const rootOf = (/** @type {string} */ name) => {
    const known = roots.get(name);
    if (known) return known;
    const root = { root: node("process", name, name, { search: name.toLowerCase() }), groups: new Map() };
    roots.set(name, root);
    return root;
  };
  for (const process of processes) rootOf(process.nam);
  const starred = node("favourites", "/favourites", "Favourites");
  for (const stat of stats) {
    const { root, groups } = rootOf(stat.proc);
    plant(root, groups, stat);
    if (favourites.has(stat.key)) starred.children.push(leaf(stat, `${stat.proc} › ${stat.nam}`, "/favourites/"));
  }
  const trees = [...roots.values()].map(({ root }) => root);
  trees.sort((one, other) => collator.compare(one.label, other.label));
  const all = starred.children.length ? [starred, ...trees] : trees;
  all.forEach(settle);
  return all;
}

/**
 * The part of the tree that a search leaves: stats in whose process and name every word occurs, with what is above.
 * @param {Node[]} nodes
 * @param {string[]} words lower case
 * @returns {Node[]}
 */
function matching(nodes, words) {
  const found = [];
  for (const child of nodes) {
    if (child.kind === "stat") {
      if (words.every((word) => child.search.includes(word))) found.push(child);
      continue;
    }
    const children = matching(child.children, words);
    if (children.length) found.push({ ...child, children, count: children.reduce((sum, one) => sum + one.count, 0) });
    else if (child.kind === "process" && words.every((word) => child.search.includes(word))) found.push(child);
  }
  return found;
}

/**
 * The rows to be seen, top to bottom.
 * @param {Node[]} nodes
 * @param {ReadonlySet<string>} collapsed keys of closed nodes; a search opens all
 * @param {string} search
 * @returns {Row[]}
 */
export function rowsOf(nodes, collapsed, search) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  /** @type {Row[]} */
  const rows = [];
  /** @type {(nodes: Node[], depth: number, parent: number) => void} */
  const walk = (level, depth, parent) => {
    level.forEach((child, index) => {
      const expanded = child.children.length > 0 && (words.length > 0 || !collapsed.has(child.key));
      rows.push({ node: child, key: child.key, depth, expanded, parent, place: index + 1, siblings: level.length });
      if (expanded) walk(child.children, depth + 1, rows.length - 1);
    });
  };
  walk(words.length ? matching(nodes, words) : nodes, 0, -1);
  return rows;
}

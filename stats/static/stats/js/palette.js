// @ts-check
/** The colours of tokens.css for canvases, which cannot read custom properties themselves. */

const NAMES = /** @type {const} */ ({
  c: "--counter",
  g: "--gauge",
  ms: "--timer",
  text: "--text",
  muted: "--muted",
  faint: "--faint",
  line: "--line",
  usual: "--usual",
  band: "--usual-band",
  error: "--error",
  surface: "--bg",
});

/** @typedef {keyof typeof NAMES} Colour */

/** @type {Partial<Record<Colour, string>>} */
let known = {};

/** @type {Set<() => void>} */
const listeners = new Set();

function forget() {
  known = {};
  for (const listener of listeners) listener();
}

new MutationObserver(forget).observe(document.documentElement, { attributeFilter: ["data-theme"] });
for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) {
  window.matchMedia(query).addEventListener("change", forget);
}

/**
 * @param {Colour} name
 * @returns {string} as CSS has it
 */
export function colour(name) {
  const value = known[name];
  if (value !== undefined) return value;
  const read = getComputedStyle(document.documentElement).getPropertyValue(NAMES[name]).trim();
  known[name] = read;
  return read;
}

/**
 * The same colour, letting through what is behind it. The tokens are written as #rrggbb.
 * @param {Colour} name
 * @param {number} alpha 0 to 1
 */
export function veil(name, alpha) {
  return colour(name) + Math.round(alpha * 255).toString(16).padStart(2, "0");
}

/**
 * Call when the colours are others.
 * @param {() => void} listener
 */
export function onColours(listener) {
  listeners.add(listener);
}

// @ts-check
/** The count of incidents that nobody has acknowledged, in the top bar of every page of an account. */

import { say } from "./element.js";

/** @returns {HTMLElement | null} */
function badge() {
  return document.querySelector('[data-count="firing"]');
}

/** @param {number} count */
export function sayFiring(count) {
  const shown = badge();
  if (!shown) return;
  shown.hidden = !count;
  say(shown, count > 999 ? "999+" : String(count));
}

/** Ask for the count: what was told while the page was cut off has not arrived. */
export async function askFiring() {
  const url = badge()?.dataset.url;
  if (!url) return;
  const answer = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) return;
  /** @type {{ firing: number }} */
  const { firing } = await answer.json();
  sayFiring(firing);
}

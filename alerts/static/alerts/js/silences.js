// @ts-check
/** The form of a silence: the field of what is chosen, and processes to pick from. */

import { make, need } from "../../stats/js/element.js";

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("#silence"));

if (form) {
  const kind = /** @type {HTMLSelectElement} */ (need("#id_kind", form));
  kind.addEventListener("change", () => fit(form, kind.value));
  fit(form, kind.value);
  void pick(form.dataset.account ?? "");
}

/**
 * @param {HTMLFormElement} form
 * @param {string} kind
 */
function fit(form, kind) {
  for (const field of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-kind]"))) {
    field.hidden = field.dataset.kind !== kind;
  }
}

/** @param {string} account */
async function pick(account) {
  try {
    const answer = await fetch(`/api/v1/current/?account=${account}`, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const { processes } = /** @type {{ processes: { nam: string }[] }} */ (await answer.json());
    need("#processes").replaceChildren(...processes.map(({ nam }) => make("option", "", [], { value: nam })));
  } catch {
    // The name can be written without being offered.
  }
}

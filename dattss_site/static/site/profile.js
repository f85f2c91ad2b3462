// @ts-check
/** The list of time zones: what was typed narrows it, and a line says what time it is in the chosen one. */

const list = /** @type {HTMLSelectElement} */ (document.getElementById("id_timezone"));
const search = /** @type {HTMLInputElement} */ (document.getElementById("zone-search"));
const now = /** @type {HTMLElement} */ (document.getElementById("zone-now"));
/** What can be chosen, as the server wrote it; options are taken out of the list, since not every browser hides them. */
const everything = [...list.children];
const options = [...list.options];
let matches = options;

/** @param {HTMLOptionElement} option */
const textOf = (option) => `${option.text} ${option.value.replaceAll("_", " ")} ${option.value}`.toLowerCase();

/** Show what holds all the words, and always the chosen one: what is not in the list would not be sent. */
function narrow() {
  const words = search.value.toLowerCase().split(/[\s,]+/).filter(Boolean);
  const chosen = list.value;
  matches = options.filter((option) => words.every((word) => textOf(option).includes(word)));
  const shown = options.filter((option) => matches.includes(option) || option.value === chosen);
  list.replaceChildren(...(words.length ? shown.map((option) => option.cloneNode(true)) : everything));
  list.value = chosen;
  tell();
}

function tell() {
  now.hidden = false;
  if (!matches.length) {
    now.textContent = "No zone is called that. Search for a larger city, or for the country.";
    return;
  }
  const timeZone = list.value || undefined;
  try {
    const format = new Intl.DateTimeFormat("en-GB", { weekday: "long", hour: "2-digit", minute: "2-digit", timeZone });
    now.textContent = `${list.selectedOptions[0].text}: ${format.format(new Date())} now.`;
  } catch {
    now.textContent = "";  // the browser is older than the zone
  }
}

search.hidden = false;
search.addEventListener("input", narrow);
search.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" && event.key !== "ArrowDown") return;
  event.preventDefault();
  if (matches.length) list.value = matches[0].value;
  tell();
  list.focus();
});
list.addEventListener("change", tell);
tell();

// @ts-check
/** The button that goes from the system's colours to the other ones and back. */

const dark = window.matchMedia("(prefers-color-scheme: dark)");

/** @returns {"light" | "dark"} */
function current() {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return dark.matches ? "dark" : "light";
}

/**
 * What the system has needs no remembering: the page follows it again.
 * @param {"light" | "dark"} theme
 * @param {string | undefined} saveTo address that stores it for who is logged in
 */
function choose(theme, saveTo) {
  const kept = theme === (dark.matches ? "dark" : "light") ? "" : theme;
  try {
    if (kept) localStorage.setItem("dattss/theme", kept);
    else localStorage.removeItem("dattss/theme");
  } catch {
    // Storage is forbidden: the choice lasts as long as the page.
  }
  document.documentElement.dataset.theme = theme;
  if (saveTo) void save(kept, saveTo);
}

/**
 * @param {string} theme
 * @param {string} saveTo
 */
async function save(theme, saveTo) {
  const token = /** @type {HTMLInputElement | null} */ (document.querySelector("[name=csrfmiddlewaretoken]"));
  const body = new URLSearchParams({ theme, csrfmiddlewaretoken: token?.value ?? "" });
  try {
    await fetch(saveTo, { method: "POST", body, keepalive: true });
  } catch {
    // No answer from the server: the choice lasts as long as the page.
  }
}

for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-theme-toggle]"))) {
  button.addEventListener("click", () => choose(current() === "dark" ? "light" : "dark", button.dataset.saveTo));
}

// A menu closes when something else is clicked, and with Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (event.target instanceof Node && !menu.contains(event.target)) menu.removeAttribute("open");
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) menu.removeAttribute("open");
});

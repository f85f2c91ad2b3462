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
 */
function choose(theme) {
  const system = dark.matches ? "dark" : "light";
  try {
    if (theme === system) localStorage.removeItem("dattss/theme");
    else localStorage.setItem("dattss/theme", theme);
  } catch {
    // Storage is forbidden: the choice lasts as long as the page.
  }
  document.documentElement.dataset.theme = theme;
}

for (const button of document.querySelectorAll("[data-theme-toggle]")) {
  button.addEventListener("click", () => choose(current() === "dark" ? "light" : "dark"));
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

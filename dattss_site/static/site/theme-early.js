// @ts-check
// Runs before the first paint, so that a page never flashes in the wrong colours. A classic script on purpose.
try {
  const chosen = localStorage.getItem("dattss/theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is forbidden: the system's setting counts.
}

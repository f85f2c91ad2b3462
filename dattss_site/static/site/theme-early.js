// @ts-check
// Runs before the first paint, so that a page never flashes in the wrong colours. A classic script on purpose.
try {
  const { dataset } = document.documentElement;
  const chosen = localStorage.getItem("dattss/theme");
  if (dataset.theme === undefined) {
    if (chosen === "light" || chosen === "dark") dataset.theme = chosen;
  } else if (dataset.theme !== (chosen ?? "system")) {
    // Of who is logged in the server knows the choice, and it counts; the browser keeps it for when he is logged out.
    if (dataset.theme === "system") localStorage.removeItem("dattss/theme");
    else localStorage.setItem("dattss/theme", dataset.theme);
  }
} catch {
  // Storage is forbidden: what the server says counts, else the system's setting.
}

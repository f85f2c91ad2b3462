// @ts-check
/** Tabs and copy buttons of the snippets that show how to send. */

/** How long a button says that it copied. */
const THANKS = 1600;

/** @param {HTMLElement} root */
function wireTabs(root) {
  const tabs = /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[role=tab]")]);
  const show = (/** @type {HTMLElement} */ chosen) => {
    for (const tab of tabs) {
      const selected = tab === chosen;
      tab.setAttribute("aria-selected", String(selected));
      tab.tabIndex = selected ? 0 : -1;
      const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
      if (panel) panel.hidden = !selected;
    }
  };
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => show(tab));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = tabs[(index + step + tabs.length) % tabs.length];
      show(next);
      next.focus();
    });
  });
  if (tabs.length) show(tabs[0]);
}

/**
 * Copy text; without a secure context (plain http in a local network) the browser's old command is all there is.
 * @param {HTMLElement} source
 */
async function copy(source) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(source.textContent ?? "");
    return;
  }
  const selection = window.getSelection();
  selection?.selectAllChildren(source);
  document.execCommand("copy");
}

/** @param {HTMLElement} button */
function wireCopy(button) {
  const words = button.textContent ?? "";
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy ?? "");
    if (!source) return;
    await copy(source);
    button.textContent = "Copied";
    window.setTimeout(() => {
      button.textContent = words;
    }, THANKS);
  });
}

/**
 * Make the snippets of a page work.
 * @param {ParentNode} [page]
 */
export function wireSnippets(page = document) {
  for (const root of page.querySelectorAll("[data-tabs]")) wireTabs(/** @type {HTMLElement} */ (root));
  for (const button of page.querySelectorAll("[data-copy]")) wireCopy(/** @type {HTMLElement} */ (button));
}

// @ts-check
/** The dashboard: entry point. */

import { Connection } from "./connection.js";
import { need } from "./element.js";
import { drawOverview } from "./overview.js";
import { Plots } from "./plots.js";
import { wireSnippets } from "./snippets.js";
import { watchErrors } from "./toast.js";
import { TreeView } from "./tree-view.js";
import { PHONE } from "./viewport.js";

/** Plots are drawn at most this often, in milliseconds: four times a second is live to the eye. */
const PLOT_PAUSE = 250;

const main = need("#dashboard");
const { liveUrl = "", historyUrl = "", marksUrl = "", ruleUrl = "", account = "" } = main.dataset;
const waiting = need("#waiting", main);
const board = need("#board", main);
const how = need("#how-to-send", main);
let drawn = 0;
let later = 0;

// On the demo's page nobody has a page of errors to go to.
const toast = liveUrl.startsWith("/ws/demo/") ? null : watchErrors(account);
const connection = new Connection(liveUrl, { draw, message: hear, back: () => plots.refresh() });
const { store } = connection;
const plots = new Plots({ grid: need("#plots", main), store, account, historyUrl, marksUrl, ruleUrl, now: connection.now });
const tree = new TreeView(need("#column", main), store, account, plots);

plots.onchange = lay;
plots.onstar = (/** @type {string} */ stat) => tree.star(stat);
plots.starred = (/** @type {string} */ stat) => tree.favourites.has(stat);
tree.onrows = () => tree.list.setInlays(plots.inlays(tree.rowKeys()));
PHONE.addEventListener("change", lay);
how.addEventListener("click", () => showWaiting(waiting.hidden));
wireSnippets(main);
lay();

/** Plots were opened, closed, or belong elsewhere now. */
function lay() {
  plots.place();
  tree.onrows();
  tree.redraw();
  need("#no-plots", main).hidden = plots.open.size > 0;
}

/** @param {import("./store.js").Change} change */
function draw(change) {
  const arrived = store.stats.size > 0;
  // The page flips by itself when the first stats come, once: later it is the button that shows the panel.
  if (change.structure && arrived && main.dataset.state !== "stats") {
    main.dataset.state = "stats";
    showWaiting(false);
    plots.greet();
  } else if (!arrived && main.dataset.state === "loading") {
    main.dataset.state = "waiting";
    showWaiting(true);
  }
  tree.update(change);
  drawSlower();
}

/** @param {import("./store.js").Message} message */
function hear(message) {
  toast?.take(message);
  if (message.type === "alert") plots.tell(message);
}

/** The line above and the plots: with the newest values, but not with each message. */
function drawSlower() {
  const due = drawn + PLOT_PAUSE - performance.now();
  if (due > 0) {
    later ||= window.setTimeout(drawSlower, due);
    return;
  }
  window.clearTimeout(later);
  later = 0;
  drawn = performance.now();
  drawOverview(need("#summary", main), need("#quiet", main), store, connection.now());
  plots.tick();
}

/** @param {boolean} shown */
function showWaiting(shown) {
  const empty = main.dataset.state !== "stats";
  waiting.hidden = !shown;
  board.hidden = shown && empty;
  how.setAttribute("aria-expanded", String(shown));
  waiting.classList.toggle("aside", !empty);
}

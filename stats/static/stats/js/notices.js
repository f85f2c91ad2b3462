// @ts-check
/** New errors and incidents are told on settings pages too: entry point. No values come by this websocket. */

import { need } from "./element.js";
import { askFiring, sayFiring } from "./firing.js";
import { connect } from "./live.js";
import { watchErrors } from "./toast.js";

const account = need("[data-notices-of]").dataset.noticesOf ?? "";
const toast = watchErrors(account);
let cutOff = false;
connect(`/ws/notices/?account=${account}`, { message: hear, status: look });

/** @param {import("./live.js").Status} status */
function look({ state }) {
  if (state === "live" && cutOff) void askFiring();
  cutOff = state === "waiting" || state === "offline" || (cutOff && state !== "live");
}

/** @param {import("./store.js").Message} message */
function hear(message) {
  toast.take(message);
  if (message.type === "alert") sayFiring(message.firing ?? 0);
}

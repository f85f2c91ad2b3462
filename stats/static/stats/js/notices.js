// @ts-check
/** New errors and incidents are told on settings pages too: entry point. No values come by this websocket. */

import { need } from "./element.js";
import { sayFiring } from "./firing.js";
import { connect } from "./live.js";
import { watchErrors } from "./toast.js";

const account = need("[data-notices-of]").dataset.noticesOf ?? "";
const toast = watchErrors(account);
connect(`/ws/notices/?account=${account}`, { message: hear, status: () => {} });

/** @param {import("./store.js").Message} message */
function hear(message) {
  toast.take(message);
  if (message.type === "alert") sayFiring(message.firing ?? 0);
}

// @ts-check
/** New errors are told on settings pages too: entry point. Nothing but errors and warnings comes by this websocket. */

import { need } from "./element.js";
import { connect } from "./live.js";
import { watchErrors } from "./toast.js";

const account = need("[data-notices-of]").dataset.noticesOf ?? "";
const toast = watchErrors(account);
connect(`/ws/notices/?account=${account}`, { message: (message) => toast.take(message), status: () => {} });

// @ts-check
/** Tries the rule that is being edited on the past week. */

import { need, say } from "../../stats/js/element.js";
import { number, since, unitOf } from "../../stats/js/format.js";
import { TIME_ZONE } from "../../stats/js/time-zone.js";
import { TrialPlot } from "./trial-plot.js";

/** @typedef {import("./trial-plot.js").Tried} Tried */

/**
 * @typedef {object} Draft
 * @property {string} stat process/type/name
 * @property {Record<string, unknown>} condition
 * @property {number | null} escalation
 */

/** How long after the last change it is tried, milliseconds. */
const PAUSE = 250;
/** How long it waits while another one is tried, milliseconds, and how often. */
const AGAIN = 500;
const MOST_TRIES = 40;
const CHANNELS = /** @type {Record<string, [string, string]>} */ ({
  email: ["e-mail", "e-mails"], sms: ["SMS", "SMS"], phone: ["call", "calls"],
  webhook: ["webhook", "webhooks"], slack: ["Slack message", "Slack messages"],
});

export class Trial {
  #request = new AbortController();
  #timer = 0;
  /** @type {TrialPlot | null} */
  #plot = null;
  #plotted = "";

  /**
   * @param {string} account
   * @param {string} token against forged requests
   * @param {() => Draft | null} draft what the form says; null where it cannot be tried
   * @param {(fields: Record<string, unknown>) => void} take takes these fields into the form
   */
  constructor(account, token, draft, take) {
    this.account = account;
    this.token = token;
    this.draft = draft;
    this.take = take;
    this.section = need("#trial");
    this.button = need("#propose");
    this.button.addEventListener("click", () => this.#propose());
  }

  /** Something has changed. */
  soon() {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#run(), PAUSE);
  }

  async #run() {
    const draft = this.draft();
    this.section.hidden = !draft;
    if (!draft) return;
    const { kind, limit } = draft.condition;
    const limited = kind === "above" || kind === "below";
    this.button.hidden = !(limited || kind === "unlike_typical");
    // Before there is a limit the week is shown with one that nothing reaches.
    const condition = limited && typeof limit !== "number" ? { ...draft.condition, limit: kind === "above" ? 1e300 : -1e300 } : draft.condition;
    const tried = await this.#ask({ ...draft, condition });
    if (!tried) return;
    this.#show(draft, tried, limited);
  }

  /**
   * @param {Draft} draft
   * @param {Tried} tried
   * @param {boolean} limited
   */
  #show(draft, tried, limited) {
    const set = typeof draft.condition.limit === "number" ? draft.condition.limit : null;
    const known = tried.high.filter((value) => value !== null);
    const start = draft.condition.kind === "above" ? Math.max(0, ...known) * 1.1 : Math.min(...known, Number.POSITIVE_INFINITY) * 0.9;
    const limit = limited ? (set ?? (Number.isFinite(start) ? start : 0)) : null;
    if (limited) tried = { ...tried, most: tried.most.map(() => null), least: tried.least.map(() => null) };
    this.#plotFor(draft).draw(tried, limit);
    say(need("#trial-sentence"), limited && set === null ? "Drag the line to where it is too much, or have a limit proposed." : sentenceOf(tried));
  }

  /** @param {Draft} draft */
  #plotFor({ stat, condition }) {
    const [, typ, ...rest] = stat.split("/");
    const own = typeof condition.measure === "string" && condition.measure !== "rate" ? unitOf(typ, rest.join("/")) : number;
    const unit = condition.measure === undefined ? unitOf(typ, rest.join("/")) : own;
    const wanted = `${stat} ${condition.measure ?? ""}`;
    if (!this.#plot || this.#plotted !== wanted) {
      this.#plot?.plot.destroy();
      this.#plotted = wanted;
      this.#plot = new TrialPlot(need("#trial-plot"), {
        typ: /** @type {import("../../stats/js/palette.js").Colour} */ (typ),
        unit,
        tz: TIME_ZONE,
        moved: (limit) => this.take({ limit }),
        dropped: () => this.soon(),
      });
    }
    return this.#plot;
  }

  async #propose() {
    const draft = this.draft();
    if (!draft) return;
    const condition = { limit: 0, ...draft.condition };
    if (draft.condition.kind === "unlike_typical") delete (/** @type {{ limit?: number }} */ (condition).limit);
    delete (/** @type {{ until?: number }} */ (condition).until);
    const tried = await this.#ask({ ...draft, condition, propose: true });
    if (!tried) return;
    const { proposal } = tried;
    const told = need("#trial-proposal");
    if (!proposal) {
      say(told, "Nothing is proposed: less than a day of values is known.");
      return;
    }
    const { limit, until, width, percent } = proposal.condition;
    this.take(limit === undefined ? { width, percent } : { limit, until });
    say(told, `Proposed: ${number(proposal.forecast)} false alarms a week are to be expected; the past week had ${proposal.alarms}.`);
    this.soon();
  }

  /**
   * @param {Draft & { propose?: boolean }} asked
   * @returns {Promise<Tried | null>} null where there is nothing to show; the sentence says why
   */
  async #ask(asked) {
    this.#request.abort();
    this.#request = new AbortController();
    const { signal } = this.#request;
    let answer;
    try {
      for (let tries = 0; tries < MOST_TRIES; tries += 1) {
        answer = await fetch(`/api/v1/alerts/trial/?account=${this.account}`, {
          method: "POST",
          signal,
          headers: { "Content-Type": "application/json", "X-CSRFToken": this.token },
          body: JSON.stringify(asked),
        });
        if (answer.status !== 429) break;
        // Of an account one is tried at a time: perhaps what was asked before the last change.
        await new Promise((done) => { window.setTimeout(done, AGAIN); });
        signal.throwIfAborted();
      }
      if (answer?.ok) return await answer.json();
    } catch (error) {
      if (signal.aborted) return null;
    }
    say(need("#trial-sentence"), await problemOf(answer));
    return null;
  }
}

/** @param {Response | undefined} answer */
async function problemOf(answer) {
  if (!answer) return "It cannot be tried now: no answer from the server.";
  if (answer.status !== 400) return `It cannot be tried now (${answer.status}).`;
  const [sentence] = Object.values(await answer.json()).flat();
  return String(sentence);
}

/**
 * @param {Tried} tried
 * @returns {string} "It would have fired 3 times in the past week, for 12 min each. 3 e-mails, 3 SMS: 0.24 EUR if nobody …"
 */
export function sentenceOf({ alarms, seconds, messages, cost, currency }) {
  if (!alarms.length) return "It would not have fired in the past week.";
  const times = alarms.length === 1 ? "once" : `${number(alarms.length)} times`;
  const long = alarms.length === 1 ? `for ${since(seconds)}` : `for ${since(seconds / alarms.length)} each on average`;
  const parts = Object.entries(messages).map(([channel, count]) => `${number(count)} ${(CHANNELS[channel] ?? [channel, channel])[count === 1 ? 0 : 1]}`);
  const sent = parts.length ? ` Sent, if nobody acknowledges: ${parts.join(", ")}${cost === null ? "" : `, for ${cost.toFixed(2)} ${currency}`}.` : " Nobody would have been told.";
  return `It would have fired ${times} in the past week, ${long}.${sent}`;
}

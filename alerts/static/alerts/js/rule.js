// @ts-check
/** The form of a rule: fields of the chosen kind, targets to pick from, and the trial on the past week. */

import { make, need } from "../../stats/js/element.js";
import { Trial } from "./trial.js";

/** Which kinds of condition go with which kind of target; `alerts.changes` decides. */
const FITTING = /** @type {Record<string, string[]>} */ ({
  stat: ["above", "below", "unlike_typical", "stopped_working"],
  pattern: ["above", "below", "unlike_typical", "stopped_working"],
  process: ["stopped_responding"],
  group: ["errors"],
});
const NUMBERS = ["limit", "until", "width", "percent", "minutes", "of", "recovery_minutes", "seconds", "recovery_seconds"];
/** Fields that only a rate of errors has. */
const OF_A_RATE = ["limit", "minutes", "of"];

const form = /** @type {HTMLFormElement} */ (need("#rule"));
const { account = "", canWrite } = form.dataset;
const targetKind = control("target_kind");
const target = control("target");
const kind = /** @type {HTMLSelectElement} */ (control("kind"));
const triedOn = /** @type {HTMLSelectElement | null} */ (form.querySelector("#tried-on select"));
/** @type {string[]} process/type/name of each stat that lives */
let stats = [];
/** @type {string[]} */
let processes = [];

const trial = canWrite === undefined ? null : new Trial(account, control("csrfmiddlewaretoken").value, draft, take);

fit();
if (trial) {
  form.addEventListener("input", changed);
  void pick();
}

/**
 * A field of the form.
 * @param {string} name
 */
function control(name) {
  return /** @type {HTMLInputElement | HTMLSelectElement} */ (form.elements.namedItem(name));
}

function changed() {
  fit();
  offer();
  trial?.soon();
}

/** Only kinds that go with the target, and only fields of the kind. */
function fit() {
  const kinds = FITTING[targetKind.value] ?? [];
  for (const option of kind.options) option.hidden = option.disabled = !kinds.includes(option.value);
  if (!kinds.includes(kind.value)) kind.value = kinds[0];
  for (const field of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-kinds]"))) {
    const name = field.querySelector("input, select")?.getAttribute("name") ?? "";
    const needless = kind.value === "errors" && control("on").value !== "rate" && OF_A_RATE.includes(name);
    field.hidden = !field.dataset.kinds?.split(" ").includes(kind.value) || needless;
  }
}

/** What there is to be watched. */
async function pick() {
  try {
    const answer = await fetch(`/api/v1/current/?account=${account}`, { headers: { Accept: "application/json" } });
    if (answer.ok) {
      const found = /** @type {{ processes: { nam: string, stats: Record<string, Record<string, unknown>> }[] }} */ (await answer.json());
      processes = found.processes.map(({ nam }) => nam);
      stats = found.processes.flatMap(({ nam, stats: own }) =>
        Object.entries(own).flatMap(([typ, names]) => Object.keys(names).map((name) => `${nam}/${typ}/${name}`)));
    }
  } catch {
    // The name can be written without being offered.
  }
  offer();
  trial?.soon();
}

/** Names to pick from, and of a pattern the stats that it finds. */
function offer() {
  const names = { stat: stats, process: processes, group: ["error/*", "warning/*"] }[targetKind.value] ?? [];
  need("#targets").replaceChildren(...names.map((name) => make("option", "", [], { value: name })));
  const found = targetKind.value === "pattern" ? matching(target.value.trim()) : [];
  need("#tried-on").hidden = found.length === 0;
  if (!triedOn) return;
  const chosen = triedOn.value;
  triedOn.replaceChildren(...found.map((name) => make("option", "", name, { value: name })));
  if (found.includes(chosen)) triedOn.value = chosen;
}

/**
 * The stats that a pattern finds, as `alerts.targets` has it: matched against PROCESS.STAT, /TYPE at its end for one type.
 * @param {string} pattern
 */
function matching(pattern) {
  const [name, only] = pattern.split("/");
  const text = name.split("*").map((part) => part.replace(/[^A-Za-z0-9]/g, "\\$&")).join(".*");
  const expression = new RegExp(`^${text}$`);
  return stats.filter((stat) => {
    const [proc, typ, nam] = stat.split("/");
    return expression.test(`${proc}.${nam}`) && (!only || only === typ);
  });
}

/** @returns {import("./trial.js").Draft | null} */
function draft() {
  const stat = targetKind.value === "stat" ? target.value.trim() : (triedOn?.value ?? "");
  if (!["stat", "pattern"].includes(targetKind.value) || stat.split("/").length !== 3) return null;
  /** @type {Record<string, unknown>} */
  const condition = { kind: kind.value };
  for (const field of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-kinds]:not([hidden])"))) {
    const input = /** @type {HTMLInputElement | HTMLSelectElement | null} */ (field.querySelector("input, select"));
    if (input?.value) condition[input.name] = NUMBERS.includes(input.name) ? Number(input.value) : input.value;
  }
  const escalation = control("escalation").value;
  return { stat, condition, escalation: escalation ? Number(escalation) : null };
}

/** @param {Record<string, unknown>} fields */
function take(fields) {
  for (const [name, value] of Object.entries(fields)) control(name).value = value === null || value === undefined ? "" : String(value);
}

// @ts-check
/** Numbers, durations and comparisons in the units that people say. */

/** What stands where there is no value. */
export const NOTHING = "–";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const three = new Intl.NumberFormat("en", { maximumSignificantDigits: 3, useGrouping: false });
const PREFIXES = ["", "k", "M", "G", "T", "P"];

/**
 * A number and the prefix of its unit, from 1,000 on: 3.4 and "k".
 * @param {number} value
 * @param {number} [base] 1000, or 1024 for bytes
 * @returns {[string, string]}
 */
function scaled(value, base = 1000) {
  let rest = Math.abs(value);
  let step = 0;
  // 999.5 would round to 1000 in three digits: it belongs to the next prefix already.
  while (rest >= base - 0.5 && step < PREFIXES.length - 1) {
    rest /= base;
    step += 1;
  }
  return [(value < 0 ? "−" : "") + three.format(rest), PREFIXES[step]];
}

/**
 * A bare number in at most seven characters: 0.05, 98.4, 1,540, 123 k.
 * @param {number | null | undefined} value
 */
export function number(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NOTHING;
  const size = Math.abs(value);
  if (size >= 99_999.5) return scaled(value).filter(Boolean).join(" ");
  const text = size < 99.95 ? three.format(size) : whole.format(size);
  return value < 0 && text !== "0" ? `−${text}` : text;
}

/**
 * A duration given in milliseconds: 0.25 ms, 126 ms, 1.2 s, 2.5 min.
 * @param {number | null | undefined} ms
 */
export function duration(ms) {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return NOTHING;
  const size = Math.abs(ms);
  if (size < 999.5) return `${number(ms)} ms`;
  if (size < 59_950) return `${number(ms / 1000)} s`;
  if (size < 3_597_000) return `${number(ms / 60_000)} min`;
  return `${number(ms / 3_600_000)} h`;
}

/**
 * How long something has been running, in its two largest units: 45 s, 3 min 20 s, 2 d 3 h.
 * @param {number | null | undefined} seconds
 */
export function uptime(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return NOTHING;
  const total = Math.max(0, Math.floor(seconds));
  /** @type {[number, string][]} */
  const units = [[86_400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const first = units.findIndex(([size]) => total >= size);
  if (first === -1) return "0 s";
  const [size, unit] = units[first];
  const text = `${Math.floor(total / size)} ${unit}`;
  if (first === units.length - 1) return text;
  const [nextSize, nextUnit] = units[first + 1];
  const rest = Math.floor((total % size) / nextSize);
  return rest ? `${text} ${rest} ${nextUnit}` : text;
}

/**
 * A length of time in one unit, for sentences: 4 s, 2 min, 3 h, 5 d.
 * @param {number} seconds
 */
export function since(seconds) {
  const total = Math.max(0, seconds);
  if (total < 90) return `${Math.round(total)} s`;
  if (total < 5400) return `${Math.round(total / 60)} min`;
  if (total < 172_800) return `${Math.round(total / 3600)} h`;
  return `${Math.round(total / 86_400)} d`;
}

/**
 * Bytes in binary units: 512 MiB.
 * @param {number | null | undefined} value
 */
export function bytes(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NOTHING;
  const [text, prefix] = scaled(value, 1024);
  return `${text} ${prefix ? `${prefix === "k" ? "K" : prefix}iB` : "B"}`;
}

/**
 * A share that is already in per cent: 3.5 %.
 * @param {number | null | undefined} value
 */
export function percent(value) {
  return value === null || value === undefined ? NOTHING : `${number(value)} %`;
}

/**
 * Events per minute, as a count of a minute: 12/min, 3.4 k/min.
 * @param {number | null | undefined} perMinute
 */
export function perMinute(perMinute) {
  if (perMinute === null || perMinute === undefined || !Number.isFinite(perMinute)) return NOTHING;
  const [text, prefix] = scaled(perMinute);
  return prefix ? `${text} ${prefix}/min` : `${text}/min`;
}

/**
 * The formatter that suits a stat: timers are durations; a gauge tells its unit by the end of its name.
 * @param {string} typ "c", "g" or "ms"
 * @param {string} nam
 * @returns {(value: number | null | undefined) => string}
 */
export function unitOf(typ, nam) {
  if (typ === "ms") return duration;
  if (typ === "c") return perMinute;
  const last = nam.toLowerCase().split(/[._:!-]/).at(-1);
  if (last === "bytes") return bytes;
  if (last === "percent" || last === "pct") return percent;
  return number;
}

/**
 * How a value lies to what is usual, as half a sentence: "71 % below a typical", "3.2 times a typical".
 * @param {number} value
 * @param {number} usual
 * @returns {string | null} null where a comparison says nothing: both are nothing, or the usual is nothing
 */
export function comparison(value, usual) {
  if (usual <= 0 || value < 0) return null;
  const ratio = value / usual;
  if (Math.abs(ratio - 1) < 0.05) return "as on a typical";
  if (ratio >= 3) return `${number(ratio)} times a typical`;
  const share = `${Math.round(Math.abs(ratio - 1) * 100)} %`;
  return `${share} ${ratio < 1 ? "below" : "above"} a typical`;
}

/**
 * The difference to the usual in per cent, signed: +12 %, −71 %.
 * @param {number | null | undefined} value
 * @param {number | null | undefined} usual
 */
export function difference(value, usual) {
  if (value === null || value === undefined || usual === null || usual === undefined || usual === 0) return NOTHING;
  const share = Math.round(((value - usual) / Math.abs(usual)) * 100);
  if (share === 0) return "±0 %";
  return `${share > 0 ? "+" : "−"}${whole.format(Math.abs(share))} %`;
}

/**
 * A clock in one time zone.
 * @param {string} timeZone IANA name
 */
export function clock(timeZone) {
  const short = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone });
  const day = new Intl.DateTimeFormat("en-GB", { weekday: "long", timeZone });
  return {
    /** @param {number} epoch seconds */
    time: (epoch) => short.format(epoch * 1000),
    /** @param {number} epoch seconds */
    weekday: (epoch) => day.format(epoch * 1000),
  };
}

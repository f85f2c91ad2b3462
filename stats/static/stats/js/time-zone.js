// @ts-check
/** The time zone that days, axes and times go by. */

const browsers = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/**
 * The zone, if this browser knows it: one that is older than the zone's name does not.
 * @param {string} zone
 */
function known(zone) {
  try {
    return Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone && zone;
  } catch {
    return browsers;
  }
}

/** IANA name of the zone that the person chose in the profile, else of the browser's. */
export const TIME_ZONE = known(document.documentElement.dataset.timeZone ?? browsers);

// @ts-check
/** Times that the server wrote in UTC, in the browser's zone: for who chose no zone in the profile. */

const format = new Intl.DateTimeFormat("en-GB", {
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  timeZoneName: "short",
});

for (const element of /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll("time[data-moment]"))) {
  const parts = format.formatToParts(new Date(element.dateTime));
  const { year, month, day, hour, minute, timeZoneName } = Object.fromEntries(
    parts.map(({ type, value }) => [type, value]),
  );
  element.textContent = `${year}-${month}-${day} ${hour}:${minute} ${timeZoneName}`;
}

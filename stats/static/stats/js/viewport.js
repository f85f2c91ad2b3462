// @ts-check
/** Where the column is the page. The same width as in the style sheets. */

export const PHONE = window.matchMedia("(max-width: 760px)");

// @ts-check
/** Texts of tracked programs, made harmless to look at: what would not be seen, or would turn a line around, is written out. */

/**
 * Control characters but for tab and newline, marks of direction, what has no width, other ends of lines, and halves of
 * surrogate pairs.
 */
const UNSEEN = /[\0-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/**
 * @param {string} text
 * @returns {string} the same with such characters as escapes: \x1b[31m, \u202e
 */
export function visible(text) {
  return text.replace(UNSEEN, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
  });
}

/**
 * @param {string} text
 * @param {number} most characters
 * @returns {string} its beginning, with a notice where there is more
 */
export function beginning(text, most) {
  if (text.length <= most) return text;
  return `${text.slice(0, most)}… (${(text.length - most).toLocaleString("en")} more characters)`;
}

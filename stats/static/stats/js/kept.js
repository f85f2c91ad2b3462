// @ts-check
/** What the browser keeps for an account: favourites, closed nodes, open plots. Works on where nothing can be kept. */

/**
 * @param {string} account
 * @param {string} name
 */
const place = (account, name) => `dattss/${account}/${name}`;

/**
 * @param {string} account
 * @param {string} name
 * @returns {string[] | null} null where nothing was kept yet
 */
export function keptList(account, name) {
  try {
    const list = JSON.parse(localStorage.getItem(place(account, name)) ?? "null");
    return Array.isArray(list) ? list.map(String) : null;
  } catch {
    // Storage is forbidden or holds something else: the page starts as on the first visit.
    return null;
  }
}

/**
 * @param {string} account
 * @param {string} name
 * @param {Iterable<string>} list
 */
export function keepList(account, name, list) {
  try {
    localStorage.setItem(place(account, name), JSON.stringify([...list]));
  } catch {
    // Private windows and full storages refuse; the page then forgets, which is what its owner asked for.
  }
}

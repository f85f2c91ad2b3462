// @ts-check
/** The last two minutes of a stat in 5-second points, kept by slot number so that silence leaves gaps. */

/** Points of a full trail: two minutes. */
export const POINTS = 24;

/**
 * @typedef {object} Trail
 * @property {(number | null)[]} points oldest first, at most POINTS
 * @property {number} slot number of the newest point's slot
 */

/**
 * A trail whose newest point lies in `slot`.
 * @param {(number | null)[]} points
 * @param {number} slot
 * @returns {Trail}
 */
export function begin(points, slot) {
  return { points: points.slice(-POINTS), slot };
}

/**
 * Move the trail on to `slot`, with nothing in the slots between.
 * @param {Trail} trail changed in place
 * @param {number} slot
 */
export function advance(trail, slot) {
  const steps = slot - trail.slot;
  if (steps <= 0) return trail;
  if (steps >= POINTS) trail.points = [];
  else if (trail.points.length) for (let step = 0; step < steps; step += 1) trail.points.push(null);
  if (trail.points.length > POINTS) trail.points.splice(0, trail.points.length - POINTS);
  trail.slot = slot;
  return trail;
}

/**
 * Set the value of a slot; a late one finds its place, one older than the trail is left out.
 * @param {Trail} trail changed in place
 * @param {number} slot
 * @param {number | null} value
 */
export function put(trail, slot, value) {
  advance(trail, slot);
  const index = trail.points.length - 1 - (trail.slot - slot);
  if (index >= 0) trail.points[index] = value;
  else if (slot === trail.slot) trail.points.push(value);
}

/**
 * The points as they lie in the window that ends with `slot`: always POINTS long.
 * @param {Trail} trail
 * @param {number} slot
 * @returns {(number | null)[]}
 */
export function windowAt(trail, slot) {
  /** @type {(number | null)[]} */
  const window = new Array(POINTS).fill(null);
  const shift = POINTS - trail.points.length - (slot - trail.slot);
  trail.points.forEach((value, index) => {
    const place = index + shift;
    if (place >= 0 && place < POINTS) window[place] = value;
  });
  return window;
}

/** Ascending places as the gaps between them, in Golomb–Rice code: exactly what `salus.codec.certificates.gaps` reads. */

import { require } from "./refused.js";

/**
 * Read exactly `count` ascending places below `size`; refused if there are fewer, more, larger ones, or anything behind.
 *
 * @param {Uint8Array} octets
 * @param {number} count
 * @param {number} rice how many low bits of a gap stand as they are
 * @param {number} size
 * @returns {number[]}
 */
export function readGaps(octets, count, rice, size) {
  const end = 8 * octets.length;
  let at = 0;
  const next = () => {
    require(at < end, "it ends before its last place");
    const bit = (octets[at >> 3] >> (7 - (at & 7))) & 1;
    at += 1;
    return bit;
  };
  /** @type {number[]} */
  const places = [];
  let place = -1;
  for (let found = 0; found < count; found++) {
    let [high, low] = [0, 0];
    while (next() === 1) high += 1;
    for (let bit = 0; bit < rice; bit++) low = 2 * low + next(); // not shifted: places can have more than 32 bits
    place += high * 2 ** rice + low + 1;
    require(place < size, "a place beyond the lists");
    places.push(place);
  }
  require(end - at < 8, "something behind the last place");
  while (at < end) require(next() === 0, "something behind the last place");
  return places;
}

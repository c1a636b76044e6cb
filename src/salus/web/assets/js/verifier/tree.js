/** Merkle trees (RFC 9162, section 2.1.3.2): whether an entry stands in a tree of this root. */

import { joined, same, sha256 } from "./octets.js";
import { require } from "./refused.js";

/** @param {Uint8Array<ArrayBuffer>} left @param {Uint8Array<ArrayBuffer>} right */
function node(left, right) {
  return sha256(joined(Uint8Array.of(1), left, right));
}

/**
 * @param {Uint8Array<ArrayBuffer>} entry
 * @param {number} index
 * @param {number} size
 * @param {Uint8Array<ArrayBuffer>[]} hashes
 * @param {Uint8Array<ArrayBuffer>} root
 */
export async function requireIncluded(entry, index, size, hashes, root) {
  require(index >= 0 && index < size && hashes.length <= 63, "no such place");
  let [place, last] = [index, size - 1];
  let hash = await sha256(joined(Uint8Array.of(0), entry));
  for (const other of hashes) {
    require(last > 0 && other.length === 32, "the proof is too long");
    if (place % 2 === 1 || place === last) {
      hash = await node(other, hash);
      while (place % 2 === 0 && place > 0) [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
    } else {
      hash = await node(hash, other);
    }
    [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
  }
  require(last === 0 && same(hash, root), "the entry is not in the tree");
}

/**
 * Read CBOR in its deterministic encoding (RFC 8949, section 4.2.1) and nothing else: definite lengths, shortest
 * numbers, sorted keys, no floats, no tags. Maps come back as Map, byte strings as Uint8Array.
 */

import { require } from "./refused.js";

const MOST_DEPTH = 8;
const SIGN1 = 0xd2;

/** @param {Uint8Array<ArrayBuffer>} octets @returns {any} */
export function readCbor(octets) {
  const reader = new Reader(octets);
  const value = reader.value(0);
  require(reader.place === octets.length, "there are octets after the end");
  return value;
}

/**
 * Read the same where tag 18 has to stand at the outside: a COSE_Sign1 message, in its one spelling.
 *
 * @param {Uint8Array<ArrayBuffer>} octets
 * @returns {any}
 */
export function readTagged(octets) {
  require(octets[0] === SIGN1, "no COSE_Sign1 message without its tag");
  return readCbor(octets.slice(1));
}

/**
 * Take a sequence of such messages apart (RFC 8742), without looking into them.
 *
 * @param {Uint8Array<ArrayBuffer>} octets
 * @returns {Uint8Array<ArrayBuffer>[]}
 */
export function splitMessages(octets) {
  const [reader, found] = [new Reader(octets), /** @type {Uint8Array<ArrayBuffer>[]} */ ([])];
  while (reader.place < octets.length) {
    const begins = reader.place;
    require(reader.take(1)[0] === SIGN1, "no COSE_Sign1 message without its tag");
    reader.value(0);
    found.push(octets.slice(begins, reader.place));
  }
  return found;
}

class Reader {
  /** @param {Uint8Array<ArrayBuffer>} octets */
  constructor(octets) {
    this.octets = octets;
    this.place = 0;
  }

  /** @param {number} length @returns {Uint8Array<ArrayBuffer>} */
  take(length) {
    require(this.place + length <= this.octets.length, "it ends too early");
    this.place += length;
    return this.octets.slice(this.place - length, this.place);
  }

  /** @param {number} short @returns {number} */
  number(short) {
    if (short < 24) return short;
    require(short <= 27, "an indefinite or reserved length");
    const length = 1 << (short - 24);
    let number = 0;
    for (const octet of this.take(length)) number = number * 256 + octet;
    const least = length === 1 ? 24 : 2 ** (4 * length);
    require(number >= least && number <= Number.MAX_SAFE_INTEGER, "a number not in its shortest form");
    return number;
  }

  /** @param {number} depth @returns {any} */
  value(depth) {
    require(depth <= MOST_DEPTH, "too deep");
    const first = this.take(1)[0];
    const kind = first >> 5;
    require(kind !== 7, "no floats and no simple values");
    const number = this.number(first & 31);
    if (kind === 0) return number;
    if (kind === 1) return -1 - number;
    if (kind === 2) return this.take(number);
    if (kind === 3) return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.take(number));
    if (kind === 4) return this.list(number, depth);
    require(kind === 5, "no tags");
    return this.map(number, depth);
  }

  /** @param {number} length @param {number} depth */
  list(length, depth) {
    require(length <= this.octets.length, "longer than the message");
    /** @type {any[]} */
    const items = [];
    for (let item = 0; item < length; item++) items.push(this.value(depth + 1));
    return items;
  }

  /** @param {number} length @param {number} depth */
  map(length, depth) {
    require(length <= this.octets.length, "longer than the message");
    /** @type {Map<any, any>} */
    const map = new Map();
    /** @type {Uint8Array} */
    let last = new Uint8Array(0);
    for (let item = 0; item < length; item++) {
      const start = this.place;
      const key = this.value(depth + 1);
      const written = this.octets.subarray(start, this.place);
      require(typeof key === "number" || typeof key === "string", "keys are numbers or texts");
      require(item === 0 || before(last, written), "keys out of order, or twice");
      last = written;
      map.set(key, this.value(depth + 1));
    }
    return map;
  }
}

/** @param {Uint8Array} a @param {Uint8Array} b */
function before(a, b) {
  for (let place = 0; place < Math.min(a.length, b.length); place++) {
    if (a[place] !== b[place]) return a[place] < b[place];
  }
  return a.length < b.length;
}

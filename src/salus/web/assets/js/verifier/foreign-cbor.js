/**
 * Read CBOR as other issuers write it: any spelling of a number, floats, simple values, date-times under tag 0. Definite
 * lengths, no key twice and at most eight levels, as everywhere. Floats come back as `Float`, so that 2.0 is no count.
 */

import { require } from "./refused.js";

const MOST_DEPTH = 8;
const SIMPLE = new Map([
  [20, false],
  [21, true],
  [22, null],
  [23, undefined],
]);

/** A number that was written as one with a fraction. */
export class Float {
  /** @param {number} value */
  constructor(value) {
    this.value = value;
  }
}

/** A value under a tag of COSE or CWT. */
export class Tagged {
  /** @param {number} tag @param {any} value */
  constructor(tag, value) {
    this.tag = tag;
    this.value = value;
  }
}

/** @param {Uint8Array<ArrayBuffer>} octets @returns {any} */
export function readForeignCbor(octets) {
  const reader = new Reader(octets);
  const value = reader.value(0);
  require(reader.place === octets.length, "there are octets after the end");
  return value;
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
    let number = 0;
    for (const octet of this.take(1 << (short - 24))) number = number * 256 + octet;
    require(number <= Number.MAX_SAFE_INTEGER, "a number beyond those that are exact");
    return number;
  }

  /** @param {number} depth @returns {any} */
  value(depth) {
    require(depth <= MOST_DEPTH, "too deep");
    const first = this.take(1)[0];
    const [kind, short] = [first >> 5, first & 31];
    if (kind === 7) return this.simple(short);
    const number = this.number(short);
    if (kind === 0) return number;
    if (kind === 1) return -1 - number;
    if (kind === 2) return this.take(number);
    if (kind === 3) return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.take(number));
    if (kind === 4) return this.list(number, depth);
    if (kind === 5) return this.map(number, depth);
    return tagged(number, this.value(depth + 1));
  }

  /** @param {number} short @returns {any} */
  simple(short) {
    if (SIMPLE.has(short)) return SIMPLE.get(short);
    const view = new DataView(this.take(short === 25 ? 2 : short === 26 ? 4 : 8).buffer);
    if (short === 25) return new Float(half(view.getUint16(0)));
    require(short === 26 || short === 27, "no such value");
    return new Float(short === 26 ? view.getFloat32(0) : view.getFloat64(0));
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
    for (let item = 0; item < length; item++) {
      const key = this.value(depth + 1);
      require(typeof key === "number" || typeof key === "string", "keys are numbers or texts");
      require(!map.has(key), "a key twice");
      map.set(key, this.value(depth + 1));
    }
    return map;
  }
}

/** @param {number} tag @param {any} value */
function tagged(tag, value) {
  if (tag !== 0) return new Tagged(tag, value);
  const at = typeof value === "string" ? Date.parse(value) : NaN;
  require(Number.isFinite(at), "a date-time");
  return new Date(at).toISOString().replace(".000Z", "Z");
}

/** @param {number} bits a float of 16 bits (IEEE 754) @returns {number} */
function half(bits) {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

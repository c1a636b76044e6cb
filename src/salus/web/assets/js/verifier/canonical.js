/** Canonical JSON (RFC 8785) without fractions: the one spelling of a value in octets. */

import { utf8 } from "./octets.js";
import { require } from "./refused.js";

/** @param {any} value @returns {string} */
function written(value) {
  if (Array.isArray(value)) return `[${value.map(written).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const names = Object.keys(value).sort();
    return `{${names.map((name) => `${JSON.stringify(name)}:${written(value[name])}`).join(",")}}`;
  }
  require(typeof value !== "number" || Number.isSafeInteger(value), "no fractions");
  return JSON.stringify(value);
}

/** @param {any} value @returns {Uint8Array<ArrayBuffer>} */
export function canonical(value) {
  return utf8(written(value));
}

/**
 * Void codes in formats of other systems, as a key's own owner lists them: exactly what
 * `salus.codec.certificates.voided` reads. A list voids codes of the very key that signed it, and no others.
 */

import { readSpki } from "./keys.js";
import { hex, sha256, utf8 } from "./octets.js";
import { require } from "./refused.js";
import { readTokenOf } from "./tokens.js";

const TYPE = "application/vnd.salus.void-marks+cwt";
const MARK_OCTETS = 16;
const MOST_OCTETS = 4 * 1024 * 1024;
const MARKS = -65538;
const SLOW_CLOCK = 3600;

/** @typedef {{ subject: string, issued: number, expires: number, marks: Set<string> }} VoidMarks the subject is SHA-256 of the key */

/** @param {string} name what a format calls a code @returns {Promise<string>} */
async function markOf(name) {
  return hex((await sha256(utf8(name))).slice(0, MARK_OCTETS));
}

/**
 * @param {Uint8Array<ArrayBuffer>} spki
 * @param {Uint8Array<ArrayBuffer>} token
 * @returns {Promise<VoidMarks>}
 */
export async function readVoidMarks(spki, token) {
  const key = await readSpki(spki);
  const claims = await readTokenOf(token, TYPE, MOST_OCTETS, key);
  require(claims instanceof Map && claims.size === 3, "three claims");
  const [issued, expires, octets] = [claims.get(6), claims.get(4), claims.get(MARKS)];
  require(Number.isInteger(issued) && Number.isInteger(expires), "whole numbers");
  require(issued > 0 && issued < expires && expires < 2 ** 33, "it is made before it ends");
  require(octets instanceof Uint8Array && octets.length % MARK_OCTETS === 0, "marks");
  /** @type {string[]} */
  const marks = [];
  for (let place = 0; place < octets.length; place += MARK_OCTETS) marks.push(hex(octets.slice(place, place + MARK_OCTETS)));
  require(marks.every((one, place) => place === 0 || marks[place - 1] < one), "in order, each once");
  return { subject: hex(key.digest), issued, expires, marks: new Set(marks) };
}

/**
 * Whether a list may stand in another's place: it is no older, and of the same second it lacks nothing.
 *
 * @param {VoidMarks | undefined} found
 * @param {VoidMarks} known
 */
export function followsMarks(found, known) {
  if (!found || found.issued < known.issued) return false;
  return found.issued > known.issued || Array.from(known.marks).every((one) => found.marks.has(one));
}

/**
 * Why a code does not count, by the list of its key, if there is one: a list that is out of date may lack it.
 *
 * @param {Map<string, VoidMarks>} voided
 * @param {Uint8Array<ArrayBuffer>} spki
 * @param {string} name
 * @param {number} at
 * @returns {Promise<"no-list" | "void" | null>}
 */
export async function whyVoid(voided, spki, name, at) {
  const list = voided.get(hex(await sha256(spki)));
  if (!list) return null;
  if (at < list.issued - SLOW_CLOCK || at >= list.expires) return "no-list";
  return list.marks.has(await markOf(name)) ? "void" : null;
}

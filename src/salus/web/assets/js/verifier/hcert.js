/** `HC1:` (EU DCC, WHO GDHCN): base45, zlib, COSE, CWT and one event, exactly as `salus.codec.foreign` reads it. */

import { Float, Tagged, readForeignCbor } from "./foreign-cbor.js";
import { bytes } from "./keys.js";
import { inflate, joined, readBase45, utf8 } from "./octets.js";
import { require } from "./refused.js";

export const HC1 = "HC1:";
const MOST_CHARACTERS = 8192;
const MOST_OCTETS = 16 * 1024;
const MOST_TEXT = 120;
const LAST = 2 ** 33;
const HCERT = -260;
/** @type {[string, string, string, string[], string[]][]} group, kind, when, fields that it needs, and may have */
const GROUPS = [
  ["v", "vaccination", "dt", ["tg", "vp", "mp", "ma", "dn", "sd", "dt", "co", "is", "ci"], []],
  ["t", "test", "sc", ["tg", "tt", "sc", "tr", "co", "is", "ci"], ["nm", "ma", "dr", "tc"]],
  ["r", "recovery", "fr", ["tg", "fr", "df", "du", "co", "is", "ci"], []],
];
const TOP = ["ver", "nam", "dob", "v", "t", "r"];
const NAME = ["fn", "fnt", "gn", "gnt"];
const DATES = ["dt", "fr", "df", "du", "sc", "dr"];
const DOSES = ["dn", "sd"];
const BORN = /^((19|20)[0-9]{2}(-[0-9]{2}){0,2})?$/;
const DATE =
  /^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?$/;

/** @typedef {{ kind: string, target: string, on: string, detail: Map<string, string> }} Event */
/**
 * @typedef {{ kid: Uint8Array<ArrayBuffer> | null, algorithm: number, signed: Uint8Array<ArrayBuffer>,
 *   signature: Uint8Array<ArrayBuffer>, issued: number | null, expires: number, event: Event }} Hcert
 */

/** @param {string} text @returns {Promise<Hcert>} */
export async function readHcert(text) {
  require(text.length <= MOST_CHARACTERS && text.startsWith(HC1), "not a health certificate's text");
  const message = untagged(readForeignCbor(await inflate(readBase45(text.slice(HC1.length)), MOST_OCTETS)));
  require(Array.isArray(message) && message.length === 4, "not a message of one signer");
  const [protectedHeader, unprotected, payload, signature] = message;
  require(protectedHeader instanceof Uint8Array && unprotected instanceof Map, "not a message of one signer");
  require(payload instanceof Uint8Array && signature instanceof Uint8Array, "not a message of one signer");
  const headers = protectedHeader.length ? readForeignCbor(Uint8Array.from(protectedHeader)) : new Map();
  require(headers instanceof Map, "protected headers are a map");
  const kid = headers.has(4) ? headers.get(4) : unprotected.get(4);
  const algorithm = headers.has(1) ? headers.get(1) : unprotected.get(1);
  const claims = readForeignCbor(Uint8Array.from(payload));
  require(claims instanceof Map, "claims");
  const [issuer, held] = [claims.has(1) ? claims.get(1) : "", claims.get(HCERT)];
  require(held instanceof Map && held.get(1) instanceof Map, "no certificate in it");
  require(typeof issuer === "string" && Array.from(issuer).length <= 80, "an issuer");
  const empty = protectedHeader.length === 1 && protectedHeader[0] === 0xa0;
  const structure = [utf8("Signature1"), empty ? new Uint8Array(0) : protectedHeader, new Uint8Array(0), payload];
  return {
    kid: kid instanceof Uint8Array ? Uint8Array.from(kid) : null,
    algorithm: typeof algorithm === "number" ? algorithm : 0,
    signed: joined(Uint8Array.of(0x84, 0x6a), structure[0], ...structure.slice(1).map(bytes)),
    signature: Uint8Array.from(signature),
    issued: claims.has(6) ? instant(claims.get(6)) : null,
    expires: instant(claims.get(4)),
    event: readDcc(held.get(1)),
  };
}

/** @param {any} value @returns {any} without CWT's tag and COSE's, either of which may be missing */
function untagged(value) {
  const inner = value instanceof Tagged && value.tag === 61 ? value.value : value;
  return inner instanceof Tagged && inner.tag === 18 ? inner.value : inner;
}

/** @param {any} number @returns {number} whole seconds */
function instant(number) {
  const seconds = number instanceof Float ? number.value : number;
  require(typeof seconds === "number" && seconds >= 0 && seconds < LAST, "seconds from 1970");
  return Math.floor(seconds);
}

/** @param {Map<any, any>} payload @returns {Event} */
function readDcc(payload) {
  require(within(payload, ["ver", "nam", "dob"], TOP), "version, name, birth date and one event");
  require(/^[0-9]+\.[0-9]+\.[0-9]+$/.test(text(payload.get("ver"))), "a version");
  const there = GROUPS.filter(([group]) => !isEmpty(payload.get(group)));
  require(there.length === 1, "exactly one event");
  const [group, kind, when, needed, more] = there[0];
  const events = payload.get(group);
  require(Array.isArray(events) && events.length === 1 && events[0] instanceof Map, "exactly one event");
  holder(payload.get("nam"), payload.get("dob"));
  const [event] = events;
  require(within(event, needed, [...needed, ...more]), "the fields of its kind");
  /** @type {Map<string, string>} */
  const texts = new Map();
  for (const [name, value] of event) texts.set(name, DOSES.includes(name) ? dose(value) : text(value));
  for (const name of DATES) require(!texts.get(name) || DATE.test(texts.get(name) || ""), "dates");
  const [on, target] = [texts.get(when) || "", texts.get("tg") || ""];
  require(on !== "" && target !== "" && /^[A-Z]{1,10}$/.test(texts.get("co") || ""), "when, where issued, of what");
  return { kind, target, on, detail: texts };
}

/** @param {any} names @param {any} born */
function holder(names, born) {
  require(names instanceof Map && within(names, ["fnt"], NAME), "a standardised family name");
  for (const name of ["fnt", "gnt"]) {
    require(!names.has(name) || /^[A-Z<]{0,80}$/.test(text(names.get(name))), "in capitals");
  }
  for (const name of ["fn", "gn"]) require(!names.has(name) || text(names.get(name)) !== null, "a text");
  require(BORN.test(text(born)) || DATE.test(text(born)), "a birth date");
}

/** @param {Map<any, any>} map @param {string[]} needed @param {string[]} allowed */
function within(map, needed, allowed) {
  return needed.every((name) => map.has(name)) && Array.from(map.keys()).every((name) => allowed.includes(name));
}

/** @param {any} value @returns {boolean} what counts as nothing in a list of events */
function isEmpty(value) {
  if (value instanceof Float) return value.value === 0;
  if (value instanceof Map) return value.size === 0;
  return !value || value.length === 0;
}

/** @param {any} value @returns {string} */
function text(value) {
  require(typeof value === "string" && Array.from(value).length <= MOST_TEXT, "a text, and not a long one");
  return value;
}

/** @param {any} value @returns {string} */
function dose(value) {
  require(typeof value === "number" && value >= 0 && value <= 99, "doses are counted");
  return String(value);
}

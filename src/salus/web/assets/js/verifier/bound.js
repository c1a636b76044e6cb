/**
 * `SL1:`, fourth form: a certificate that is bound to a telephone, exactly as `salus.codec.certificates.bound` reads it.
 * The certificate alone, or with a step that is over, is none; that can be seen from its form and a clock.
 */

import { presentedIn } from "./certificate.js";
import { requireOneForm, requireSigned, ES256 } from "./keys.js";
import { joined, readBase45, same, writeBase45 } from "./octets.js";
import { require } from "./refused.js";

const PREFIX = "SL1:";
const MOST_CHARACTERS = 512;
const STEP_SECONDS = 30;
const SKEW_STEPS = 1;
const SHORTEST_NUMBER = 1 << 16;
const AROUND = 83;
const PROTECTED = { from: 3, to: 14 };
const TOKEN_AT = 17;
const LENGTHS = { least: 185, most: 255 };
const HEAD = Uint8Array.of(0xd2, 0x84, 0x4b);
const STEP = Uint8Array.of(0xa2, 0x01, 0x26, 0x0f, 0xa1, 0x06, 0x1a);
const SIGNATURE = Uint8Array.of(0x58, 0x40);

/** @typedef {{ step: number, header: Uint8Array<ArrayBuffer>, signature: Uint8Array<ArrayBuffer> }} Shown */
/**
 * `shown` is the telephone's part, null where the certificate came without; `text` is the certificate alone.
 *
 * @typedef {{ presented: import("./certificate.js").Presented, token: Uint8Array<ArrayBuffer>, text: string,
 *   point: Uint8Array<ArrayBuffer>, shown: Shown | null }} Bound
 */

/** @param {string} text @returns {Bound} */
export function readBound(text) {
  require(text.length <= MOST_CHARACTERS && text.startsWith(PREFIX), "not a certificate's text");
  const message = readBase45(text.slice(PREFIX.length));
  const isShown = same(message.slice(0, HEAD.length), HEAD);
  const token = isShown ? message.slice(TOKEN_AT, message.length - AROUND + TOKEN_AT) : message;
  require(token.length >= LENGTHS.least && token.length <= LENGTHS.most, "lengths");
  const shown = isShown ? shownIn(message, token) : null;
  const presented = presentedIn(token, true);
  const key = /** @type {Map<number, any>} */ (presented.holder);
  const point = joined(Uint8Array.of(4), key.get(-2), key.get(-3));
  return { presented, token, text: PREFIX + writeBase45(token), point, shown };
}

/** @param {Uint8Array<ArrayBuffer>} message @param {Uint8Array<ArrayBuffer>} token @returns {Shown} */
function shownIn(message, token) {
  const header = message.slice(PROTECTED.from, PROTECTED.to);
  const signature = message.slice(message.length - 64);
  const payload = Uint8Array.of(0xa0, 0x58, token.length);
  require(same(message, joined(HEAD, header, payload, token, SIGNATURE, signature)), "the one form");
  require(same(header.slice(0, STEP.length), STEP), "the one header");
  let begins = 0;
  for (const octet of header.slice(STEP.length)) begins = begins * 256 + octet;
  require(begins % STEP_SECONDS === 0 && begins >= SHORTEST_NUMBER, "a whole number of steps");
  requireOneForm(ES256, signature);
  return { step: begins / STEP_SECONDS, header, signature };
}

/** Whether the telephone's part is there and of now, a step more or less. @param {Bound} bound @param {number} at */
export function isOfNow(bound, at) {
  return bound.shown !== null && Math.abs(bound.shown.step - Math.floor(at / STEP_SECONDS)) <= SKEW_STEPS;
}

/** Check that the key which the certificate names signed it for this step. @param {Bound} bound */
export async function requireHolder(bound) {
  const { header, signature } = /** @type {Shown} */ (bound.shown);
  const how = { name: "ECDSA", namedCurve: "P-256" };
  const key = await crypto.subtle.importKey("raw", bound.point, how, false, ["verify"]);
  await requireSigned({ algorithm: ES256, key, digest: bound.point }, ES256, header, bound.token, signature);
}

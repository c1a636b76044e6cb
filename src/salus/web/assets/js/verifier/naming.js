/** How issuers and their keys may be told in a published document, exactly as `salus.rules` has it. */

import { requireText } from "./linting.js";
import { hex, same, sha256, utf8 } from "./octets.js";
import { require } from "./refused.js";

export const KID_OCTETS = 8;
const P256_SPKI = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
const ED25519_SPKI = "302a300506032b6570032100";
const RSA_BITS = [2048, 4096];
const RSA_EXPONENT = "010001";
const LETTER = "A-Za-z\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u024f\\u1e00-\\u1eff\\u3400-\\u4dbf\\u4e00-\\u9fff";
const ISSUER = new RegExp(`^[${LETTER}][${LETTER} .,'()&\\u00b7-]{0,39}$`);
const SETTING = new RegExp(
  "^(?:red|green|yellow|amber|orange|colou?r[a-z]*|codes?|none|advi[sc]e[a-z]*|precaution[a-z]*|isolat[a-z]*|quarantin[a-z]*" +
    "|positive|negative|suspect[a-z]*|wanted|police|arrest[a-z]*|detain[a-z]*|detention|den(?:y|ied)|refuse[a-z]*" +
    "|reject[a-z]*|stop|pass|alert|danger[a-z]*|risk[a-z]*|blacklist[a-z]*|whitelist[a-z]*)$",
);
const SETTING_ZH = /[红紅绿綠黄黃橙码碼警拘捕禁拒抓]|隔离|隔離|阳性|陽性|阴性|陰性|确诊|密接|风险|風險|名单|名單/;
const INSTITUTION = new RegExp(
  "^(?:minist|health|sante|sanit|salud|saude|gesund|public|hospital|hopital|krankenhaus|clinic|klinik|institut|agenc|agentur" +
    "|authorit|autorit|department|departement|directorate|direction|office|bureau|centre|center|zentr|laborator|universit" +
    "|govern|gouvern|gobiern|service|servicio|board|council|commission|committee|republic|federal|national)[a-z]*$",
);
const INSTITUTION_ZH = /卫生|衛生|健康|医|醫|疾控|政府|大学|大學|委员会|委員會|中心|研究所|[部局署厅廳院]/;
const MOST_NAME_DIGITS = 6;

/** @param {string} name of a document: too few digits, however they are parted, to be a number of somebody's */
export function hasFewDigits(name) {
  return name.replace(/[^0-9]/g, "").length <= MOST_NAME_DIGITS;
}

/** @param {string} name of an organisation, as names are compared: in one width, case and spacing */
export function spelt(name) {
  return name.normalize("NFKC").toUpperCase().normalize("NFKC").trim().replace(/\s+/g, " ");
}

/** @param {string} text an issuer's name: short, of Latin or Chinese letters, an institution's, no digit and no measure */
export function requireIssuer(text) {
  require(ISSUER.test(text), "an issuer");
  requireText(text);
  const folded = text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  const words = folded.split(/[^a-z]+/);
  const letters = text.replace(new RegExp(`[^${LETTER}]`, "g"), "");
  require(words.some((one) => INSTITUTION.test(one)) || INSTITUTION_ZH.test(letters), "an institution");
  words.push(words.filter((one) => one.length === 1).join(""));
  require(!words.some((one) => SETTING.test(one)), "an issuer sets nothing");
  require(!SETTING_ZH.test(letters), "an issuer sets nothing");
}

/**
 * Check that octets are the one SubjectPublicKeyInfo of a key of P-256, or of another kind that may be.
 *
 * @param {Uint8Array<ArrayBuffer>} spki
 * @param {{ rsa?: boolean, ed25519?: boolean }} also
 */
export async function requireKey(spki, { rsa = false, ed25519 = false }) {
  const text = hex(spki);
  if (ed25519 && text.startsWith(ED25519_SPKI)) {
    require(spki.length === ED25519_SPKI.length / 2 + 32, "an Ed25519 key has 32 octets");
    return;
  }
  const p256 = text.startsWith(P256_SPKI);
  require(p256 || rsa, "a key of a kind that may be");
  const how = p256 ? { name: "ECDSA", namedCurve: "P-256" } : { name: "RSA-PSS", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("spki", spki, how, true, ["verify"]);
  if (!p256) {
    const { modulusLength, publicExponent } = /** @type {RsaHashedKeyAlgorithm} */ (key.algorithm);
    require(modulusLength >= RSA_BITS[0] && modulusLength <= RSA_BITS[1], "an RSA key of a usual size");
    require(hex(publicExponent) === RSA_EXPONENT, "an RSA key of the usual exponent");
  }
  require(same(new Uint8Array(await crypto.subtle.exportKey("spki", key)), spki), "a key in its one form");
}

/** @param {Uint8Array<ArrayBuffer>} spki of P-256 @returns {Promise<string>} its name by RFC 7638 */
export async function thumbprint(spki) {
  const [x, y] = [spki.slice(-64, -32), spki.slice(-32)].map(base64url);
  return base64url(await sha256(utf8(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`)));
}

/** @param {Uint8Array} octets @returns {string} */
function base64url(octets) {
  return btoa(String.fromCharCode(...octets)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

// Runs the shared vectors of certificates on telephones through the modules of the verifier's and the telephone's page.
import { readFile } from "node:fs/promises";
import { codeOf, lowS, written } from "../../src/salus/web/assets/js/phone/dynamic.js";
import { readBound } from "../../src/salus/web/assets/js/verifier/bound.js";
import { readTrust } from "../../src/salus/web/assets/js/verifier/trust.js";
import { verify } from "../../src/salus/web/assets/js/verifier/verdict.js";

const octets = (text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
const hex = (read) => Array.from(read, (octet) => octet.toString(16).padStart(2, "0")).join("");

const vectors = JSON.parse(await readFile(process.argv[2], "utf-8"));
const trust = {};
for (const [name, text] of Object.entries(vectors.trust)) trust[name] = await readTrust(text);
const cases = [];
for (const one of vectors.cases) {
  const { outcome, reason } = await verify(one.text, trust[one.trust], Date.parse(one.at) / 1000, one.venue);
  cases.push({ outcome, reason });
}
const wrote = vectors.written.map((one) => {
  const text = written(octets(one.token), one.step, lowS(octets(one.signature)));
  const read = readBound(text);
  return { text, alone: read.text, point: hex(read.point), step: read.shown.step };
});
const how = { name: "ECDSA", namedCurve: "P-256" };
const { publicKey, privateKey } = await crypto.subtle.generateKey(how, false, ["sign"]);
const point = hex(new Uint8Array(await crypto.subtle.exportKey("raw", publicKey)));
const [{ token, step }] = vectors.written;
const fresh = { point, step, text: await codeOf(octets(token), step, privateKey) };
console.log(JSON.stringify({ cases, written: wrote, fresh }));

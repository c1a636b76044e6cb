// Writes the codes of the shared vectors with the modules that a telephone's page is built from, and prints them.
import { readFile } from "node:fs/promises";
import { codeOf, lowS, stepAt, toBeSigned, written } from "../../src/salus/web/assets/js/phone/dynamic.js";

const octets = (text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
const hex = (read) => Array.from(read, (octet) => octet.toString(16).padStart(2, "0")).join("");

const vectors = JSON.parse(await readFile(process.argv[2], "utf-8"));
const codes = vectors.good.map((one) => ({
  step: stepAt(Date.parse(one.at)),
  signed: hex(toBeSigned(octets(one.token), one.step)),
  text: written(octets(one.token), one.step, octets(one.signature)),
  raised: written(octets(one.token), one.step, octets(one.raised)),
  low: hex(lowS(octets(one.raised))),
}));
const how = { name: "ECDSA", namedCurve: "P-256" };
const fresh = [];
for (let turn = 0; turn < 8; turn++) {
  const { publicKey, privateKey } = await crypto.subtle.generateKey(how, false, ["sign"]);
  const [{ token, step }] = vectors.good;
  const point = hex(new Uint8Array(await crypto.subtle.exportKey("raw", publicKey)));
  fresh.push({ point, step, text: await codeOf(octets(token), step, privateKey) });
}
console.log(JSON.stringify({ codes, fresh }));

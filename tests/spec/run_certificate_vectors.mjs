// Runs the shared vectors through the modules that the verifier page is built from, and prints what they answered.
import { readFile } from "node:fs/promises";
import { isNewer, readTrust } from "../../src/salus/web/assets/js/verifier/trust.js";
import { verify } from "../../src/salus/web/assets/js/verifier/verdict.js";

const vectors = JSON.parse(await readFile(process.argv[2], "utf-8"));
const trust = {};
for (const [name, text] of Object.entries(vectors.trust)) trust[name] = await readTrust(text);
const refused = {};
for (const [name, text] of Object.entries(vectors.refused)) {
  refused[name] = await readTrust(text).then(
    () => false,
    () => true,
  );
}
const cases = [];
for (const one of vectors.cases) {
  const { outcome, reason } = await verify(one.text, trust[one.trust], Date.parse(one.at) / 1000, one.venue);
  cases.push({ outcome, reason });
}
const newer = vectors.newer.map((one) => isNewer(trust[one.found], trust[one.kept]));
const long = Object.values(vectors.trust)[0] + " ".repeat(16 * 1024 * 1024);
const tooLong = await readTrust(long).then(
  () => false,
  () => true,
);
console.log(JSON.stringify({ refused, cases, newer, tooLong }));

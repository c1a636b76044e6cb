// Runs the vectors of acceptance rules through the modules of the verifier page, and prints what they answered.
import { readFile } from "node:fs/promises";
import { isNewer, readTrust } from "../../src/salus/web/assets/js/verifier/trust.js";
import { verify } from "../../src/salus/web/assets/js/verifier/verdict.js";

const vectors = JSON.parse(await readFile(process.argv[2], "utf-8"));
const trust = {};
for (const [name, text] of Object.entries(vectors.trust)) trust[name] = await readTrust(text);
const counting = Object.fromEntries(
  Object.entries(trust).map(([name, { dropped, acceptance }]) => {
    return [name, { dropped, rules: acceptance.map((one) => one.digest) }];
  }),
);
const cases = [];
for (const one of vectors.cases) {
  const text = vectors.texts[one.text];
  const { outcome, reason } = await verify(text, trust[one.trust], Date.parse(one.at) / 1000, "care-home");
  cases.push({ outcome, reason });
}
const newer = vectors.newer.map((one) => isNewer(trust[one.found], trust[one.kept]));
console.log(JSON.stringify({ counting, newer, cases }));

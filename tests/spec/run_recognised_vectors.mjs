// Runs the shared vectors of codes of other issuers through the modules that the verifier page is built from.
import { readFile } from "node:fs/promises";
import { judge } from "../../src/salus/web/assets/js/verifier/judging.js";
import { isNewer, readTrust } from "../../src/salus/web/assets/js/verifier/trust.js";

const vectors = JSON.parse(await readFile(process.argv[2], "utf-8"));
const trust = {};
for (const [name, text] of Object.entries(vectors.trust)) trust[name] = await readTrust(text);
const dropped = Object.fromEntries(Object.entries(trust).map(([name, one]) => [name, one.dropped]));
const cases = [];
for (const one of vectors.cases) {
  const told = await judge(one.text, trust[one.trust], Date.parse(one.at) / 1000, one.venue);
  const { outcome, reason, foreign } = told;
  cases.push({ outcome, reason, foreign });
}
const newer = vectors.newer.map((one) => isNewer(trust[one.found], trust[one.kept]));
console.log(JSON.stringify({ dropped, newer, cases }));

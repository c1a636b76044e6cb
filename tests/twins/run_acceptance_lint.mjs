// Reads bodies of published acceptance rules and prints, for each, whether the browser's modules take it.
import { readFile } from "node:fs/promises";
import { readRules } from "../../src/salus/web/assets/js/verifier/accepting.js";

const bodies = JSON.parse(await readFile(process.argv[2], "utf-8"));
const published = { digest: "", starts: 0, ends: 1 };
const told = bodies.map((body) => {
  try {
    readRules(body, published);
    return true;
  } catch (refused) {
    return refused.constructor.name === "Refused" ? false : String(refused.stack);
  }
});
console.log(JSON.stringify(told));

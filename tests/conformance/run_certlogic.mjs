// Evaluates each [rule, data] of a file with the browser's engine; prints {"is": value} or {"refused": true} for each.
import { readFile } from "node:fs/promises";
import { evaluate } from "../../src/salus/web/assets/js/verifier/certlogic.js";
import { Refused } from "../../src/salus/web/assets/js/verifier/refused.js";

const told = JSON.parse(await readFile(process.argv[2], "utf-8")).map(([rule, data]) => {
  try {
    return { is: evaluate(rule, data) };
  } catch (error) {
    if (error instanceof Refused) return { refused: true };
    throw error;
  }
});
console.log(JSON.stringify(told));

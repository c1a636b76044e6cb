// Runs the shared vectors of changes of void lists through the modules of the verifier's page.
import { readFile } from "node:fs/promises";
import { digestOf } from "../../src/salus/web/assets/js/verifier/changes.js";
import { freshened } from "../../src/salus/web/assets/js/verifier/freshening.js";
import { readGaps } from "../../src/salus/web/assets/js/verifier/gaps.js";
import { readTrust } from "../../src/salus/web/assets/js/verifier/trust.js";

const octets = (text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
const hex = (read) => Array.from(read, (octet) => octet.toString(16).padStart(2, "0")).join("");

async function told(trust) {
  const number = (one) => Number(one.subject.split(":").pop());
  const lists = Array.from(trust.lists.values()).sort((one, other) => number(one) - number(other));
  const state = lists.length ? hex(await digestOf(lists.map((one) => one.bits))) : null;
  return { followed: trust.changes.length, dropped: trust.dropped, issued: lists.map((one) => one.issued), state };
}

const vectors = JSON.parse(await readFile(process.argv[2], "utf-8"));
const cases = [];
for (const one of vectors.cases) {
  const value = { ...JSON.parse(vectors.files[one.file]), changes: one.changes };
  cases.push(await told(await readTrust(JSON.stringify(value))));
}
const made = [];
for (const one of vectors.freshened) {
  const text = vectors.files[one.kept] ?? one.kept;
  const kept = { text, trust: await readTrust(text) };
  made.push(await freshened(kept, vectors.files[one.rest], one.changes).then((found) => told(found.trust), () => null));
}
const gaps = vectors.gaps.map((one) => {
  try {
    return readGaps(octets(one.octets), one.count, one.rice, one.size);
  } catch {
    return null;
  }
});
console.log(JSON.stringify({ cases, freshened: made, gaps }));

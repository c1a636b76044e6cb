// Runs the shared vectors of changes of void lists through the modules of the verifier's page.
import { readFile } from "node:fs/promises";
import { digestOf } from "../../src/salus/web/assets/js/verifier/changes.js";
import { changesSince, freshened } from "../../src/salus/web/assets/js/verifier/freshening.js";
import { readGaps } from "../../src/salus/web/assets/js/verifier/gaps.js";
import { readTrust } from "../../src/salus/web/assets/js/verifier/trust.js";

const octets = (text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
const hex = (read) => Array.from(read, (octet) => octet.toString(16).padStart(2, "0")).join("");

async function told(trust) {
  const name = (one) => one.subject.slice("urn:salus:status:".length);
  const party = (one) => name(one).slice(0, name(one).lastIndexOf(":"));
  const number = (one) => Number(name(one).slice(party(one).length + 1));
  const lists = Array.from(trust.lists.values()).sort(
    (one, other) => (party(one) < party(other) ? -1 : party(one) > party(other) ? 1 : number(one) - number(other)),
  );
  const state = {};
  for (const whose of new Set(lists.map(party))) {
    state[whose] = hex(await digestOf(lists.filter((one) => party(one) === whose).map((one) => one.bits)));
  }
  return { followed: trust.changes.length, dropped: trust.dropped, issued: lists.map((one) => one.issued), state };
}

const vectors = JSON.parse(await readFile(process.argv[2], "utf-8"));
const cases = [];
for (const one of vectors.cases ?? []) {
  const value = { ...JSON.parse(vectors.files[one.file]), changes: one.changes };
  cases.push(await told(await readTrust(JSON.stringify(value))));
}
const made = [];
for (const one of vectors.freshened) {
  const text = vectors.files[one.kept] ?? one.kept;
  const kept = { text, trust: await readTrust(text) };
  made.push(await freshened(kept, vectors.files[one.rest], one.changes).then((found) => told(found.trust), () => null));
}
const asked = [];
for (const one of vectors.asked ?? []) {
  const text = vectors.files[one.kept] ?? one.kept;
  const kept = { text, trust: await readTrust(text) };
  const rest = vectors.files[one.rest];
  const days = [];
  const answer = async (day) => {
    days.push(day);
    if (!(day in one.answers)) throw new Error("no answer");
    return Uint8Array.from(atob(one.answers[day]), (octet) => octet.charCodeAt(0));
  };
  const come = changesSince(kept.trust, answer).then((changes) => freshened(kept, rest, changes));
  const to = await come.then((found) => told(found.trust), () => null);
  asked.push({ days: to ? days : null, told: to });
}
const gaps = (vectors.gaps ?? []).map((one) => {
  try {
    return readGaps(octets(one.octets), one.count, one.rice, one.size);
  } catch {
    return null;
  }
});
console.log(JSON.stringify({ cases, freshened: made, asked, gaps }));

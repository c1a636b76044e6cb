/**
 * The public log: whom a checkpoint is believed from (C2SP tlog-policy, tlog-checkpoint, tlog-cosignature) and the proof
 * that an entry stands in it (C2SP tlog-proof).
 */

import { ed25519, requireEd25519 } from "./keys.js";
import { hex, joined, readBase64, sha256, utf8 } from "./octets.js";
import { require } from "./refused.js";
import { requireIncluded } from "./tree.js";

const LOG_KEY = 1;
const WITNESS_KEY = 4;
const MOST_SIGNATURES = 100;
const WITNESSING = 3;

/** @typedef {{ name: string, id: string, raw: string, key: CryptoKey }} NamedKey */
/** @typedef {{ origin: string, size: number, root: Uint8Array<ArrayBuffer>, at: number, asOf: number }} Cosigned */

/** @param {string} text @param {number} kind @returns {Promise<NamedKey>} */
async function readKey(text, kind) {
  const [name, id, ...rest] = text.split("+");
  const octets = readBase64(rest.join("+"));
  require(name !== "" && octets.length === 33 && octets[0] === kind, "a verifier key of another kind");
  const digest = await sha256(joined(utf8(`${name}\n`), octets));
  require(id === hex(digest.slice(0, 4)), "the key's id is not its own");
  return { name, id, raw: hex(octets.slice(1)), key: await ed25519(octets.slice(1)) };
}

/** @param {string} text @param {string} what */
function decimal(text, what) {
  require(/^(0|[1-9][0-9]{0,14})$/.test(text), what);
  return Number(text);
}

/** What a reader believes: one log and a quorum of its witnesses; checkpoints once opened are remembered. */
export class Trust {
  /** @param {NamedKey} log @param {NamedKey[]} witnesses @param {number} quorum */
  constructor(log, witnesses, quorum) {
    this.log = log;
    this.witnesses = witnesses;
    this.quorum = quorum;
    /** @type {Map<string, Promise<Cosigned>>} */
    this.opened = new Map();
  }

  /** @param {string} policy @returns {Promise<Trust>} */
  static async parse(policy) {
    const lines = policy.split("\n").filter((line) => line.trim() !== "");
    const words = lines.map((line) => line.split(" "));
    const logs = words.filter((line) => line[0] === "log");
    const said = words.filter((line) => line[0] === "witness");
    const group = words.filter((line) => line[0] === "group");
    require(logs.length === 1 && group.length === 1 && words.length === said.length + 3, "one log, one group");
    require(words[words.length - 1].join(" ") === `quorum ${group[0][1]}`, "one quorum");
    const witnesses = await Promise.all(said.map((line) => readKey(line[2], WITNESS_KEY)));
    const names = said.map((line) => line[1]);
    require(names.slice().sort().join(" ") === group[0].slice(3).sort().join(" "), "the quorum is of all witnesses");
    const log = await readKey(logs[0][1], LOG_KEY);
    const quorum = decimal(group[0][2], "a number");
    require(quorum * 2 > witnesses.length && quorum <= witnesses.length, "a quorum is more than half");
    require(names.length >= WITNESSING, "witnesses of three organisations");
    const keys = [log.raw, ...witnesses.map((one) => one.raw)];
    require(new Set(keys).size === keys.length && new Set(names).size === names.length, "each of its own");
    require(new Set(witnesses.map((one) => one.name)).size === witnesses.length, "each of its own name");
    return new Trust(log, witnesses, quorum);
  }

  /** @param {string} note @returns {Promise<Cosigned>} */
  open(note) {
    const known = this.opened.get(note) || this.openNew(note);
    this.opened.set(note, known);
    return known;
  }

  /** @param {string} note @returns {Promise<Cosigned>} */
  async openNew(note) {
    const gap = note.lastIndexOf("\n\n");
    require(gap > 0 && note.endsWith("\n") && note.length <= 65536, "not a note");
    const text = note.slice(0, gap + 1);
    const lines = note.slice(gap + 2, -1).split("\n");
    const [origin, size, root, end, ...more] = text.split("\n");
    require(end === "" && more.length === 0 && lines.length <= MOST_SIGNATURES, "not a checkpoint");
    require(origin === this.log.name, "the checkpoint of another log");
    let byLog = false;
    /** @type {Map<string, number>} */
    const times = new Map();
    for (const line of lines) {
      const [dash, name, value, ...rest] = line.split(" ");
      require(dash === "\u2014" && value !== undefined && rest.length === 0, "not a signature line");
      const octets = readBase64(value);
      const id = hex(octets.slice(0, 4));
      const witness = this.witnesses.find((one) => one.name === name && one.id === id);
      if (name === this.log.name && id === this.log.id && !byLog) {
        await requireEd25519(this.log.key, octets.slice(4), utf8(text));
        byLog = true;
      } else if (witness && !times.has(name)) {
        times.set(name, await cosigned(witness, octets, text));
      }
    }
    require(byLog && times.size >= this.quorum, "too few have signed this checkpoint");
    const inOrder = Array.from(times.values()).sort((a, b) => a - b);
    const [at, asOf] = [inOrder[this.quorum - 1], inOrder[inOrder.length - this.quorum]];
    const hash = readBase64(root);
    require(hash.length === 32, "a root has 32 octets");
    return { origin, size: decimal(size, "a size"), root: hash, at, asOf };
  }

  /**
   * Check the proof that an entry stands in the log; returns the checkpoint that it stands under, and its place.
   *
   * @param {string} proof
   * @param {Uint8Array<ArrayBuffer>} entry
   * @returns {Promise<Cosigned & { index: number }>}
   */
  async prove(proof, entry) {
    const gap = proof.indexOf("\n\n");
    const [header, place, ...hashes] = proof.slice(0, gap).split("\n");
    require(gap > 0 && header === "c2sp.org/tlog-proof@v1" && place.startsWith("index "), "not a proof");
    const index = decimal(place.slice(6), "a place");
    const head = await this.open(proof.slice(gap + 2));
    await requireIncluded(entry, index, head.size, hashes.map(readBase64), head.root);
    return { ...head, index };
  }
}

/** @param {NamedKey} witness @param {Uint8Array<ArrayBuffer>} octets @param {string} text @returns {Promise<number>} */
async function cosigned(witness, octets, text) {
  require(octets.length === 4 + 8 + 64, "not a cosignature");
  const view = new DataView(octets.buffer);
  const second = view.getUint32(4) * 2 ** 32 + view.getUint32(8);
  require(second > 0 && second <= 253402300799, "no such time");
  await requireEd25519(witness.key, octets.slice(12), utf8(`cosignature/v1\ntime ${second}\n${text}`));
  return second;
}

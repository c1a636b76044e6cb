/**
 * The trust file: read and checked exactly as `salus.codec.certificates` does. What is not proved is left out, and
 * counts for nothing; its age is counted from the witnesses' cosignatures.
 */

import { succeeding } from "./accepting.js";
import { canonical } from "./canonical.js";
import { applied, readChange } from "./changes.js";
import { readEnds, withEnds } from "./ending.js";
import { readSpki } from "./keys.js";
import { Trust } from "./log.js";
import { hex, readBase64, same, sha256, utf8 } from "./octets.js";
import { checkDeclaration, checkEmergency, checkRules, hadNotice, hasFields } from "./publication.js";
import { checkRecognition } from "./recognition.js";
import { require } from "./refused.js";
import { following } from "./renewing.js";
import { readStatusList, voidsNoLess } from "./status.js";
import { chained, checkTrustList, follows, listInForce, signs } from "./trusted.js";
import { followsMarks, readVoidMarks } from "./voided.js";
import { checkVeto, isStopped, requireNotVetoed } from "./vetoing.js";

export const FORMAT = "salus-trust-1";
export const LASTS = 7 * 86400;
const SLOW_CLOCK = 3600;
const MOST_OCTETS = 16 * 1024 * 1024;
const FIELDS = ["format", "policy", "head", "keys", "issuers", "declarations", "lists"];
const ALSO = ["acceptance", "changes", "emergencies", "ended", "recognised", "trusted", "signed", "vetoes", "voided"]; // absent where there are none
const MOST_CHANGES = 16; // of an issuer
const SHORT_OCTETS = 16;

/** @typedef {{ party: string, key: import("./keys.js").PublicKey }} Issuer */
/** @typedef {{ key: string, digests: Set<string>, loggedAt: number }} Batch certificates that the log had */
/**
 * Where it is `listed`, keys count from the first trust list's start on as the one in force says, and no other key does.
 * `emergencies` are those that came along, whether or not they follow rightly on each other. `changes` are what was voided
 * since lists were fetched whole; `lists` have it. `ended` are the ends of keys that the file lists, and of witnesses.
 *
 * @typedef {{ policy: string, made: number, ends: number, issuers: Map<string, Issuer>,
 *   declarations: import("./publication.js").Declaration[], acceptance: import("./accepting.js").LoggedRules[],
 *   emergencies: import("./publication.js").Published[], lists: Map<string, import("./status.js").StatusList>, recognised: import("./recognition.js").Recognition[],
 *   dropped: number, listed: boolean, chain: import("./trusted.js").TrustList[], batches: Batch[],
 *   vetoes: import("./vetoing.js").Veto[], ended: import("./ending.js").KeyEnd[], voided: Map<string, import("./voided.js").VoidMarks>,
 *   changes: import("./changes.js").StatusChange[] }} TrustFile
 */
/**
 * What a file's documents are held against: the keys of its log, and its vetoes.
 *
 * @typedef {{ trust: Trust, keys: import("./publication.js").PartyKey[], vetoes: import("./vetoing.js").Veto[] }} Told
 */

/** @param {string} text @returns {Promise<TrustFile>} */
export async function readTrust(text) {
  require(utf8(text).length <= MOST_OCTETS, "too long");
  const value = JSON.parse(text);
  const also = ALSO.filter((name) => value !== null && typeof value === "object" && name in value);
  require(hasFields(value, [...FIELDS, ...also]) && value.format === FORMAT, "a trust file has its fields");
  const trust = await Trust.parse(value.policy);
  const head = await trust.open(value.head);
  const each = collector();
  const named = await each(value.keys, (one) => partyKey(one, trust));
  const toldEnds = await each(value.ended ?? [], (one) => logged(one, "party-key-end", trust));
  const over = await readEnds(toldEnds, named);
  const keys = withEnds(named, over);
  const vetoes = await each(value.vetoes ?? [], (one) => veto(one, keys, trust));
  const told = { trust, keys, vetoes };
  const issuers = await each(value.issuers, (one) => issuer(one, keys));
  const declarations = await each(value.declarations, (one) => published(one, told, checkDeclaration));
  const emergencies = await each("emergencies" in value ? value.emergencies : [], (one) => published(one, told, checkEmergency));
  const { counting, dropped: unrenewed } = following(emergencies);
  const rules = await each("acceptance" in value ? value.acceptance : [], (one) => published(one, told, checkRules, counting));
  const acceptance = succeeding(rules);
  const recognised = await each("recognised" in value ? value.recognised : [], (one) => published(one, told, checkRecognition));
  const byKid = new Map(issuers.map((one) => [hex(one.key.digest.slice(0, 8)), one]));
  const trusted = await each(value.trusted ?? [], (one) => published(one, told, checkTrustList));
  const batches = await each(value.signed ?? [], (one) => batch(one, trust));
  let lists = newest(await each(value.lists, (one) => listed(one, byKid)));
  const parties = new Set(issuers.map((one) => one.party));
  require((value.changes ?? []).length <= MOST_CHANGES * Math.max(1, parties.size), "more changes than a door keeps");
  const changes = await each(value.changes ?? [], async (one) => {
    const found = await change(one, byKid);
    lists = await applied(found, lists);
    return found;
  });
  const voided = await each(value.voided ?? [], voidMarks);
  const dropped = each.dropped + toldEnds.length - over.length + unrenewed + rules.length - acceptance.length;
  const [made, ends, chain] = [head.asOf, head.asOf + LASTS, chained(trusted)];
  const [{ policy }, ended] = [value, deciding(over, named, trust)];
  const found = { policy, made, ends, issuers: byKid, declarations, acceptance, lists, recognised, dropped };
  return { ...found, emergencies, chain, batches, vetoes, ended, voided: newest(voided), listed: "trusted" in value, changes };
}

/**
 * @template {{ subject: string, issued: number }} List
 * @param {List[]} lists
 * @returns {Map<string, List>} of each subject the newest
 */
function newest(lists) {
  /** @type {Map<string, List>} */
  const found = new Map();
  for (const list of lists) {
    const known = found.get(list.subject);
    if (!known || known.issued < list.issued) found.set(list.subject, list);
  }
  return found;
}

/** Whether a trust list says whose keys count. @param {TrustFile} trust @param {number} at */
export function isGoverned(trust, at) {
  const first = trust.chain[0];
  return trust.listed && !(first && first.version === 1 && at < first.starts);
}

/**
 * What the trust list in force says of an issuer's key.
 *
 * @param {TrustFile} trust
 * @param {string} kid in hexadecimal
 * @param {number} at
 */
export function keyOf(trust, kid, at) {
  const [list, issuer] = [listInForce(trust.chain, at), trust.issuers.get(kid)];
  const found = list && issuer ? list.keys.get(hex(issuer.key.digest)) : undefined;
  return found && issuer && found.party === issuer.party ? found : undefined;
}

/** Of a key that was stolen no list counts. @param {import("./status.js").StatusList} list @param {TrustFile} trust @param {number} at */
export function mayVoid(list, trust, at) {
  if (!isGoverned(trust, at)) return true;
  const key = keyOf(trust, list.kid, at);
  return key !== undefined && signs(key, list.issued) && key.ended !== "key-compromise";
}

/**
 * Whether the log had a certificate before an instant, by the witnesses' time.
 *
 * @param {TrustFile} trust
 * @param {string} text
 * @param {string} kid in hexadecimal
 * @param {number} before
 */
export async function had(trust, text, kid, before) {
  const wanted = hex((await sha256(utf8(text))).slice(0, SHORT_OCTETS));
  const key = hex(/** @type {Issuer} */ (trust.issuers.get(kid)).key.digest);
  return trust.batches.some((one) => one.key === key && one.loggedAt <= before && one.digests.has(wanted));
}

/**
 * Whether a trust file may take the place of one that was kept: nothing in it goes back in time.
 *
 * @param {TrustFile} found
 * @param {TrustFile} kept
 */
export function isNewer(found, kept) {
  if (found.policy !== kept.policy || found.made < kept.made || !hasAll(found, kept)) return false;
  const known = kept.chain[kept.chain.length - 1];
  if (!known) return true;
  const newest = found.chain[found.chain.length - 1];
  if (!newest || newest.version < known.version) return false;
  return found.chain.every((one) => {
    if (one.version === known.version) return one.digest === known.digest;
    return one.version !== known.version + 1 || follows(one, known);
  });
}

/**
 * Whether a file lacks nothing that decides and that a kept one had. A recognition may have a later version in its place,
 * which has begun by the file's time; since one that has ended stands for earlier ones, it may not be missing either.
 * Acceptance rules stand beside each other until they end. A veto stays for good, and so does the end of a key; what a
 * veto stopped in time may go. A list of void codes is followed by one that is no older, until it is of no use any more: a
 * key may go out of use. So is a status list, unless its key was stolen.
 *
 * @param {TrustFile} found
 * @param {TrustFile} kept
 */
function hasAll(found, kept) {
  const living = kept.acceptance.filter((one) => found.made < one.ends);
  const fallen = fallenRules(kept, found.vetoes);
  const digests = [...found.acceptance, ...fallen].map((one) => one.digest);
  const rules = living.every((known) => digests.includes(known.digest) || isStopped(known, found.vetoes));
  const recognised = kept.recognised.every((known) => {
    const standing = found.recognised.some((one) => {
      const later = one.name === known.name && one.version > known.version && one.starts <= found.made;
      return later || one.digest === known.digest;
    });
    return standing || isStopped(known, found.vetoes);
  });
  const vetoed = found.vetoes.map((one) => one.digest);
  const vetoes = kept.vetoes.every((one) => vetoed.includes(one.digest));
  const ended = kept.ended.every((one) => found.ended.some((end) => endsNoLater(end, one)));
  const listed = Array.from(kept.voided).filter(([, one]) => found.made < one.expires);
  const voided = listed.every(([key, one]) => followsMarks(found.voided.get(key), one));
  const due = Array.from(kept.lists).filter(([, one]) => found.made < one.expires && mayVoid(one, found, found.made));
  const lists = due.every(([subject, one]) => voidsNoLess(found.lists.get(subject), one));
  return rules && recognised && vetoes && ended && voided && lists && (found.listed || !kept.listed);
}

/**
 * The ends of these keys and of the log's witnesses: no other key decides anything at a door.
 *
 * @param {import("./ending.js").KeyEnd[]} ends
 * @param {import("./publication.js").PartyKey[]} keys
 * @param {Trust} trust
 */
function deciding(ends, keys, trust) {
  const listed = keys.filter((one) => one.duty !== "issuer").map((one) => hex(one.key));
  const named = new Set([...listed, ...trust.witnesses.map((one) => one.raw)]);
  return ends.filter((one) => named.has(one.key));
}

/**
 * Whether an end is of the same key as one that is known, and no later. It may be sooner: a head's time is that of its
 * earliest quorum, and a witness's line may come late.
 *
 * @param {import("./ending.js").KeyEnd} end
 * @param {import("./ending.js").KeyEnd} known
 */
function endsNoLater(end, known) {
  return end.key === known.key && end.loggedAt <= known.loggedAt && end.countsFrom <= known.countsFrom;
}

/**
 * The rules of a kept file that counted under vetoed emergencies alone. A file at short notice brings all emergencies of
 * the log: what is left of them without the vetoed ones, and without those that renewed them, tells which rules fell.
 *
 * @param {TrustFile} kept
 * @param {import("./vetoing.js").Veto[]} vetoes
 */
function fallenRules(kept, vetoes) {
  const left = kept.emergencies.filter((one) => !isStopped(one, vetoes));
  if (left.length === kept.emergencies.length) return [];
  const { counting } = following(left);
  return kept.acceptance.filter((one) => !hadNotice(one, counting));
}

/** @param {TrustFile} trust @param {number} at seconds from 1970 */
export function isFresh(trust, at) {
  return trust.made - SLOW_CLOCK <= at && at < trust.ends;
}

/**
 * Say why a file is of no use at an instant: this device's clock is behind the newest checkpoint that it ever saw, or the
 * file is too old, which a clock that runs ahead looks like. Null while it is of use.
 *
 * @param {TrustFile} trust
 * @param {number} at
 * @returns {"slow-clock" | "too-old" | null}
 */
export function useless(trust, at) {
  if (isFresh(trust, at)) return null;
  return at < trust.made ? "slow-clock" : "too-old";
}

function collector() {
  /** @template Found @param {any} items @param {(item: any) => Promise<Found>} read @returns {Promise<Found[]>} */
  async function each(items, read) {
    require(Array.isArray(items), "a list");
    /** @type {Found[]} */
    const found = [];
    for (const item of items) {
      try {
        found.push(await read(item));
      } catch {
        each.dropped += 1; // what is not proved counts for nothing
      }
    }
    return found;
  }
  each.dropped = 0;
  return each;
}

/** @param {any} item @param {string} kind @param {Trust} trust */
async function logged(item, kind, trust) {
  require(hasFields(item.leaf, [kind]), "a leaf has one kind");
  const head = await trust.prove(item.proof, canonical(item.leaf));
  return { body: item.leaf[kind], at: head.at };
}

/** @param {any} item @param {Trust} trust @returns {Promise<import("./publication.js").PartyKey>} */
async function partyKey(item, trust) {
  const { body, at } = await logged(item, "party-key", trust);
  require(hasFields(body, ["party", "organisation", "duty", "key"]), "a key of the log has its fields");
  const { party, organisation, duty, key } = body;
  return { party, organisation, duty, key: readBase64(key), loggedAt: at };
}

/** @param {any} item @param {import("./publication.js").PartyKey[]} keys @returns {Promise<Issuer>} */
async function issuer(item, keys) {
  const key = await readSpki(readBase64(item.key));
  const known = keys.some((one) => one.party === item.party && one.duty === "issuer" && same(one.key, key.digest));
  require(known, "the log has no such issuer's key");
  return { party: item.party, key };
}

/** @param {any} item @param {import("./publication.js").PartyKey[]} keys @param {Trust} trust */
async function veto(item, keys, trust) {
  const { body, at } = await logged(item, "veto", trust);
  return checkVeto(body, keys, at);
}

/**
 * @template Found
 * @param {any} item
 * @param {Told} told
 * @param {(document: any, leaf: any, keys: import("./publication.js").PartyKey[], at: number, ...rest: any[]) => Promise<Found>} check
 * @param {any[]} rest
 */
async function published(item, { trust, keys, vetoes }, check, ...rest) {
  const { body, at } = await logged(item, "publication", trust);
  const found = await check(item.document, body, keys, at, ...rest);
  requireNotVetoed(item.document, body.digest, at, vetoes);
  return found;
}

/** @param {any} item @param {Trust} trust @returns {Promise<Batch>} */
async function batch(item, trust) {
  const { body, at } = await logged(item, "certificates", trust);
  const octets = readBase64(item.digests);
  require(octets.length > 0 && octets.length % SHORT_OCTETS === 0, "short digests");
  require(hasFields(body, ["key", "digest"]) && same(await sha256(octets), readBase64(body.digest)), "as its leaf says");
  /** @type {Set<string>} */
  const digests = new Set();
  for (let place = 0; place < octets.length; place += SHORT_OCTETS) digests.add(hex(octets.slice(place, place + SHORT_OCTETS)));
  return { key: hex(readBase64(body.key)), digests, loggedAt: at };
}

/** @param {any} item @param {Map<string, Issuer>} issuers */
async function listed(item, issuers) {
  const keys = new Map(Array.from(issuers, ([kid, one]) => [kid, one.key]));
  const list = await readStatusList(readBase64(item), keys);
  const party = /** @type {Issuer} */ (issuers.get(list.kid)).party;
  const number = list.subject.slice(`urn:salus:status:${party}:`.length);
  require(/^(0|[1-9][0-9]{0,4})$/.test(number) && Number(number) < 1 << 16, "a list has a number");
  require(list.subject === subjectOf(party, Number(number)), "only its own issuer's certificates");
  return list;
}

/** @param {any} item @param {Map<string, Issuer>} issuers */
async function change(item, issuers) {
  const keys = new Map(Array.from(issuers, ([kid, one]) => [kid, one.key]));
  const found = await readChange(readBase64(item), keys);
  require(found.party === issuers.get(found.kid)?.party, "only its own issuer's certificates");
  return found;
}

/** @param {any} item */
async function voidMarks(item) {
  require(hasFields(item, ["key", "list"]), "a list of void codes stands beside its key");
  return readVoidMarks(readBase64(item.key), readBase64(item.list));
}

/** @param {string} party @param {number} number */
export function subjectOf(party, number) {
  return `urn:salus:status:${party}:${number}`;
}

"""Turning the public log against people: two views, lost leaves, silence, leaves that tell of somebody."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from salus.cli.actors import Party, commit_specimen, new_subject
from salus.identity import check_character
from salus.kernel import canonical
from salus.ledger import verify_directory
from salus.proof import LeafProof, Note, ProofError, cosign, leaf_hash, prove_inclusion, root, sign_checkpoint
from salus.proof.tiles import bundles_of
from salus_abuse.forging import Under, bare_leaf, decision, leaf_of, push
from salus_abuse.model import Sight, attack
from salus_abuse.scene import DISEASE, HOUR, Scene, codes
from salus_abuse.wallet import PublicLog, over
from salus_abuse.witnessing import Running

DICTIONARY = 1_000_000


class Fork:
    """A second history of the log, with one leaf replaced, signed with the log's own key."""

    def __init__(self, s: Scene, told: PublicLog) -> None:
        self.leaf = bare_leaf()
        self.entry = canonical({"decision": self.leaf})
        self.hashes = [leaf_hash(one) for one in told.entries]
        self.index = len(self.hashes) - 1
        self.hashes[self.index] = leaf_hash(self.entry)
        self.head = sign_checkpoint(len(self.hashes), root(self.hashes), s.node.custodian.signer(s.node.name))

    def cosigned(self, s: Scene, witnesses: list[Running]) -> str:
        """Sign it with witnesses' own keys, which whoever has their folders has."""
        note = Note.parse(self.head.note)
        lines = [cosign(note.text, s.now, _Signer(one)) for one in witnesses]
        return str(Note(text=note.text, signatures=(*note.signatures, *lines)))

    def proof(self, note: str) -> LeafProof:
        """Prove the replaced leaf under it."""

        def reader(level: int, index: int) -> bytes:
            return root(self.hashes[index << level : (index + 1) << level])

        hashes = prove_inclusion(reader, self.index, len(self.hashes))
        return LeafProof(index=self.index, hashes=tuple(hashes), checkpoint=note)

    def believed(self, s: Scene, note: str) -> bool:
        """Tell whether a fresh verifier believes the leaf under this head."""
        try:
            self.proof(note).check(self.entry, s.trust)
        except ProofError:
            return False
        return True


class _Signer:
    def __init__(self, witness: Running) -> None:
        passphrase = (witness.folder / "witness.passphrase").read_bytes().strip()
        private = load_pem_private_key((witness.folder / "witness.key").read_bytes(), passphrase)
        assert isinstance(private, Ed25519PrivateKey)
        self._private, self.name = private, witness.key.name
        self.public_key = private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


def asked(witness: Running, old: int, note: str, *proof: bytes) -> httpx.Response:
    """Ask a running witness to cosign a head."""
    lines = [f"old {old}", *(base64.b64encode(one).decode() for one in proof), "", note]
    return httpx.post(f"{witness.url}/add-checkpoint", content="\n".join(lines).encode(), timeout=300)


@attack(
    "B01",
    "The log's operator and two of five witnesses show two audiences two logs",
    powers="G, W2",
    passes="the other three refuse; no verifier believes the second head; the two heads together are the proof",
    cuts=[("quorum",), ("witnesses-refuse-forks",)],
)
def split_view(s: Scene, see: Sight) -> None:
    s.infected()
    told = PublicLog(s.log)
    fork, colluding, honest = Fork(s, told), list(s.witnesses[:2]), list(s.witnesses[2:])
    lines = []
    for one in honest:
        answer = asked(one, told.size, fork.head.note)
        see.refused(f"the second head, by {one.key.organisation},", answer, 409, 422)
        lines += [answer.text] if answer.status_code == 200 else []
    note = fork.cosigned(s, colluding) + "".join(lines)
    see.that("a fresh verifier does not believe a leaf of the second log", not fork.believed(s, note))
    found = verify_directory(s.log, s.node.sequencer.key, fork.head.note, s.trust.witnesses)
    see.that("both heads together prove it", "LOG-FORK" in [one.code for one in found.findings])
    see.outside("EQUIVOCATION", since=fork.head.note)
    see.code = "LOG-FORK"


@attack(
    "B02",
    "Three of five witnesses collude, so that a second log has its quorum",
    powers="G, W3",
    passes="a verifier alone believes it; two who compare heads, or an auditor who is shown one, have LOG-FORK",
)
def split_view_and_quorum(s: Scene, see: Sight) -> None:
    s.infected()
    fork = Fork(s, PublicLog(s.log))
    see.strikes()
    note = fork.cosigned(s, list(s.witnesses[:3]))
    see.that("alone a verifier cannot know: this is the stated limit", fork.believed(s, note))
    found = verify_directory(s.log, s.node.sequencer.key, note, s.trust.witnesses)
    see.finding("LOG-FORK", sum(one.code == "LOG-FORK" for one in found.findings))
    see.outside("EQUIVOCATION", since=note)
    both = {one.name for one in s.trust.witnesses if one.name in s.trust.times(Note.parse(note))}
    see.that(f"the proof names who signed both: {', '.join(sorted(both))}", len(both) == 3)


def copied(s: Scene, name: str) -> Path:
    """Copy the log's files, as a dishonest operator would serve them."""
    folder = s.folder / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(s.log, folder)
    return folder


def found_in(s: Scene, folder: Path, since: str | None = None) -> Counter[str]:
    """What anybody finds in a log's files, with a head kept from before."""
    report = verify_directory(folder, s.node.sequencer.key, since, s.trust.witnesses)
    return Counter(one.code for one in report.findings)


@attack(
    "B03",
    "A leaf that stood in the log is written over",
    powers="G, D",
    passes="the files lead to another root: LOG-ROOT; no witness cosigns the head that would fit: 422",
    cuts=[("witnesses-refuse-forks",)],
)
def rewrite(s: Scene, see: Sight) -> None:
    see.strikes()
    folder, told = copied(s, "rewritten"), PublicLog(s.log)
    first = folder / next(iter(bundles_of(told.size))).path  # not a narrower one that was left over
    raw = bytearray(first.read_bytes())
    raw[-20] ^= 1
    first.write_bytes(bytes(raw))
    fork = Fork(s, told)
    for one in s.witnesses:
        see.refused(f"a rewritten head, by {one.key.organisation},", asked(one, told.size, fork.head.note), 409, 422)
    found = found_in(s, folder)
    see.finding("LOG-ROOT", found["LOG-ROOT"])
    see.outside("LOG-ROOT", log=folder)


@attack(
    "B04",
    "The log goes back to a shorter, older state",
    powers="G, D",
    passes="who kept a head finds LOG-SHRUNK; witnesses answer an older head with the size they know: 409 or 400",
)
def rollback(s: Scene, see: Sight) -> None:
    old, kept = copied(s, "older"), PublicLog(s.log)
    s.person()
    s.infected()
    newer = PublicLog(s.log)
    see.strikes()
    for one in s.witnesses:
        answer = asked(one, kept.size, kept.note.partition("\n\n")[0] + "\n\n" + kept.note.partition("\n\n")[2])
        see.refused(f"an older head, by {one.key.organisation},", answer, 400, 409, 422)
    see.finding("LOG-SHRUNK", found_in(s, old, newer.note)["LOG-SHRUNK"])
    see.outside("LOG-SHRUNK", since=newer.note, log=old)


@attack(
    "B05",
    "Files of the log are taken away",
    powers="G",
    passes="whoever walks it finds LOG-MISSING",
)
def truncate(s: Scene, see: Sight) -> None:
    see.strikes()
    folder = copied(s, "truncated")
    for one in list((folder / "tile" / "entries").rglob("*")):
        if one.is_file():
            one.unlink()
    see.finding("LOG-MISSING", found_in(s, folder)["LOG-MISSING"])
    see.outside("LOG-MISSING", log=folder)


@attack(
    "B06",
    "The log falls silent, so that nobody can see what is done",
    powers="G",
    passes="a day later no measure is proved any more: STALE-PROOF; nothing new can be asked of anybody",
    cuts=[("proofs-age",)],
)
def freeze(s: Scene, see: Sight) -> None:
    person, *_ = s.infected()
    file = person.file
    see.that("today the file proves a measure", s.judge(file).fault is None)
    see.word("the file after 25 silent hours", s.judge(file, s.now + 25 * HOUR).fault, "STALE-PROOF")
    see.outside("LOG-STALE", at=s.now + 25 * HOUR)


@attack(
    "B07",
    "A restriction that is in no log is handed to verifiers",
    powers="O, K",
    passes="a file whose decision is not under the head that it names is NO-PROOF",
    cuts=[("proofs-checked",)],
)
def off_log(s: Scene, see: Sight) -> None:
    person, specimen, found = s.infected()
    file = person.file
    opening = decision(Under.read(s), specimen, found, s.now)
    forged = over(file, opening, leaf_of(opening, found), str(json.loads(file)["proof"]))
    see.word("a file with a decision that no log has", s.judge(forged).fault, "NO-PROOF")
    see.outside("NO-PROOF", files=[forged])
    unproved = over(file, opening, leaf_of(opening, found), "trust me")
    see.word("a file without any proof", s.judge(unproved).fault, "NO-PROOF")


@attack(
    "B08",
    "Names and numbers of people are put into leaves of the log",
    powers="D, G",
    passes="the table of kinds has no field for one: such leaves are set aside, reported, and in no file",
)
def pii_leaf(s: Scene, see: Sight) -> None:
    number, before = s.number(), s.audit()
    see.strikes()
    told = bare_leaf()
    for kind, body in {
        "specimen": {"party": number, "commitment": told["commitment"], "signature": "x"},
        "decision": {**told, "person": "王芳"},
        "refusals": {"day": "2031-03-01", "action": f"red {number}", "count": 1},
        "red-list": {"number": number},
    }.items():
        push(s, kind, body)
    s.close()
    raw = b"".join(one.read_bytes() for one in s.log.rglob("*") if one.is_file())
    see.that("no file of the log holds the number", number.encode() not in raw)
    see.that("no file of the log holds the name", "王芳".encode() not in raw)
    see.finding("NODE-SET-ASIDE", codes(s.audit() - before)["NODE-SET-ASIDE"], least=4)
    s.rows("delete from ledger.parked") if _has(s, "parked") else None


def _has(s: Scene, table: str) -> bool:
    found = s.rows("select count(*) from pg_tables where schemaname = 'ledger' and tablename = %s", table)
    return bool(found[0][0])


@attack(
    "B09",
    "All identity numbers are hashed and held against the leaves",
    powers="U",
    passes="a million numbers, all true ones among them, in four spellings: no leaf holds the hash of one",
)
def dictionary(s: Scene, see: Sight) -> None:
    person, *_ = s.infected()
    values = {value for leaf in _bodies(s) for value in leaf.values() if isinstance(value, str)}
    wanted = {base64.b64decode(one) for one in values if len(one) == 44 and one.endswith("=")}
    numbers = [f"900101{1950 + n // 18_000:04}0101{n % 1000:03}" for n in range(DICTIONARY)]
    hit = sum(hashlib.sha256(one.encode()).digest() in wanted for one in numbers)
    true = [person.number, *(digits + check_character(digits) for digits in numbers[:5000])]
    for one in true:
        for spelt in (one, f'"{one}"', json.dumps({"number": one}), canonical({"value": one}).decode()):
            hit += hashlib.sha256(spelt.encode()).digest() in wanted
    see.that(f"{hit} of the leaves' {len(wanted)} hashes are of a number", wanted and not hit)


def _bodies(s: Scene) -> list[dict[str, Any]]:
    found = [json.loads(one) for one in PublicLog(s.log).entries]
    return [dict(body) for one in found for body in one.values()]


@attack(
    "B10",
    "The leaves of one person are joined to each other",
    powers="U",
    passes="no two leaves share a value that belongs to a person: every commitment and every tag occurs once",
)
def linkage(s: Scene, see: Sight) -> None:
    for _ in range(2):
        person, specimen, _ = s.infected()
        again = commit_specimen(s.site, disease=DISEASE, taken=s.now, subject=specimen.body["subject"])
        s.send_specimen(person.patient, again).raise_for_status()
    s.settle()
    evidence = [leaf for kind in ("specimen", "result") for leaf in PublicLog(s.log).leaves(kind)]
    counted = Counter(leaf[name] for leaf in evidence for name in ("commitment", "signature"))
    see.that("commitments and signatures of evidence occur once", counted and max(counted.values()) == 1)
    shared = set(counted) & {
        leaf[name] for leaf in PublicLog(s.log).leaves("decision") for name in ("commitment", "tag")
    }
    see.that("no decision shares a value with evidence", not shared)


@attack(
    "B12",
    "A site signs with a key that the log does not know",
    powers="S, K",
    passes="refused at the door; a file that rests on it is SIGNATURE",
)
def ghost_key(s: Scene, see: Sight) -> None:
    person = s.person()
    ghost = Party.new(s.site.name, s.site.organisation, s.site.duty)
    signed = commit_specimen(ghost, disease=DISEASE, taken=s.now, subject=new_subject())
    see.refused(
        "a specimen under a ghost's key", s.send_specimen(person.patient, signed), 400, 403, 422, code="SALUS-H"
    )
    case, *_ = s.infected()
    told = json.loads(case.file)
    for item in told["evidence"]:
        leaf = item["leaf"]
        message = canonical({item["kind"]: {"party": leaf["party"], "commitment": leaf["commitment"]}})
        leaf["signature"] = ghost.sign(message)
        push(s, item["kind"], leaf)
    s.close()
    log = PublicLog(s.log)
    for item in told["evidence"]:
        item["proof"] = log.proof(item["kind"], item["leaf"])
    see.word("a file that rests on it", s.judge(canonical(told)).fault, "SIGNATURE")
    see.outside("SIGNATURE", files=[canonical(told)])

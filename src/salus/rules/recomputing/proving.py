"""Check each part of a measure's file: leaves under cosigned heads, keys, signatures, openings, publications. Pure."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from salus.kernel import canonical, spelt
from salus.proof import LeafProof, Note, ProofError, Trust
from salus.rules.errors import NotProved, PublicationRefused, TableRefused
from salus.rules.model import Evidence, EvidenceKind, Result, Rules
from salus.rules.publishing.checking import check_publication, rules_of
from salus.rules.publishing.ending import PartyKeyEnd, ended
from salus.rules.publishing.model import Document, PartyKey, PublicationKind, Published
from salus.rules.publishing.renewing import MOST_CHAIN, check_chain
from salus.rules.publishing.signing import signed_by
from salus.rules.publishing.vetoing import Veto
from salus.rules.recomputing.model import LOGGED_WITHIN, SKEW, commitment_of, instant, is_hash, opened

SITE = "sampling-site"
LABORATORY = "laboratory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """Of a step of evidence: whose duty it is, and which fields of its opening say who signed it, and when it was."""

    duty: str
    by: str
    happened: str


STEPS = {
    "specimen": Duties(duty=SITE, by="site", happened="taken"),
    "result": Duties(duty=LABORATORY, by="laboratory", happened="reported"),
}
KEY_FIELDS = {"party", "organisation", "duty", "key"}
EVIDENCE_FIELDS = {"party", "commitment", "signature"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A leaf that is proved: its place, the size of the head it is proved under, and that head's two times.

    By `at` a quorum had it; the head is no younger than `as_of` says.
    """

    index: int
    size: int
    at: datetime
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One piece of evidence that is proved: who signed it, its opening, and where it stands."""

    party: PartyKey
    commitment: str
    body: Mapping[str, Any] = field(repr=False)
    standing: Standing


@dataclass(slots=True)
class Reading:
    """A file while it is being checked. `used` are the openings and keys that something rests on.

    `vetoes` and `ends` of keys are those that the reader knows of; a file cannot show that there was none.
    """

    trust: Trust
    openings: Mapping[str, Any]
    vetoes: tuple[Veto, ...] = ()
    ends: tuple[PartyKeyEnd, ...] = ()
    keys: tuple[PartyKey, ...] = ()
    used: set[str] = field(default_factory=set)
    keys_used: set[PartyKey] = field(default_factory=set)

    def opening(self, commitment: object, kind: str) -> dict[str, Any]:
        """Return the opening behind a commitment, once it is seen to open it."""
        opening = self.openings.get(commitment) if isinstance(commitment, str) else None
        if opening is None:
            raise NotProved("OPENING", f"there is no opening for a commitment of kind {kind}")
        body = opened(opening, kind)
        if commitment_of(opening) != commitment:
            raise NotProved("COMMITMENT", f"the opening of kind {kind} does not open what the log shows")
        self.used.add(str(commitment))
        return body

    def standing(self, kind: str, leaf: object, proof: object) -> Standing:
        """Prove one leaf; its proof carries the signatures of the log and of trusted witnesses, and nothing else."""
        if not isinstance(leaf, dict) or not isinstance(proof, str):
            raise NotProved("NO-PROOF", f"a leaf of kind {kind} comes with its fields and its proof")
        try:
            found = LeafProof.parse(proof)
            cosigned = found.check(canonical({kind: leaf}), self.trust)
            lines = len(Note.parse(found.checkpoint).signatures)
        except ProofError as error:
            raise NotProved("NO-PROOF", f"a leaf of kind {kind} is not proved: {error.text}") from None
        if found.extra or lines != 1 + len(cosigned.times) or str(found) != proof:
            raise NotProved("NO-PROOF", f"the proof of a leaf of kind {kind} holds more than a proof")
        return Standing(
            index=found.index, size=cosigned.checkpoint.size, at=cosigned.at, as_of=cosigned.as_of
        )  # fmt: skip

    def key_of(
        self, party: object, duty: str, message: bytes, signature: object, by: datetime, since: datetime | None = None
    ) -> PartyKey:
        """Return the logged key with which a party signed under a duty; it has to stand in the log by `by`.

        It may have ended later: what the log had before stays good. `since` is when that may have been at the earliest.
        """
        known = [one for one in self.keys if (one.party, one.duty) == (party, duty)]
        good = [one for one in known if signed_by(one.key, message, signature)]
        if not good:
            raise NotProved("SIGNATURE", f"no key that the log has for this party as {duty} made the signature")
        if good[0].logged_at > by:
            raise NotProved("ORDER-VIOLATION", f"the key of the {duty} came into the log after what it signed")
        if good[0].ended(since or by):
            raise NotProved("SIGNATURE", f"the key of the {duty} had ended before the log had what it signed")
        self.keys_used.add(good[0])
        return good[0]


def read_keys(reading: Reading, items: object) -> tuple[PartyKey, ...]:
    """Prove the parties' keys that a file comes with."""
    if not isinstance(items, list) or not 1 <= len(items) <= 64:
        raise NotProved("FILE", "a file comes with the keys of those who signed")
    found = []
    for item in items:
        leaf, proof = parts(item, ("leaf", "proof"))
        if not isinstance(leaf, dict) or set(leaf) != KEY_FIELDS or not is_hash(leaf["key"]):
            raise NotProved("FILE", "a party's key has exactly its fields")
        standing = reading.standing("party-key", leaf, proof)
        found.append(
            PartyKey(
                party=str(leaf["party"]),
                organisation=str(leaf["organisation"]),
                duty=str(leaf["duty"]),
                key=base64.b64decode(leaf["key"]),
                logged_at=standing.at,
            )
        )
    if len({(one.party, one.duty, one.key) for one in found}) != len(found):
        raise NotProved("FILE", "a party's key comes once")
    return ended(found, reading.ends)


def read_published(
    reading: Reading, item: object, emergencies: Sequence[Published], *, renewing: bool = True
) -> tuple[Published, Standing]:
    """Prove one publication: its document, its leaf, its signers, its notice."""
    document, leaf, proof = parts(item, ("document", "leaf", "proof"))
    standing = reading.standing("publication", leaf, proof)
    try:
        read = Document.of(document)
        published = check_publication(
            read, leaf, reading.keys, standing.at, emergencies, renewing=renewing, vetoes=reading.vetoes
        )
    except PublicationRefused as refused:
        raise NotProved(refused.fault, refused.text) from None
    except TableRefused as refused:
        raise NotProved("RULE-TEXT", refused.text) from None
    signed = leaf["signatures"]
    reading.keys_used |= {
        one
        for one in reading.keys
        if one.duty == "signer" and one.party in signed and signed_by(one.key, read.signed, signed[one.party])
    }
    return published, standing


def read_rules(reading: Reading, item: object) -> tuple[Rules, Published, Published, int]:
    """Prove rules and emergency; return them as `decide` takes them, with both publications and the larger head."""
    chained = {"before"} & set(item) if isinstance(item, dict) else ()
    emergency, keys, rules, *before = parts(item, ("emergency", "keys", "rules", *chained))
    reading.keys = read_keys(reading, keys)
    earlier = _read_chain(reading, *before)
    declared, stood = read_published(reading, emergency, earlier)
    _follows(declared, earlier)
    published, standing = read_published(reading, rules, (declared,))
    kinds = (declared.document.kind, published.document.kind)
    if kinds != (PublicationKind.EMERGENCY, PublicationKind.RULES):
        raise NotProved("FILE", "a file names the rules and the emergency under which they count")
    return rules_of(published, declared), published, declared, max(stood.size, standing.size)


def _read_chain(reading: Reading, items: object = ()) -> list[Published]:
    """Prove the emergencies before the one that a measure needs, oldest first, as the file brings them."""
    if not isinstance(items, list | tuple) or len(items) > MOST_CHAIN:
        raise NotProved("FILE", f"a file brings at most {MOST_CHAIN} earlier emergencies")
    return [read_published(reading, one, (), renewing=False)[0] for one in items]


def _follows(declared: Published, earlier: Sequence[Published]) -> None:
    try:
        check_chain(declared, earlier)
    except PublicationRefused as refused:
        raise NotProved(refused.fault, refused.text) from None


def read_specimen(reading: Reading, leaf: object, proof: object) -> Told:
    """Prove that a sampling site committed a specimen, in time."""
    return read_step(reading, "specimen", leaf, proof)


def read_step(reading: Reading, kind: str, leaf: object, proof: object) -> Told:
    """Prove one step of evidence by itself: who signed it, and that it reached the log in time."""
    step = STEPS[kind]
    told = _read_evidence(reading, kind, step.duty, leaf, proof)
    if told.body[step.by] != told.party.party:
        raise NotProved("SIGNATURE", f"another {step.duty} signed than the one that the opening names")
    _in_time(instant(told.body[step.happened]), told.standing.at)
    return told


def read_result(reading: Reading, leaf: object, proof: object, specimens: Mapping[str, Told]) -> tuple[Told, Evidence]:
    """Prove that a laboratory of another organisation signed a result about a specimen that is proved itself."""
    told = _read_evidence(reading, "result", LABORATORY, leaf, proof)
    body, specimen = told.body, specimens.get(told.body["specimen"])
    if specimen is None:
        raise NotProved("ACCESSION-MISSING", "the result is about a specimen that no site committed")
    if body["laboratory"] != told.party.party:
        raise NotProved("SIGNATURE", "another laboratory signed than the one that the opening names")
    of_two(told.party, body, specimen.party, specimen.body)
    if told.standing.at < specimen.standing.at:
        raise NotProved("ORDER-VIOLATION", "the result came into the log before its specimen")
    _in_time(instant(body["reported"]), told.standing.at)
    return told, Evidence(
        name=told.commitment,
        disease=body["disease"],
        kind=EvidenceKind(body["kind"]),
        result=Result(body["result"]),
        taken=instant(specimen.body["taken"]),
        reported=instant(body["reported"]),
        replaces=body["replaces"],
    )


def of_two(laboratory: PartyKey, result: Mapping[str, Any], site: PartyKey, specimen: Mapping[str, Any]) -> None:
    """Require that specimen and result come from two parties, and are about one subject and one disease."""
    if spelt(laboratory.organisation) == spelt(site.organisation) or laboratory.party == site.party:
        raise NotProved("ONE-PARTY", "specimen and result come from one organisation; it takes two")
    if laboratory.key == site.key:
        raise NotProved("ONE-PARTY", "specimen and result were signed with one key; it takes two parties")
    if (result["subject"], result["disease"]) != (specimen["subject"], specimen["disease"]):
        raise NotProved("SUBJECT", "specimen and result are about two subjects or two diseases")


def proves(
    trust: Trust,
    keys: Iterable[PartyKey],
    openings: Mapping[str, Any],
    specimen: Mapping[str, Any],
    result: Mapping[str, Any],
) -> bool:
    """Tell whether a specimen and a result about it, as a file holds them, are proved; a file with others is not."""
    reading = Reading(trust=trust, openings=openings, keys=tuple(keys))
    try:
        told = read_specimen(reading, specimen["leaf"], specimen["proof"])
        read_result(reading, result["leaf"], result["proof"], {told.commitment: told})
    except NotProved:
        return False
    return True


def _read_evidence(reading: Reading, kind: str, duty: str, leaf: object, proof: object) -> Told:
    if not isinstance(leaf, dict) or set(leaf) != EVIDENCE_FIELDS:
        raise NotProved("FILE", f"a leaf of kind {kind} has exactly its fields")
    standing = reading.standing(kind, leaf, proof)
    party, commitment = leaf["party"], leaf["commitment"]
    key = reading.key_of(party, duty, evidence_message(kind, leaf), leaf["signature"], standing.at)
    return Told(party=key, commitment=commitment, body=reading.opening(commitment, kind), standing=standing)


def evidence_message(kind: str, leaf: Mapping[str, Any]) -> bytes:
    """Return what a site or a laboratory signs of a leaf."""
    return canonical({kind: {"party": leaf["party"], "commitment": leaf["commitment"]}})


def _in_time(happened: datetime, logged: datetime) -> None:
    if happened > logged + SKEW:
        raise NotProved("ORDER-VIOLATION", "evidence is dated after it came into the log")
    if logged - happened > LOGGED_WITHIN:
        raise NotProved("BACKDATED", "evidence is dated more than 72 hours before it came into the log")


def decision_parts(leaf: object) -> list[Any]:
    """Return commitment, rules and tag of a decision's leaf, which names the key of its word as well or does not."""
    named = {"word"} & set(leaf) if isinstance(leaf, dict) else ()
    return parts(leaf, ("commitment", "rules", "tag", *named))[:3]


def parts(item: object, fields: tuple[str, ...]) -> list[Any]:
    """Return the named fields, in this order, of an object that has exactly these; NotProved otherwise."""
    if not isinstance(item, dict) or set(item) != set(fields):
        raise NotProved("FILE", f"a part of the file has exactly the fields {sorted(fields)}")
    return [item[name] for name in fields]

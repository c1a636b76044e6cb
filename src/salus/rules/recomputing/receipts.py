"""Read the receipt that a resident holds of a specimen and its results, and say what it proves, without any node. Pure.

A receipt is the opening of what a site or a laboratory signed, with that signature. It holds whoever signed to it
before the log has the leaf; later the same file carries the proofs. It decides nothing and asks for nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from salus.kernel import canonical, format_instant
from salus.proof import Trust
from salus.rules.errors import NotProved
from salus.rules.model import EvidenceKind, Result
from salus.rules.publishing.ending import PartyKeyEnd
from salus.rules.publishing.model import PartyKey
from salus.rules.recomputing.model import LOGGED_WITHIN, MOST_EVIDENCE, canonical_file, instant, is_hash
from salus.rules.recomputing.proving import (
    EVIDENCE_FIELDS,
    STEPS,
    Reading,
    Standing,
    evidence_message,
    of_two,
    parts,
    read_keys,
    read_step,
)

NOT_LOGGED: Final = "NOT-LOGGED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One of the two steps as a receipt tells it. `index` and `logged_at`, in witness time, once its proof is there."""

    kind: str
    party: str
    organisation: str
    commitment: str
    happened: datetime
    index: int | None = None
    logged_at: datetime | None = None
    test: EvidenceKind | None = None
    result: Result | None = None
    specimen: str | None = None
    replaces: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it for a program."""
        told = {"kind": self.kind, "party": self.party, "organisation": self.organisation, "entry": self.index}
        found = {"test": self.test, "result": self.result} if self.kind == "result" else {}
        times = {"happened": self.happened, "logged_at": self.logged_at}
        return {
            **told,
            "commitment": self.commitment,
            **{name: str(value) for name, value in found.items()},
            **{name: format_instant(at) if at else None for name, at in times.items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipted:
    """What a receipt proves. `fault` is the stable word for what is wrong or missing; None if the log has every step.

    NOT-LOGGED is no fault of its holder: the signatures are good, and no proof is here yet that the log has the leaves.
    """

    fault: str | None
    text: str
    subject: str | None = field(default=None, repr=False)
    disease: str | None = None
    specimen: Step | None = None
    results: tuple[Step, ...] = ()

    @property
    def signed(self) -> bool:
        """Tell whether whoever signed is held to it: every signature and every opening is good."""
        return self.fault in (None, NOT_LOGGED)

    @property
    def steps(self) -> tuple[Step, ...]:
        """Both steps, the specimen's first."""
        return (*([self.specimen] if self.specimen else ()), *self.results)

    def as_json(self) -> dict[str, Any]:
        """Return it for a program; without the secret, which whoever asks has in the file."""
        return {
            "fault": self.fault,
            "text": self.text,
            "disease": self.disease,
            "steps": [one.as_json() for one in self.steps],
        }


def is_receipt(raw: bytes) -> bool:
    """Tell whether a file calls itself a receipt."""
    return raw.startswith(b'{"receipt":')


def receipt_file(
    specimen: Mapping[str, Any] | None, results: Sequence[Mapping[str, Any]], keys: Sequence[Mapping[str, Any]]
) -> bytes:
    """Write a receipt. A step has `leaf`, `opening` and `proof`, None while there is none; a key `leaf` and `proof`."""
    told = {"specimen": dict(specimen) if specimen else None, "results": list(results), "keys": list(keys)}
    return canonical({"receipt": told})


def read_receipt(raw: bytes, trust: Trust, ends: Iterable[PartyKeyEnd] = ()) -> Receipted:
    """Return what a receipt proves to whoever trusts these witnesses. Raises nothing, whatever the bytes are.

    Every step that is there has to be signed by its party and to open to what was signed. Of a step with its proof the
    leaf stands in the log, no more than 72 hours after it happened; of both, the specimen's no later than the result's.
    Specimen and results name one subject, and are of two organisations. `ends` are those of keys that the reader knows.
    """
    try:
        specimen, results, keys = parts(_file(raw), ("specimen", "results", "keys"))
        if not isinstance(results, list) or len(results) >= MOST_EVIDENCE or not (results or specimen):
            raise NotProved("FILE", "a receipt tells of a specimen, of results about it, or of both")
        openings = _openings([*([specimen] if specimen else ()), *results])
        reading = Reading(trust=trust, openings=openings, ends=tuple(ends))
        if keys == []:
            raise NotProved("NO-KEY", "this short receipt brings no key of who signed; hold it against the log itself")
        reading.keys = read_keys(reading, keys)
        return _read(reading, specimen, results)
    except NotProved as fault:
        return Receipted(fault=fault.fault, text=fault.text)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return Receipted(fault="FILE", text="FILE: this is no receipt")


def rests_on(measure: bytes, receipts: Sequence[Receipted]) -> bool | None:
    """Tell whether what a measure's file was decided on is a specimen that one of these receipts is of.

    None where that cannot be said: the file is none, or it rests on none that is shown, and one of the receipts shows
    no specimen with the key of who signed it, as a short one and a laboratory's do not. The file is taken as it is:
    `recompute` answers whether it proves anything.
    """
    mine = {(one.subject, step.commitment) for one in receipts if one.signed and (step := one.specimen)}
    all_tell = receipts and all(one.signed and one.specimen for one in receipts)
    try:
        file = json.loads(measure)
        openings = file["openings"]
        decision = openings[file["decision"]["commitment"]]["decision"]
        result = openings[decision["evidence"][0]]["result"]
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        return None
    if (decision["subject"], result["specimen"]) in mine:
        return True
    return False if all_tell else None


def _file(raw: bytes) -> dict[str, Any]:
    found: dict[str, Any] = parts(canonical_file(raw), ("receipt",))[0]
    return found


def _openings(items: Sequence[Any]) -> dict[str, Any]:
    found = {}
    for item in items:
        leaf, opening, _ = parts(item, ("leaf", "opening", "proof"))
        if not isinstance(leaf, dict) or set(leaf) != EVIDENCE_FIELDS or not is_hash(leaf["commitment"]):
            raise NotProved("FILE", "a leaf of evidence has exactly its fields")
        found[leaf["commitment"]] = opening
    return found


def _read(reading: Reading, specimen: Any, results: list[Any]) -> Receipted:
    first = _step(reading, "specimen", specimen) if specimen else None
    found = [_step(reading, "result", one) for one in results]
    for each in found:
        if first is not None:
            _both(first, each)
    subjects = {one.body["subject"] for one in ([first] if first else []) + found}
    if len(subjects) > 1:
        raise NotProved("SUBJECT", "the steps are about two subjects")
    if set(reading.keys) != reading.keys_used:
        raise NotProved("FILE", "the receipt holds keys that nothing in it rests on")
    steps = [one.step for one in ([first] if first else []) + found]
    missing = [one for one in steps if one.index is None]
    text = "the log has every step, in its order, and each opens to the secret on this receipt"
    if missing:
        named = " and ".join(dict.fromkeys(one.kind for one in missing))
        text = f"{NOT_LOGGED}: signed, and without a proof here that the log has it: {named}"
    return Receipted(
        fault=NOT_LOGGED if missing else None,
        text=text,
        subject=subjects.pop(),
        disease=((first or found[0]).body)["disease"],
        specimen=first.step if first else None,
        results=tuple(one.step for one in found),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    key: PartyKey
    body: Mapping[str, Any] = field(repr=False)
    step: Step


def _step(reading: Reading, kind: str, item: Mapping[str, Any]) -> _Read:
    """Check one step by itself: its signature and opening, and its place in the log where a proof is there."""
    leaf, _, proof = parts(item, ("leaf", "opening", "proof"))
    told, names = (read_step(reading, kind, leaf, proof) if proof is not None else None), STEPS[kind]
    body = told.body if told else reading.opening(leaf["commitment"], kind)
    happened = instant(body[names.happened])
    if told:
        key = told.party
    else:
        by = happened + LOGGED_WITHIN
        message = evidence_message(kind, leaf)
        key = reading.key_of(leaf["party"], names.duty, message, leaf["signature"], by, happened)
    if body[names.by] != key.party:
        raise NotProved("SIGNATURE", f"another {names.duty} signed than the one that the opening names")
    return _Read(key=key, body=body, step=_told(kind, key, body, happened, (leaf, told.standing if told else None)))


def _told(
    kind: str,
    key: PartyKey,
    body: Mapping[str, Any],
    happened: datetime,
    stood: tuple[Mapping[str, Any], Standing | None],
) -> Step:
    leaf, standing = stood
    is_result = kind == "result"
    return Step(
        kind=kind,
        party=key.party,
        organisation=key.organisation,
        commitment=leaf["commitment"],
        happened=happened,
        index=standing.index if standing else None,
        logged_at=standing.at if standing else None,
        test=EvidenceKind(body["kind"]) if is_result else None,
        result=Result(body["result"]) if is_result else None,
        specimen=body["specimen"] if is_result else None,
        replaces=body["replaces"] if is_result else None,
    )


def _both(specimen: _Read, result: _Read) -> None:
    """Hold a result against the specimen that it is to be about: one subject, two parties, and in order."""
    if result.step.specimen != specimen.step.commitment:
        raise NotProved("ACCESSION-MISSING", "a result is about another specimen than that of this receipt")
    of_two(result.key, result.body, specimen.key, specimen.body)
    if result.step.happened < specimen.step.happened:
        raise NotProved("ORDER-VIOLATION", "the result is dated before its specimen was taken")
    first, then = specimen.step.logged_at, result.step.logged_at
    if then is not None and (first is None or then < first):
        raise NotProved("ORDER-VIOLATION", "the result came into the log before its specimen")

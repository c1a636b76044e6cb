"""Read the slip by which somebody learns that a test is due: it is the bearer's alone, and nobody keeps whose. Pure.

No node assigns an exposure to anybody. A slip asks its bearer for a test, by published rules, for 48 hours at most.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from salus.kernel import format_instant
from salus.proof import Trust
from salus.rules.errors import NotProved
from salus.rules.model import TEST_DUE_LASTS, Decision, Evidence, Exposure, Measure, Rules
from salus.rules.publishing.ending import PartyKeyEnd
from salus.rules.publishing.model import Published
from salus.rules.publishing.signing import signed_by
from salus.rules.publishing.vetoing import Veto
from salus.rules.recomputing.attesting import attestation_message, check_attested
from salus.rules.recomputing.model import (
    LOGGED_WITHIN,
    SKEW,
    WITNESSING,
    Recomputed,
    canonical_file,
    instant,
)
from salus.rules.recomputing.proving import Reading, Standing, decision_parts, parts, read_rules
from salus.rules.recomputing.recompute import read_evidence
from salus.rules.recomputing.wording import check_word
from salus.rules.tables.exposed import due

_TEXTS = {
    "RELEASED": "your negative result has ended it",
    "CORRECTED": "the case turned out to be none",
    "LAPSED": "its time is over",
    "TOO-OLD": "the day is too long before it was attested",
    "NOT-YET": "it is dated in the future",
    "SAME-INDEX": "another slip of the same case came first, and a second renews nothing",
    "NOT-IN-TABLE": "the published rules make nothing of an exposure",
}
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slip:
    exposure: Exposure
    rules: Rules
    published: Published
    evidence: tuple[Evidence, ...]
    proof: Standing


def is_slip(raw: bytes) -> bool:
    """Tell whether a file calls itself a slip of an exposure."""
    return raw.startswith(b'{"case":')


def recompute_slip(
    raw: bytes,
    trust: Trust,
    at: datetime,
    vetoes: Iterable[Veto] = (),
    ended: Collection[str] = (),
    *,
    others: Iterable[bytes] = (),
    own: Iterable[Evidence] = (),
    ends: Iterable[PartyKeyEnd] = (),
) -> Recomputed:
    """Return what a slip asks of its bearer at `at`, as `recompute_slips` does; `others` are further ones of theirs."""
    return recompute_slips([raw, *others], trust, at, vetoes, ended, own=own, ends=ends)[0]


def recompute_slips(
    raws: Iterable[bytes],
    trust: Trust,
    at: datetime,
    vetoes: Iterable[Veto] = (),
    ended: Collection[str] = (),
    *,
    own: Iterable[Evidence] = (),
    ends: Iterable[PartyKeyEnd] = (),
) -> list[Recomputed]:
    """Return what each of a bearer's slips asks at `at`: advice, or `none` with the word for why. Raises nothing.

    `ended` are the cases that the reader knows to be none any more: a file cannot show that there was no such leaf.
    Those under the same rules are judged together: of one case the first alone counts, so a second renews nothing; what
    does not prove among them is passed over. Each is read once. `own` are results of the bearer that the reader knows,
    `ends` those of keys.
    """
    blank, results = Reading(trust=trust, openings={}, vetoes=tuple(vetoes), ends=tuple(ends)), [*own]
    read = [_proved(raw, blank, ended) for raw in raws]
    slips = [one for one in read if isinstance(one, _Slip)]
    return [one if isinstance(one, Recomputed) else _asked(one, slips, results, at) for one in read]


def _proved(raw: bytes, blank: Reading, ended: Collection[str]) -> _Slip | Recomputed:
    """Read a slip, or say why it proves nothing."""
    try:
        if len(blank.trust.organisations) < WITNESSING:
            raise NotProved("WITNESSES", f"it takes witnesses of {WITNESSING} organisations")
        return _read(raw, blank, ended)
    except NotProved as fault:
        return Recomputed(measure=Measure.NONE, fault=fault.fault, text=fault.text)
    except _UNREADABLE:
        return Recomputed(measure=Measure.NONE, fault="FILE", text="FILE: this is no slip")


def _asked(slip: _Slip, slips: Iterable[_Slip], own: Iterable[Evidence], at: datetime) -> Recomputed:
    """Say what a slip asks beside those that are under the same rules, itself among them."""
    digest = slip.published.document.digest
    given = [slip, *(one for one in slips if one is not slip and one.published.document.digest == digest)]
    try:
        _present(slip, at)
        found = due(_exposures(given), _evidence(given, own), slip.rules, at)
        if found.measure is Measure.NONE:
            word = str(found.reasons[0])
            raise NotProved(word, _TEXTS.get(word, "the rules ask for nothing at this instant"))
    except NotProved as fault:
        return Recomputed(measure=Measure.NONE, fault=fault.fault, text=fault.text)
    except _UNREADABLE:
        return Recomputed(measure=Measure.NONE, fault="FILE", text="FILE: this is no slip")
    return _answer(slip, found)


def _exposures(slips: Iterable[_Slip]) -> list[Exposure]:
    """Return each exposure once: the same slip given twice is one."""
    return [*dict.fromkeys(one.exposure for one in slips)]


def _evidence(slips: Iterable[_Slip], own: Iterable[Evidence]) -> list[Evidence]:
    found = [piece for one in slips for piece in one.evidence]
    return [*dict.fromkeys([*found, *own])]


def _answer(slip: _Slip, found: Decision) -> Recomputed:
    table, ends = slip.rules.table, found.ends
    return Recomputed(
        measure=found.measure,
        fault=None,
        text=f"a test is due; proved until {format_instant(ends)}" if ends else "a test is due",
        clause=table.clauses.get(found.clause or ""),
        disease=table.disease,
        starts=found.starts,
        ends=ends,
        proved_at=slip.proof.as_of,
        rules=f"{slip.published.document.name} {slip.published.document.version}",
    )


def _read(raw: bytes, blank: Reading, ended: Collection[str]) -> _Slip:
    case, evidence, exposure, openings, ruled = parts(
        canonical_file(raw), ("case", "evidence", "exposure", "openings", "rules")
    )
    leaf, proof = parts(exposure, ("leaf", "proof"))
    if not isinstance(openings, dict):
        raise NotProved("FILE", "a slip opens what it commits to")
    reading = Reading(trust=blank.trust, openings=openings, vetoes=blank.vetoes, ends=blank.ends)
    rules, published, _, _ = read_rules(reading, ruled)
    standing = reading.standing("exposure", leaf, proof)
    body = reading.opening(leaf["commitment"], "exposure")
    _signed(reading, leaf, standing)
    if body["index"] != leaf["index"]:
        raise NotProved("COMMITMENT", "the opening names another case than the leaf")
    _of_a_case(reading, case, leaf, published, standing)
    attested = instant(body["attested"])
    if not -SKEW <= standing.at - attested <= LOGGED_WITHIN:
        raise NotProved("BACKDATED", "it is dated after it came into the log, or more than 72 hours before")
    own = _own(reading, evidence, body["subject"])
    if set(openings) != reading.used or set(reading.keys) != reading.keys_used:
        raise NotProved("FILE", "the slip holds openings or keys that nothing in it rests on")
    met = Exposure(
        name=leaf["commitment"],
        disease=body["disease"],
        index=leaf["index"],
        day=instant(f"{body['day']}T00:00:00Z"),
        attested=attested,
        ended=leaf["index"] in ended,
    )
    return _Slip(exposure=met, rules=rules, published=published, evidence=own, proof=standing)


def _signed(reading: Reading, leaf: Mapping[str, Any], standing: Standing) -> None:
    check_attested(leaf, reading.keys, standing.at)
    message = attestation_message(leaf["commitment"], leaf["index"], leaf["number"])
    signatures = leaf["signatures"]
    reading.keys_used |= {
        one for one in reading.keys if one.party in signatures and signed_by(one.key, message, signatures[one.party])
    }


def _of_a_case(
    reading: Reading, case: object, exposure: Mapping[str, Any], published: Published, standing: Standing
) -> None:
    """The case is a decision of these rules, in the log before anybody was exposed to it, and its word was given."""
    leaf, proof = parts(case, ("leaf", "proof"))
    _, rules, tag = decision_parts(leaf)
    stood = reading.standing("decision", leaf, proof)
    if tag != exposure["index"] or rules != published.document.digest:
        raise NotProved("NO-EVIDENCE", "the case is no decision under these rules")
    if stood.size > standing.index:
        raise NotProved("ORDER-VIOLATION", "the exposure came into the log before its case")
    check_word(exposure, leaf)


def _own(reading: Reading, items: object, subject: str) -> tuple[Evidence, ...]:
    """Prove the bearer's own results, under the secret on the slip."""
    if items == []:
        return ()
    tolds, evidence = read_evidence(reading, items)
    if any(told.body["subject"] != subject for told in tolds):
        raise NotProved("SUBJECT", "the slip and the results are about two subjects")
    return tuple(evidence)


def _present(slip: _Slip, at: datetime) -> None:
    if slip.proof.at > at + SKEW:
        raise NotProved("NOT-YET", "there was no such leaf at this instant")
    if at - slip.proof.as_of > TEST_DUE_LASTS:
        raise NotProved("STALE-PROOF", "its proof is too old")

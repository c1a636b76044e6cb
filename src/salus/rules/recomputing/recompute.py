"""Recompute a measure from its file, at any instant, with nothing but the keys that the reader trusts. Pure and total.

Whatever is not proved is `none`: a broken file, a missing witness, a late appeal and a lapsed rule all end there, each
under a word of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from salus.kernel import canonical, format_instant, spelt
from salus.proof import Trust
from salus.rules.errors import NotProved
from salus.rules.model import Decision, Evidence, Measure, Result, Rules
from salus.rules.publishing.ending import PartyKeyEnd
from salus.rules.publishing.model import Published
from salus.rules.publishing.vetoing import Veto
from salus.rules.recomputing.model import (
    ANSWER_WITHIN,
    MOST_EVIDENCE,
    PROOF_AGE,
    SKEW,
    WITNESSING,
    Recomputed,
    commitment_of,
    instant,
    is_hash,
    read_file,
    reuse_tag,
)
from salus.rules.recomputing.proving import (
    Reading,
    Standing,
    Told,
    decision_parts,
    parts,
    read_result,
    read_rules,
    read_specimen,
)
from salus.rules.recomputing.wording import check_word_key
from salus.rules.service import decide

_TEXTS = {
    "RELEASED": "a later negative result has ended it",
    "CORRECTED": "its result was corrected",
    "LAPSED": "its time is over",
    "RULES-NOT-LIVE": "its rules are not alive any more",
    "EMERGENCY-LAPSED": "the emergency that it needs is over",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proved:
    """Everything that a file proves, before the reader's own instant is looked at."""

    rules: Rules
    published: Published
    evidence: tuple[Evidence, ...]
    decided: Decision
    decided_at: datetime
    subject: str
    proof: Standing
    organisations: frozenset[str]
    decision: str
    entry: bytes


def recompute(
    raw: bytes, trust: Trust, at: datetime, vetoes: Iterable[Veto] = (), ends: Iterable[PartyKeyEnd] = ()
) -> Recomputed:
    """Return the measure that a file proves at `at`; `none`, with the word for why, whatever is wrong with it.

    Raises nothing for any bytes. `at` is the reader's own present: a proof older than 24 hours at `at` is none.
    `vetoes` and `ends` of keys are those that the reader knows of, as from a trust file; without them a vetoed document
    looks good, and so does what an ended key signed, since no proof in a file can show that the log holds none.
    """
    try:
        if len(trust.organisations) < WITNESSING:
            raise NotProved("WITNESSES", f"it takes witnesses of {WITNESSING} organisations")
        file = read_file(raw)
        reading = Reading(trust=trust, openings=_openings(file), vetoes=tuple(vetoes), ends=tuple(ends))
        proved = _proved(reading, file)
        _appeal(reading, file, proved, at)
        _nothing_else(reading, file)
        _present(proved, at)
        found = decide(_counting(proved), proved.rules, at)
        if found.evidence != proved.decided.evidence:
            raise _over(proved, found)
    except NotProved as fault:
        return Recomputed(measure=Measure.NONE, fault=fault.fault, text=fault.text)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return Recomputed(measure=Measure.NONE, fault="FILE", text="FILE: this is no measure's file")
    return _answer(proved, found)


def _over(proved: _Proved, found: Decision) -> NotProved:
    """Say why what was decided does not hold at the reader's instant."""
    corrected = any(one.replaces in proved.decided.evidence for one in proved.evidence)
    words = ["CORRECTED"] if corrected else [word for word in _TEXTS if word in found.reasons]
    word = words[0] if words else "RULE-DIVERGENCE"
    return NotProved(word, _TEXTS.get(word, "the rules do not ask for it at this instant"))


def _answer(proved: _Proved, found: Decision) -> Recomputed:
    table = proved.rules.table
    return Recomputed(
        measure=found.measure,
        fault=None,
        text=f"proved until {format_instant(found.ends)}" if found.ends else "proved",
        clause=table.clauses.get(found.clause or ""),
        disease=table.disease,
        starts=found.starts,
        ends=found.ends,
        proved_at=proved.proof.as_of,
        rules=f"{proved.published.document.name} {proved.published.document.version}",
        decision=proved.decision,
        entry=proved.entry,
    )


def _openings(file: Mapping[str, Any]) -> Mapping[str, Any]:
    openings = file["openings"]
    if not isinstance(openings, dict) or not 3 <= len(openings) <= 2 * MOST_EVIDENCE + 2:
        raise NotProved("FILE", "a file opens the commitments of its evidence and of its decision")
    return openings


def _proved(reading: Reading, file: Mapping[str, Any]) -> _Proved:
    """Check everything in a file that does not depend on when it is read."""
    rules, published, declared, rules_size = read_rules(reading, file["rules"])
    tolds, evidence = read_evidence(reading, file["evidence"])
    leaf, opening = file["decision"], {}
    commitment, digest, tag = decision_parts(leaf)
    standing = reading.standing("decision", leaf, file["proof"])
    opening = reading.opening(commitment, "decision")
    if (digest, opening["rules"]) != (published.document.digest,) * 2 or opening[
        "emergency"
    ] != declared.document.digest:
        raise NotProved("RULE-TEXT", "the decision was taken under other rules or another emergency")
    if file["at"] != opening["at"]:
        raise NotProved("FILE", "the file names another instant than its decision")
    _ordered(tolds, opening, standing, rules_size)
    result = opening["evidence"][0]
    base = [one for one in evidence if one.name == result]
    if not base or tag != reuse_tag(result, str(reading.opening(result, "result")["blind"])):
        raise NotProved("EVIDENCE-REUSE", "the decision's tag is not that of its evidence")
    check_word_key(leaf, opening["blind"])
    if any(told.body["subject"] != opening["subject"] for told in tolds):
        raise NotProved("SUBJECT", "the decision and its evidence are about two subjects")
    decided_at = instant(opening["at"])
    decided = decide(base, rules, decided_at)
    _same(decided, opening)
    again, entry = _again(decided, opening, leaf)
    return _Proved(
        rules=rules,
        published=published,
        evidence=tuple(evidence),
        decided=decided,
        decided_at=decided_at,
        subject=opening["subject"],
        proof=standing,
        organisations=frozenset(told.party.organisation for told in tolds),
        decision=again,
        entry=entry,
    )


def read_evidence(reading: Reading, items: object) -> tuple[list[Told], list[Evidence]]:
    """Prove specimens, each with its results; NotProved unless every one of them is."""
    if not isinstance(items, list) or not 2 <= len(items) <= MOST_EVIDENCE:
        raise NotProved("NO-EVIDENCE", "there is no specimen with a result")
    told: dict[str, Told] = {}
    evidence: list[Evidence] = []
    read = [parts(item, ("kind", "leaf", "proof")) for item in items]
    for kind, leaf, proof in sorted(read, key=lambda one: one[0] != "specimen"):
        if kind not in ("specimen", "result"):
            raise NotProved("FILE", "evidence is a specimen or a result")
        if kind == "specimen":
            one = read_specimen(reading, leaf, proof)
        else:
            one, result = read_result(reading, leaf, proof, told)
            evidence.append(result)
        if one.commitment in told:
            raise NotProved("EVIDENCE-REUSE", "evidence comes once")
        told[one.commitment] = one
    of_specimens = {str(one.body.get("specimen")) for one in told.values()}
    if any(one.body.get("specimen") is None and name not in of_specimens for name, one in told.items()):
        raise NotProved("NO-EVIDENCE", "there is a specimen without a result")
    _corrections(told)
    return list(told.values()), evidence


def _corrections(told: Mapping[str, Told]) -> None:
    """A correction is about the same specimen as the result that it replaces, and signed by the same laboratory."""
    for one in told.values():
        replaced = told.get(str(one.body.get("replaces")))
        if replaced is None:
            continue
        if replaced.body.get("specimen") != one.body["specimen"]:
            raise NotProved("SUBJECT", "a correction is about another specimen")
        if replaced.party.party != one.party.party:
            raise NotProved("SIGNATURE", "a correction was signed by another laboratory than what it replaces")


def _ordered(tolds: list[Told], opening: Mapping[str, Any], decision: Standing, rules_size: int) -> None:
    """Its evidence and rules stood under a cosigned head before the decision got its place."""
    result = opening["evidence"][0]
    specimen = next((one.body["specimen"] for one in tolds if one.commitment == result), None)
    rested = [one.standing for one in tolds if one.commitment in (result, specimen)]
    if len(rested) != 2 or max([rules_size, *(one.size for one in rested)]) > decision.index:
        raise NotProved("ORDER-VIOLATION", "the decision came into the log before what it rests on")
    at = instant(opening["at"])
    if any(at < one.at for one in rested) or at > decision.at + SKEW:
        raise NotProved("ORDER-VIOLATION", "the decision is dated before its evidence or after its proof")


def _same(decided: Decision, opening: Mapping[str, Any]) -> None:
    """The decision recomputes, in every part, to what was committed."""
    if decided.measure is Measure.NONE or decided.starts is None or decided.ends is None:
        raise NotProved("RULE-DIVERGENCE", f"the rules give none for this evidence: {', '.join(decided.reasons)}")
    found = _written(decided)
    if found != {name: opening[name] for name in found}:
        raise NotProved("RULE-DIVERGENCE", "the rules decide otherwise than the file says")


def _again(decided: Decision, opening: Mapping[str, Any], leaf: Mapping[str, Any]) -> tuple[str, bytes]:
    """Commit anew to what the rules decide, and write its leaf; both have to be those of the log, byte for byte.

    Of the opening only what no rule decides is taken as it stands.
    """
    given = {name: opening[name] for name in ("at", "blind", "emergency", "rules", "subject")}
    commitment = commitment_of({"decision": {**given, **_written(decided)}})
    entry = canonical({"decision": {**leaf, "commitment": commitment}})
    if entry != canonical({"decision": dict(leaf)}):
        raise NotProved("RULE-DIVERGENCE", "the rules do not write what the log holds, byte for byte")
    return commitment, entry


def _written(decided: Decision) -> dict[str, Any]:
    return {
        "gives": str(decided.measure),
        "clause": decided.clause,
        "starts": format_instant(decided.starts) if decided.starts else None,
        "ends": format_instant(decided.ends) if decided.ends else None,
        "evidence": list(decided.evidence),
    }


def _counting(proved: _Proved) -> list[Evidence]:
    """Its own result, and whatever of the rest can end it: nothing that was not decided upon can restrain anybody."""
    return [
        one
        for one in proved.evidence
        if one.name in proved.decided.evidence or one.result is Result.NEGATIVE or one.replaces is not None
    ]


def _present(proved: _Proved, at: datetime) -> None:
    """The proof is fresh for whoever reads it now, and the decision is not of the future."""
    if at < proved.decided_at or proved.proof.at > at + SKEW:
        raise NotProved("NOT-YET", "there was no such decision at this instant")
    if at - proved.proof.as_of > PROOF_AGE:
        raise NotProved("STALE-PROOF", "its proof is older than 24 hours")


def _appeal(reading: Reading, file: Mapping[str, Any], proved: _Proved, at: datetime) -> None:
    """An appeal ends a measure when it was answered so, when nobody answered in time, and when nobody else did."""
    if "appeal" not in file:
        return
    opened_part, closed_part = parts(file["appeal"], ("opened", "closed"))
    leaf, proof = parts(opened_part, ("leaf", "proof"))
    appeal, deadline = parts(leaf, ("appeal", "deadline"))
    stood = reading.standing("appeal-opened", leaf, proof)
    opening = reading.opening(appeal, "appeal") if is_hash(appeal) else {}
    if opening.get("decision") != file["decision"]["commitment"]:
        raise NotProved("OPENING", "the appeal is about another decision")
    # No deadline that a node writes is later than 48 hours after the appeal was opened, and was seen to be.
    by = min(instant(deadline), instant(opening["opened"]) + ANSWER_WITHIN, stood.at + ANSWER_WITHIN)
    if closed_part is None:
        if at >= by:
            raise NotProved("APPEAL-OVERDUE", "nobody answered the appeal by its deadline")
        return
    _answered(reading, proved, closed_part, str(appeal), stood.index, by)


def _answered(
    reading: Reading, proved: _Proved, closed_part: object, appeal: str, opened_index: int, by: datetime
) -> None:
    """An answer leaves a measure standing if it followed its appeal, in time, and came from nobody who took part."""
    leaf, proof = parts(closed_part, ("leaf", "proof"))
    answered, outcome, organisation = parts(leaf, ("appeal", "outcome", "organisation"))
    standing = reading.standing("appeal-closed", leaf, proof)
    if answered != appeal or outcome not in ("stands", "ended"):
        raise NotProved("FILE", "the answer is to another appeal")
    if standing.index <= opened_index:
        raise NotProved("ORDER-VIOLATION", "the answer came into the log before its appeal")
    if outcome == "ended":
        raise NotProved("APPEAL-ENDED", "the appeal was answered: it has ended")
    if standing.at >= by:
        raise NotProved("APPEAL-OVERDUE", "the appeal was answered after its deadline")
    if spelt(organisation) in {spelt(one) for one in (*proved.organisations, reading.trust.log.name)}:
        raise NotProved("APPEAL-SELF", "those who made the evidence, or the decision, answered the appeal themselves")


def _nothing_else(reading: Reading, file: Mapping[str, Any]) -> None:
    """Nothing comes along that nothing rests on."""
    if set(file["openings"]) != reading.used or set(reading.keys) != reading.keys_used:
        raise NotProved("FILE", "the file holds openings or keys that nothing in it rests on")

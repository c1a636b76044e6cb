"""The one shape in which `salus code verify --json` tells what it found, and our own certificates told in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from salus.codec.certificates import Certificate, Outcome, TrustFile, Verdict
from salus.codec.foreign import HC1_PREFIX
from salus.codec.recognising import Shown
from salus.kernel import format_instant

VALID, NOT_VALID, CANNOT_TELL = "valid", "not-valid", "cannot-tell"
VERDICTS = {
    Outcome.GOOD: VALID,
    Outcome.NOTHING: NOT_VALID,
    Outcome.AGAIN: CANNOT_TELL,
    Outcome.NOT_PERMITTED: CANNOT_TELL,
}
SAID = {
    Outcome.GOOD: "good",
    Outcome.NOTHING: "nothing shown",
    Outcome.AGAIN: "this lives on a telephone; ask for the code that it shows now. This says nothing about the person",
    Outcome.NOT_PERMITTED: "no check is permitted here",
}


def shaped(
    form: str,
    verdict: str,
    reason: str | None,
    sentence: str,
    *,
    holder: dict[str, Any] | None = None,
    facts: Sequence[dict[str, Any]] = (),
    issuer: str | None = None,
    expires: str | None = None,
    **more: object,
) -> dict[str, Any]:
    """Return one verdict: the eight fields that every format has, and after them what one format alone has.

    `verdict` is valid, not-valid or cannot-tell; `reason` is a stable word, and None where it is valid. `holder`,
    `facts`, `issuer` and `expires` are those of a code whose signature holds; of any other nothing is told.
    """
    told = {"format": form, "verdict": verdict, "reason": reason, "sentence": sentence}
    return {**told, "holder": holder, "facts": list(facts), "issuer": issuer, "expires": expires, **more}


def own(verdict: Verdict) -> dict[str, Any]:
    """Tell a door's verdict about a code of ours; the reason is for its holder."""
    found = verdict.certificate
    return shaped(
        "SL1",
        VERDICTS[verdict.outcome],
        str(verdict.reason) if verdict.reason else None,
        said(verdict),
        holder=_holder(found) if found else None,
        facts=[_fact(found)] if found else [],
        issuer=verdict.issuer,
        expires=format_instant(found.expires) if found else None,
        regions=sorted({live.region for live in verdict.declarations}),
    )


def recognised(text: str, shown: Shown) -> dict[str, Any]:
    """Tell a door's verdict about a code of another issuer: a fact and its issuer, and nobody's name."""
    found = shown.foreign
    if found is None:
        sentence = SAID[shown.outcome]
    else:
        until = format_instant(found.expires)
        sentence = f"good: {found.kind.word}, {found.disease.word}, {found.day}, until {until}; {found.issuer}"
    told = {"kind": found.kind.word, "target": found.disease.word, "on": found.day.isoformat()} if found else {}
    return shaped(
        "HC1" if text[:4].upper() == HC1_PREFIX else "SHC",
        VERDICTS[shown.outcome],
        str(shown.reason) if shown.reason else None,
        sentence,
        facts=[{**told, "country": None, "detail": {}}] if found else [],
        issuer=found.issuer if found else None,
        expires=format_instant(found.expires) if found else None,
        regions=sorted({live.region for live in shown.declarations}),
    )


def said(verdict: Verdict) -> str:
    """Say a door's verdict in a line, without its reason."""
    found = verdict.certificate
    if found is None:
        return SAID[verdict.outcome]
    hint = found.hint
    match = f"; {hint.initials}, born {hint.month:02}-{hint.day:02}, number ends in {hint.last_two}" if hint else ""
    return f"good: {found.kind.word}, {found.disease.word}, {_on(found)}, until {format_instant(found.expires)}{match}"


def summary(trust: TrustFile) -> dict[str, Any]:
    """Return what a trust file is as of, and how much it holds."""
    return {
        "made": format_instant(trust.made),
        "ends": format_instant(trust.ends),
        "issuers": len(trust.issuers),
        "declarations": len(trust.declarations),
        "acceptance": len(trust.acceptance),
        "lists": len(trust.lists),
        "trust_list": trust.chain[-1].version if trust.chain else None,
        "dropped": trust.dropped,
    }


def _holder(found: Certificate) -> dict[str, Any] | None:
    """Return the hint by which a card is matched, if its holder chose one; our certificates hold no more of anybody."""
    hint = found.hint
    if hint is None:
        return None
    return {"initials": hint.initials, "month": hint.month, "day": hint.day, "last_two": hint.last_two}


def _fact(found: Certificate) -> dict[str, Any]:
    return {"kind": found.kind.word, "target": found.disease.word, "on": _on(found), "country": None, "detail": {}}


def _on(found: Certificate) -> str:
    return format_instant(found.hour) if found.hour else found.day.isoformat()

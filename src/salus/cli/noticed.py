"""Open a notice that a holder shows to a care facility, for `salus code verify --key`; what is not proved is none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from salus.codec import CodecError
from salus.codec.notices import NoticeKeys, open_notice, read_notice_keys
from salus.kernel import format_instant
from salus.proof import Trust
from salus.rules import Measure, PartyKeyEnd, Recomputed, Veto, recompute

NOTHING = "Nothing is asked of this person. It is no certificate: everybody can make a notice like this one."
UNPROVED = "What the notice holds is not proved, so nothing is asked of this person."


def keys_of(path: Path) -> NoticeKeys:
    """Read a facility's notice keys."""
    return read_notice_keys(path.read_bytes())


def told(
    octets: bytes,
    keys: NoticeKeys,
    trust: Trust,
    at: datetime,
    vetoes: Iterable[Veto] = (),
    ends: Iterable[PartyKeyEnd] = (),
) -> list[dict[str, Any]]:
    """Return what a notice proves at an instant: one answer for each measure in it, and one if there is none.

    `authentic` is true where the public log proves the measure, by keys that the reader trusts. It raises nothing.
    """
    try:
        found = open_notice(octets, keys.facility, keys.private, at)
    except CodecError as refused:
        return [_answer(reason=refused.fault.name.lower(), sentence=refused.text)]
    if not found.files:
        return [_answer(reason="no-measure", sentence=NOTHING)]
    return [_measure(recompute(file, trust, at, vetoes, ends)) for file in found.files]


def _measure(found: Recomputed) -> dict[str, Any]:
    if found.measure is Measure.NONE or found.clause is None:
        return _answer(reason=found.fault or "no-measure", sentence=f"{UNPROVED} {found.text}")
    return _answer(
        authentic=True,
        measure=found.measure,
        until=found.ends,
        reason=found.disease,
        sentence=found.clause.en,
        rules=found.rules,
        clause={"en": found.clause.en, "zh": found.clause.zh},
    )


def _answer(
    *,
    authentic: bool = False,
    measure: Measure = Measure.NONE,
    until: datetime | None = None,
    reason: str | None,
    sentence: str,
    **more: object,
) -> dict[str, Any]:
    return {
        "format": "notice",
        "authentic": authentic,
        "measure": str(measure),
        "until": format_instant(until) if until else None,
        "reason": reason,
        "sentence": sentence,
        **more,
    }

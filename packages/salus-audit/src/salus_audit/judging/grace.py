"""Places of care that an upgrade let stay open without an admission: once, for 30 days, and in half a year at most.

An entry says itself when its time begins, so that one can be put off and dated back. It is late where the log shows
that it came later: never by when witnesses had it, since honest ones may be out for days.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from salus_audit.heads import Witnessed
from salus_audit.judging.decisions import SKEW
from salus_audit.judging.publishing import DAY
from salus_audit.reading.walking import Log
from salus_audit.spelling import instant, seconds

LASTS = 30 * DAY
"""How long after an upgrade places of care stay open without an admission."""
CLOSES = seconds("2027-06-01T00:00:00Z")
"""From when on no upgrade lets places stay open."""
WAITS = DAY
"""How long an entry may have waited for its place, and how far a clock may have been wrong."""
SINCE = ("break-glass", "disclosure", "exposure", "exposure-end", "shred", "unwraps", "veto")
"""Kinds of entries that no release before admissions wrote."""
LATE = "GRACE-LATE"


def judge_grace(log: Log, seen: Witnessed) -> None:
    """Find each entry that lets places stay open again, for too long, or late."""
    for place, (index, body) in enumerate(log.of("grace")):
        starts, ends, at = seconds(body["starts"]), seconds(body["ends"]), seen.seen(index)
        if place:
            log.findings.add("GRACE-AGAIN", index, None, "places without an admission were let stay open once before")
        elif ends - starts > LASTS or (at is not None and body["places"] and starts > at + SKEW):
            log.findings.add("GRACE-AGAIN", index, None, "places without an admission stay open for 30 days at most")
        elif body["places"] and (late := next(_late(log, seen, index, starts), None)):
            log.findings.add(LATE, index, None, late)
        elif body["places"] and at is not None and at >= CLOSES + WAITS:
            before = seen.before(index)
            since = "the beginning" if before is None else instant(before)
            text = (
                f"no head was witnessed between {since} and {instant(at)}, so that nothing dates the entry at {index}"
            )
            log.findings.pass_over(f"whether places were let stay open in time: {text}")


def _late(log: Log, seen: Witnessed, index: int, starts: int) -> Iterator[str]:
    """Yield what shows that an entry came too late. Within a batch the order is drawn by lot, and shows nothing."""
    batch, after = log.stretch(index), CLOSES + WAITS
    if starts >= CLOSES:
        yield f"no upgrade lets places stay open from {instant(CLOSES)} on"
    before = [place for place in _brought_forward(log) if log.stretch(place) < batch]
    if before:
        yield f"the log shows at {min(before)} that this node had been upgraded before"
    if seen.without(index, after) > 1:
        yield f"witnesses had heads without it after {instant(after)}, and no upgrade counts from {instant(CLOSES)} on"
    for place, body in log.of("refusals"):
        if log.stretch(place) < batch and _day(body) >= after:
            yield f"the log counts {body['day']} before it, at {place}, and no upgrade counts from {instant(CLOSES)} on"


def _brought_forward(log: Log) -> Iterator[int]:
    """Yield the first entry of each kind, and the first admission, that no release before admissions wrote."""
    for kind in SINCE:
        yield from (index for index, _ in log.of(kind)[:1])
    yield from [index for index, body in log.of("publication") if body["kind"] == "admission"][:1]


def _day(body: Mapping[str, Any]) -> int:
    return seconds(f"{body['day']}T00:00:00Z")

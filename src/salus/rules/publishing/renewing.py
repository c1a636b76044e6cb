"""Hold an emergency against those before it: most of its signers are others, and half of a year is the most. Pure.

An emergency that follows another of its disease names it, so that a file can bring the whole line and nobody can leave
one out; the signers of the one that names none have signed that there was none. There is no field for a region: an
emergency counts wherever its log does, and one for each region in turn would be one without an end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from salus.rules.errors import PublicationRefused
from salus.rules.publishing.model import EMERGENCY_DAYS, EMERGENCY_LASTS, EMERGENCY_YEAR, PublicationKind, Published

MOST_CHAIN = 16
"""How many earlier emergencies a measure's file may bring. A line of more proves nothing."""
REACH = EMERGENCY_YEAR + EMERGENCY_LASTS
"""An emergency that began so long before another had ended a year before that one began: it has no part in its year."""

Span = tuple[datetime, datetime]


def log_order(published: Published) -> tuple[datetime, datetime, str]:
    """Return what emergencies are ordered by: when witnesses had them, then their start, then their digest."""
    return published.logged_at, published.document.starts, published.document.digest


def before_of(published: Published, emergencies: Iterable[Published]) -> Published | None:
    """Return the emergency of the same disease that stands last before this one in the log; None if there is none."""
    earlier = [one for one in emergencies if _same(one, published) and log_order(one) < log_order(published)]
    return max(earlier, key=log_order, default=None)


def check_renewal(published: Published, emergencies: Sequence[Published]) -> None:
    """Refuse an emergency that does not follow rightly on `emergencies`, which are those that counted before it.

    RENEWAL: it does not name the one before it, or begins before that one began. SAME-SIGNERS: not most of its
    signers, by name and by key, are others than those of the one before, if that one ended within the year before.
    YEAR-FULL: with it some 365 days in a row would have more than 180 under emergency.
    """
    document, before = published.document, before_of(published, emergencies)
    if document.body.get("renews") != (before.document.digest if before else None):
        raise PublicationRefused("RENEWAL", "an emergency names, by its digest, the one of its disease before it")
    if before is None:
        return
    if document.starts < before.document.starts:
        raise PublicationRefused("RENEWAL", "an emergency begins no earlier than the one that it renews")
    if before.document.ends > document.starts - EMERGENCY_YEAR and not _another_majority(published, before):
        raise PublicationRefused("SAME-SIGNERS", "most who sign a renewal did not sign the emergency before it")
    spans = [(one.document.starts, one.document.ends) for one in emergencies if _same(one, published)]
    if most_in_a_year([*spans, (document.starts, document.ends)]) > EMERGENCY_DAYS:
        raise PublicationRefused(
            "YEAR-FULL", f"of any {EMERGENCY_YEAR.days} days at most {EMERGENCY_DAYS.days} are under emergency"
        )


def following(found: Iterable[Published]) -> list[Published]:
    """Return those emergencies that follow rightly on each other, in the order in which the log had them."""
    counting: list[Published] = []
    for one in sorted(found, key=log_order):
        try:
            check_renewal(one, counting)
        except PublicationRefused:
            continue
        counting.append(one)
    return counting


def check_chain(published: Published, chain: Sequence[Published]) -> None:
    """Refuse a line of earlier emergencies, oldest first, that has a gap, is too long, or stops too early."""
    names = [*(one.document.body.get("renews") for one in chain), published.document.body.get("renews")]
    digests = [None, *(one.document.digest for one in chain)]
    begins = chain[0].document.starts if chain else published.document.starts
    within = begins > published.document.starts - REACH
    if len(chain) > MOST_CHAIN or names[1:] != digests[1:] or (within and names[0] is not None):
        raise PublicationRefused("RENEWAL", "an emergency comes with those of the year before it, each naming the last")
    if not all(_same(one, published) for one in chain):
        raise PublicationRefused("RENEWAL", "an emergency renews one of its own disease")


def most_in_a_year(spans: Iterable[Span]) -> timedelta:
    """Return the most time that lies within spans, counted once where they overlap, in any 365 days in a row."""
    merged = _merged(spans)
    # the fullest year begins where a span begins, or ends where one ends
    years = [start for start, _ in merged] + [end - EMERGENCY_YEAR for _, end in merged]
    nothing = timedelta(0)
    return max(
        (
            sum((max(nothing, min(end, year + EMERGENCY_YEAR) - max(start, year)) for start, end in merged), nothing)
            for year in years
        ),
        default=nothing,
    )


def _merged(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _another_majority(published: Published, before: Published) -> bool:
    pairs = zip(published.signers, published.keys, strict=True)
    others = [1 for party, key in pairs if party not in before.signers and key not in before.keys]
    return 2 * len(others) > len(published.signers)


def _same(one: Published, other: Published) -> bool:
    documents = one.document, other.document
    kinds = {document.kind for document in documents}
    return kinds == {PublicationKind.EMERGENCY} and len({str(each.body["disease"]) for each in documents}) == 1

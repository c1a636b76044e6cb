"""How emergencies of a disease follow each other: each names the last, others sign it, half a year is the most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from salus_audit.judging.publishing import DAY, Published

YEAR, MOST_OF_YEAR = 365 * DAY, 180 * DAY
REACH = YEAR + 30 * DAY
MOST_CHAIN = 16


def in_line(found: Iterable[Published]) -> list[Published]:
    """Put emergencies in the order in which they are judged: by witness time, by start, by digest."""
    return sorted((one for one in found if one.kind == "emergency"), key=lambda one: (one.seen, one.starts, one.digest))


def follow(found: Iterable[Published]) -> None:
    """Judge each emergency by those that count before it."""
    lines: dict[str | None, list[Published]] = {}
    for one in in_line(found):
        if one.faults:
            continue
        line = lines.setdefault(one.disease, [])
        renewed(one, line)
        if not one.faults:
            line.append(one)


def renewed(one: Published, line: Sequence[Published]) -> None:
    """Judge an emergency by the line of those of its disease that count before it, oldest first."""
    last = line[-1] if line else None
    if one.body.get("renews") != (last.digest if last else None):
        one.fault(
            "SHORT-QUORUM", "it does not name the emergency of its disease before it: nobody signed that it follows"
        )
    elif last is not None:
        if one.starts < last.starts:
            one.fault("ORDER-VIOLATION", "it begins before the emergency that it renews")
        if last.ends > one.starts - YEAR and not another_majority(one, last):
            one.fault("SHORT-QUORUM", "most of its signers signed the emergency before it, too")
    if not one.faults and fullest_year([(each.starts, each.ends) for each in (*line, one)]) > MOST_OF_YEAR:
        one.fault("EMERGENCY-YEAR", "with it more than 180 of 365 days in a row are under emergency")


def another_majority(one: Published, last: Published) -> bool:
    """Tell whether most of its signers, by name and by key, are others than those of the last."""
    names, keys = {each.party for each in last.signers}, {each.key for each in last.signers}
    others = [each for each in one.signers if each.party not in names and each.key not in keys]
    return len(others) > len(one.signers) - len(others)


def fullest_year(spans: Sequence[tuple[int, int]]) -> int:
    """Return the most seconds under emergency in any 365 days in a row, overlaps counted once.

    The fullest ones begin where a span does, or end where one does.
    """
    if not spans:
        return 0
    begins = [start for start, _ in spans] + [end - YEAR for _, end in spans]
    return max(_covered(spans, begin, begin + YEAR) for begin in begins)


def _covered(spans: Sequence[tuple[int, int]], low: int, high: int) -> int:
    total, reached = 0, low
    for start, end in sorted(spans):
        begins, ends = max(start, reached), min(end, high)
        if begins < ends:
            total, reached = total + ends - begins, ends
    return total


def check_chain(one: Published, chain: Sequence[Published]) -> str | None:
    """Say what is wrong with the emergencies that a measure's file brings along, oldest first; None if nothing is."""
    expected = None
    for place, each in enumerate((*chain, one)):
        names = each.body.get("renews")
        if place and names != expected:
            return "the line of emergencies has a gap"
        if not place and each.starts > one.starts - REACH and names is not None:
            return "the line of emergencies stops too early"
        if each.kind != "emergency" or each.disease != one.disease:
            return "the line of emergencies is about two diseases"
        expected = each.digest
    return "the line of emergencies is too long" if len(chain) > MOST_CHAIN else None

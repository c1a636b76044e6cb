"""What the log says in numbers, held against what else it says: anchors, voids, refusals, emergency looks, keys."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from salus_audit.heads import Witnessed
from salus_audit.judging.decisions import SKEW
from salus_audit.judging.grace import judge_grace
from salus_audit.judging.publishing import DAY, Published
from salus_audit.judging.unwraps import judge_unwraps
from salus_audit.reading.walking import Log
from salus_audit.spelling import base64_of, instant, jcs, seconds

SHRED_WITHIN = 30 * DAY
"""How long after an emergency's end the keys of its data have to be destroyed at the latest."""


def judge_counts(log: Log, seen: Witnessed, emergencies: Iterable[Published]) -> None:
    """Find what does not add up."""
    _anchors(log)
    _voids(log, seen)
    for kind, fields in (
        ("refusals", ("day", "action")),
        ("break-glass", ("day", "organisation")),
        ("unwraps", ("custodian", "day")),
    ):
        _once(log, seen, kind, fields)
    _looks(log)
    judge_unwraps(log, seen)
    _shredded(log, seen, emergencies)
    judge_grace(log, seen)


def _anchors(log: Log) -> None:
    """A custodian's tree only grows, and has one root at one size. Within a batch the order is drawn by lot."""
    roots: dict[tuple[str, int], str] = {}
    by_batch: dict[str, dict[int, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    for index, body in log.of("anchor"):
        custodian, size, root = body["custodian"], body["size"], body["root"]
        if roots.setdefault((custodian, size), root) != root:
            log.findings.add("ANCHOR-MISMATCH", index, custodian, f"another root at the size {size} than before")
        by_batch[custodian][log.stretch(index)].append((size, index))
    for custodian, batches in by_batch.items():
        reached = 0
        for _, anchors in sorted(batches.items()):
            for size, index in anchors:
                if size < reached:
                    log.findings.add(
                        "ANCHOR-MISMATCH", index, custodian, f"it had {reached} entries before, now {size}"
                    )
            reached = max(reached, *(size for size, _ in anchors))


def _voids(log: Log, seen: Witnessed) -> None:
    """A month's counts are told once; together they are no fewer than the months' voids, and no more than all."""
    told: Counter[str] = Counter()
    once: set[tuple[str, str]] = set()
    voids = [index for index, _ in log.of("void")]
    total = 0
    for index, body in log.of("voids"):
        cell = (body["month"], body["reason"])
        if cell in once:
            log.findings.add("COUNT-MISMATCH", index, None, f"the voids of {body['month']} are counted twice")
        once.add(cell)
        told[body["month"]] += body["count"]
        total += body["count"]
        before = bisect_left(voids, log.marks[log.stretch(index)])
        if total > before:
            log.findings.add("COUNT-MISMATCH", index, None, f"{total} voids are counted, and {before} stand in the log")
    for month in sorted(told):
        ended = _month_end(month)
        there = bisect_left(voids, ended, key=lambda place: _or_never(seen.seen(place)))
        counted = sum(count for one, count in told.items() if one <= month)
        if counted < there:
            log.findings.add(
                "COUNT-MISMATCH", None, None, f"{there} voids until the end of {month}, {counted} are counted"
            )


def _or_never(at: int | None) -> int:
    return 1 << 62 if at is None else at


def _month_end(month: str) -> int:
    year, number = int(month[:4]), int(month[5:])
    if (year, number) >= (9999, 12):
        return 1 << 62
    following = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    return int(following.timestamp())


def _once(log: Log, seen: Witnessed, kind: str, fields: tuple[str, ...]) -> None:
    """A day is counted once, and not before it is over or at least begun."""
    known: set[tuple[Any, ...]] = set()
    for index, body in log.of(kind):
        cell = tuple(body[name] for name in fields)
        answers = next((str(body[name]) for name in ("custodian", "organisation") if name in body), None)
        if cell in known:
            log.findings.add("COUNT-MISMATCH", index, answers, f"{kind} of {' and '.join(cell)} are counted twice")
        known.add(cell)
        at = seen.seen(index)
        if at is not None and seconds(f"{body['day']}T00:00:00Z") - DAY > at + SKEW:
            log.findings.add("COUNT-MISMATCH", index, answers, f"{kind} are counted for a day that had not begun")


def _looks(log: Log) -> None:
    """An emergency look is reviewed within 72 hours; `unreviewed` are those whose time ran out that day."""
    for index, body in log.of("break-glass"):
        if body["unreviewed"]:
            text = f"{body['unreviewed']} emergency looks whose time ran out on {body['day']} were not reviewed"
            log.findings.add("UNREVIEWED", index, body["organisation"], text)


def _shredded(log: Log, seen: Witnessed, emergencies: Iterable[Published]) -> None:
    """Keys are destroyed when they are due; every emergency's within 30 days of its end, which anybody can look up."""
    certified = set()
    for index, body in log.of("shred"):
        due, done, at = seconds(body["due"]), seconds(body["done"]), seen.seen(index)
        certified.add(body["commitment"])
        if done > due:
            log.findings.add("SHRED-OVERDUE", index, None, f"destroyed at {instant(done)}, due at {instant(due)}")
        elif at is not None and done > at + SKEW:
            log.findings.add("ORDER-VIOLATION", index, None, "a key is said to be destroyed after the log was told so")
    newest = seen.newest
    for one in emergencies:
        due = one.ends + SHRED_WITHIN
        late = newest is not None and newest.as_of > due and not one.faults
        if late and shred_of(one.digest, due) not in certified:
            name = str(one.told["name"])
            log.findings.add(
                "SHRED-OVERDUE", one.leaf, name, "no entry certifies that the key of its data is destroyed"
            )


def shred_of(emergency: str, due: int) -> str:
    """Return the commitment of the certificate that the key of an emergency's data is destroyed."""
    told = {"blind": emergency, "due": instant(due), "kind": "emergency", "what": emergency}
    return base64_of(sha256(jcs({"shred": told})).digest())

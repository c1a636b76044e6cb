"""Take in what a fictional country's hospitals send: many residents' bundles in one transaction, all of it or none.

A batch that is refused goes in again without the bundles that were named, and these are tried each by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import orjson

from salus import synth
from salus.app import Node, accept, demo_principal
from salus.kernel import Role
from salus.records import Intent, RecordRefused, parse, take_apart

BATCH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """One bundle as bytes, with what is known about it."""

    resident: int = field(repr=False)
    planted: str
    body: bytes = field(repr=False)


@dataclass(slots=True)
class Filled:
    """What went in by facility, what was refused and why (planted mistake, reason), and who is vaccinated."""

    entries: Counter[str] = field(default_factory=Counter)
    bundles: int = 0
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    planted: Counter[str] = field(default_factory=Counter)
    vaccinated: list[int] = field(default_factory=list, repr=False)


def fill(node: Node, deliveries: Iterable[synth.Delivery]) -> Filled:
    """Take in deliveries in their order, in batches of one facility each, and tell what became of them."""
    filled = Filled()
    for facility, batch in _batches(deliveries, filled):
        for left in _tried(node, facility, batch, filled):
            _alone(node, facility, left, filled)
    return filled


def _batches(deliveries: Iterable[synth.Delivery], filled: Filled) -> Iterator[tuple[str, list[_Sent]]]:
    """Gather up to so many bundles of a facility, never two of one resident."""
    open_batches: dict[str, list[_Sent]] = {}
    for delivery in deliveries:
        filled.bundles += 1
        filled.planted[delivery.planted] += 1
        kinds = {entry["resource"]["resourceType"] for entry in delivery.bundle["entry"]}
        if "Immunization" in kinds and delivery.resident not in filled.vaccinated[-1:]:
            filled.vaccinated.append(delivery.resident)
        sent = _Sent(resident=delivery.resident, planted=delivery.planted, body=orjson.dumps(delivery.bundle))
        batch = open_batches.setdefault(delivery.facility_id, [])
        if len(batch) >= BATCH or any(one.resident == sent.resident for one in batch):
            yield delivery.facility_id, batch
            batch = open_batches[delivery.facility_id] = []
        batch.append(sent)
    yield from open_batches.items()


def _tried(node: Node, facility: str, batch: list[_Sent], filled: Filled) -> list[_Sent]:
    """Take in a batch without whatever is named as wrong in it; return what is left to be tried alone."""
    named: list[_Sent] = []
    while batch:
        try:
            _taken(node, facility, batch, filled)
            return named
        except RecordRefused as refused:
            entries = {problem.entry for problem in refused.problems}
            wrong = [one for one, numbers in zip(batch, _numbers(batch), strict=True) if entries & set(numbers)]
            if not wrong:
                return named + batch
            named += wrong
            batch = [one for one in batch if one not in wrong]
    return named


def _alone(node: Node, facility: str, one: _Sent, filled: Filled) -> None:
    try:
        _taken(node, facility, [one], filled)
    except RecordRefused as error:
        first = f"{error.code} {error.problems[0].where}: {error.problems[0].text}"
        filled.refused[one.planted, first] += 1


def _taken(node: Node, facility: str, batch: list[_Sent], filled: Filled) -> None:
    sender = demo_principal(node, Role.HOSPITAL_SYSTEM, facility)
    accepted = accept(node, sender, list(_intents(batch)), "import")
    filled.entries[facility] += len(accepted.outcomes)


def _intents(batch: list[_Sent]) -> Iterator[Intent]:
    """Read bundles one after the other, their entries numbered on, as if they were one."""
    for one, numbers in zip(batch, _numbers(batch), strict=True):
        submission = take_apart(parse(one.body))
        for intent in submission.intents:
            yield replace(intent, entry=numbers[intent.entry or 0])


def _numbers(batch: list[_Sent]) -> Iterator[range]:
    """Yield which entries of the whole batch are each bundle's."""
    start = 0
    for one in batch:
        count = one.body.count(b'"fullUrl":')
        yield range(start, start + count)
        start += count


__all__ = ["Filled", "fill"]

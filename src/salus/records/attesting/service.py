"""Fetch and open what can be attested, in the caller's transaction and with the caller's keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from salus.access.consent import Sight
from salus.records.attesting.model import Attested, Details, Named
from salus.records.attesting.reading import TYPES, born_on, details_of, facts, named
from salus.records.model import Located
from salus.records.service import newest_of, open_body
from salus.storage import Transaction

_MOST_OF_A_TYPE = 200


def attestable(tx: Transaction, sight: Sight) -> list[Located]:
    """Return the sealed entries that facts are read from, the newest of each type that a sight shows."""
    return newest_of(tx, sight, TYPES, _MOST_OF_A_TYPE)


def attested(parts: Sequence[Located], keys: Mapping[int, bytes], sight: Sight, at: datetime) -> tuple[Attested, ...]:
    """Open entries and return what can be attested at this instant, newest first."""
    return facts([(located, open_body(located, keys, sight)) for located in parts], at)


def birth_of(patient: Located, keys: Mapping[int, bytes], sight: Sight) -> date | None:
    """Open one Patient and return the birth date, if known to the day, and nothing else of it."""
    return born_on(open_body(patient, keys, sight))


def name_parts(patient: Located, keys: Mapping[int, bytes], sight: Sight) -> Named:
    """Open one Patient and return the parts of the name, and nothing else of it."""
    return named(open_body(patient, keys, sight))


def details(entry: Located, keys: Mapping[int, bytes], sight: Sight) -> Details | None:
    """Open one entry and return what it says beyond the fact; None where it is no fact."""
    return details_of(open_body(entry, keys, sight))

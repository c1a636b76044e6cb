"""How a resident's health record stands, worked out of what facilities state. Pure. Nothing sets it or asks for it.

Closed where a death is stated and stands; moved where the last facility that kept it keeps it no more and no other
does; active in every other case, whether or not anybody declared to keep it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from salus.records.following.topics import day_of
from salus.records.population.model import Keeping, Standing, Stands, covering, keeper

Stated = tuple[str, datetime, Mapping[str, Any]]
"""What a facility's Patient says, and since when."""


def stands(
    patients: Iterable[Stated], keepings: Sequence[Keeping], written: Iterable[str | None], today: date
) -> Stands:
    """Return how a record stands on a day. `written` are the FHIR dates of what else the record holds."""
    said = [(at, facility, patient) for facility, at, patient in patients if _death(patient) is not None]
    newest = max(said, key=lambda one: one[:2], default=None)
    if newest is not None and _death(newest[2]):
        at, facility, patient = newest
        died = patient.get("deceasedDateTime")
        return Stands(
            standing=Standing.CLOSED, facility=facility, of_day=died, said_at=at, contradicted=_after(died, written)
        )
    kept = keeper(keepings, today)
    if kept is not None:
        return Stands(
            standing=Standing.ACTIVE,
            facility=kept.facility,
            of_day=kept.since.isoformat(),
            said_at=kept.said_at,
            displaced=tuple(sorted({one.facility for one in covering(keepings, today)} - {kept.facility})),
        )
    ended = [one for one in keepings if one.until is not None and one.until < today]
    last = max(ended, key=lambda one: (one.until or today, one.said_at), default=None)
    if last is not None and last.until is not None:
        return Stands(
            standing=Standing.MOVED, facility=last.facility, of_day=last.until.isoformat(), said_at=last.said_at
        )
    return Stands(standing=Standing.ACTIVE)


def _death(patient: Mapping[str, Any]) -> bool | None:
    if "deceasedDateTime" in patient:
        return True
    told = patient.get("deceasedBoolean")
    return told if isinstance(told, bool) else None


def _after(died: object, written: Iterable[str | None]) -> date | None:
    """Return the last day after a stated death on which something was written down; that is no proof of either."""
    died_on = day_of(died)
    if died_on is None or not isinstance(died, str) or len(died) < len("2031-03-01"):
        return None
    days = [day for day in map(day_of, written) if day is not None and day > died_on]
    return max(days, default=None)

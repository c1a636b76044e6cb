"""The resident's own register, as a system of theirs asks for it: a page of looks, between two instants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from salus import access, identity, records
from salus.access import Action, RegisteredRead
from salus.app.node import Node, charts_of
from salus.app.residents import own
from salus.app.seeing import own_sight
from salus.parties import Principal
from salus.storage import Duty, Transaction

Place = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRegister:
    """Entries about one resident, newest first; `patient` is a Patient of theirs, `more` tells of older ones."""

    entries: tuple[RegisteredRead, ...]
    patient: UUID | None
    more: bool


def own_register(
    node: Node,
    who: Principal,
    patients: Sequence[UUID] = (),
    *,
    before: Place | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    most: int = 50,
) -> OwnRegister:
    """Return entries about the resident who asks, `since <= at < until`; none if the Patients named are others.

    Raises Refused, and keeps it, for everybody else: whose register it is, nobody else reads.
    """
    mine = own(node, who, Action.READ_REGISTER)
    with node.store.transaction(Duty.CARE) as tx:
        named = _named(tx, patients)
        if patients and mine.key not in named.values():
            return OwnRegister(entries=(), patient=None, more=False)
        later = access.disclosing.untold(tx, mine.known_as, node.clock.now())
        wanted = most + 1 + len(later)
        read = access.reads_of(tx, mine.known_as, before, wanted, since=since, until=until)
        found = [one for one in read if (one.batch, one.item) not in later]
        people = records.patients(tx, own_sight(charts_of(tx, mine.key)))
    own_ones = [one for one in patients if named.get(one) == mine.key] or [one.id for one in people]
    return OwnRegister(entries=tuple(found[:most]), patient=own_ones[0] if own_ones else None, more=len(found) > most)


def _named(tx: Transaction, patients: Sequence[UUID]) -> dict[UUID, int]:
    """Return whose these Patients are."""
    charts = records.charts_of_patients(tx, list(patients)) if patients else {}
    owners = identity.residents_of(tx, [chart for chart, _ in charts.values()]) if charts else {}
    return {patient: owners[chart] for patient, (chart, _) in charts.items() if chart in owners}


__all__ = ["OwnRegister", "own_register"]

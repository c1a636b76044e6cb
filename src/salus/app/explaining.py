"""Why charts are held to be one person's: every assertion with its author, ground and bits; nobody's name or number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from salus import access, identity, records
from salus.access import Action, Read
from salus.app.node import Node
from salus.identity import Assertion, Resident
from salus.kernel import Purpose, Role
from salus.records import NotFound
from salus.storage import Duty, Transaction

OPERATOR, GROUND = "operator", "node-operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One assertion about two charts. It `stands` unless a later one took it back; `holds` if who is who agrees."""

    assertion: Assertion
    stands: bool
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Residents with their charts, what was ever asserted of these, and which Patient each chart is."""

    residents: tuple[Resident, ...]
    patients: dict[int, UUID]
    said: tuple[Said, ...]


def explain_links(node: Node, ids: Sequence[UUID]) -> Explained:
    """Explain residents, named by their identifiers or by Patients. Whoever runs the node asks.

    Each resident sees it, also one whose chart was only weighed against theirs. No record is opened. Raises
    NotFound for an id that is neither.
    """
    with node.store.transaction(Duty.CARE) as tx:
        residents = {one.key: one for one in (_resident(tx, id_) for id_ in ids)}
        charts = sorted(chart for one in residents.values() for chart in one.charts)
        told = identity.assertions_of(tx, charts)
        others = sorted({chart for one in told for chart in one.pair})
        whose = identity.residents_of(tx, others)
        upheld = {one.key for one in identity.standing(told)}
        patients = {one.chart_key: one.id for one in records.patients(tx, access.whole({*charts, *others}))}
        shown = {key: [chart for chart, of in whose.items() if of == key] for key in set(whose.values())}
        shown |= {key: list(one.charts) for key, one in residents.items()}
        access.register(tx, [_read(node, key, charts) for key, charts in sorted(shown.items())])
    return Explained(
        residents=tuple(residents.values()),
        patients=patients,
        said=tuple(
            Said(assertion=one, stands=one.key in upheld, holds=_holds(one, whose) and one.key in upheld)
            for one in told
        ),
    )


def _resident(tx: Transaction, id_: UUID) -> Resident:
    found = identity.resident(tx, id_)
    if found is None:
        named = records.charts_of_patients(tx, [id_])
        whose = identity.residents_of(tx, [chart for chart, _ in named.values()])
        found = identity.resident_by_key(tx, next(iter(whose.values()))) if whose else None
    if found is None:
        raise NotFound("there is no resident and no Patient with this id here")
    return found


def _holds(one: Assertion, whose: dict[int, int]) -> bool:
    """Tell whether two charts are one resident's now, or are not, as an assertion says."""
    together = whose.get(one.pair[0]) == whose.get(one.pair[1])
    return together == (one.verdict is identity.Verdict.SAME)


def _read(node: Node, key: int, charts: Sequence[int]) -> Read:
    return Read(
        reader_role=Role.OPERATOR,
        reader=OPERATOR,
        facility=None,
        resident_key=key,
        chart_keys=tuple(sorted(charts)),
        what="links",
        count=len(charts),
        action=Action.EXPLAIN_LINKS,
        purpose=Purpose.HOPERAT,
        ground=GROUND,
        unwraps=0,
        at=node.clock.now(),
    )


__all__ = ["Explained", "Said", "explain_links"]

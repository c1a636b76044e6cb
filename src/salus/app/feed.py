"""A hospital's identity feed: Patients written by their identifier, without ids of ours (IHE PIXm, ITI-104)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from salus import access, identity, records
from salus.access import Action, Kind, Read
from salus.app.facts import decide, purpose_of, refuse
from salus.app.node import Node
from salus.app.writing import accept_prepared
from salus.parties import Principal
from salus.records import Accepted, Intent, Named
from salus.storage import Duty, Transaction


class _Known(Exception):
    """Ends a transaction because the Patient is there already."""

    def __init__(self, id_: UUID) -> None:
        super().__init__()
        self.id = id_


def update_patient(
    node: Node, who: Principal, resource: dict[str, Any], named: Named, if_match: str | None
) -> Accepted:
    """Write the own Patient who carries an identifier: a new version, or a new Patient where nobody carries it.

    Raises what records raises; Conflict where several carry it.
    """

    def prepare(tx: Transaction) -> list[Intent]:
        sealer, facility = node.custodian, who.facility or ""
        return [records.of_conditional_update(tx, sealer, facility, resource, named, if_match)]

    return accept_prepared(node, who, prepare)


def create_patient(node: Node, who: Principal, resource: dict[str, Any], named: Named) -> Accepted | UUID:
    """Create a Patient unless an own one carries the identifier: then its id is told, and nothing is written."""

    def prepare(tx: Transaction) -> list[Intent]:
        found = records.of_conditional_create(tx, node.custodian, who.facility or "", resource, named)
        if isinstance(found, UUID):
            raise _Known(found)
        return [found]

    try:
        return accept_prepared(node, who, prepare)
    except _Known as known:
        return _told(node, who, known.id)


def _told(node: Node, who: Principal, id_: UUID) -> UUID:
    decision = decide(node, who, Action.SEARCH, Kind.RECORD, own_facility=True)
    if not decision.allowed:
        raise refuse(node, who, Action.SEARCH)
    with node.store.transaction(Duty.CARE) as tx:
        ((chart, _),) = records.charts_of_patients(tx, [id_]).values()
        read = Read(
            reader_role=who.role,
            reader=who.subject,
            facility=who.facility,
            resident_key=identity.residents_of(tx, [chart]).get(chart),
            chart_keys=(chart,),
            what="Patient",
            count=1,
            action=Action.SEARCH,
            purpose=purpose_of(who),
            ground=decision.ground,
            unwraps=0,
            at=node.clock.now(),
        )
        access.register(tx, [read])
    return id_


__all__ = ["create_patient", "update_patient"]

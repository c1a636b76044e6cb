"""Keep the registry's institutions in the directory, as Organization and Location, under ids that stay.

They lie in a chart of the registry's own: no hospital rewrites what it is, and everybody's records may refer to them.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from salus import parties, records
from salus.app.node import Node
from salus.app.writing import accept_for_registry
from salus.kernel import SalusError
from salus.records import REGISTRY, Institution, Intent
from salus.storage import Duty, StoreDown, Transaction

log = logging.getLogger("salus.directory")


def publish_institutions(node: Node, known: frozenset[str] = frozenset()) -> frozenset[str]:
    """Add the institutions that the directory lacks; return all that it has. Those `known` are not looked for again.

    What is registered never changes, and neither does what stands here. Any number may run at once. One that is refused
    is left out until it is tried again, with the facilities of a body that is; none behind it waits for it.
    """
    published, refused = set(known), set[str]()
    for one in _registered(node):
        if _key(one) in known or one.body in refused:
            continue
        try:
            with node.store.transaction(Duty.CARE) as tx:
                _publish(tx, node, one)
            published.add(_key(one))
        except StoreDown:
            raise
        except SalusError as error:
            refused |= set() if one.kind else {one.identifier}
            log.warning("%s is not in the directory: %s", _key(one), error)
    return frozenset(published)


def organization_of(node: Node, facility_id: str) -> UUID | None:
    """Return the id of a facility's Organization."""
    with node.store.transaction(Duty.CARE) as tx:
        return records.institution_id(tx, node.custodian, REGISTRY, "Organization", records.FACILITY, facility_id)


def _publish(tx: Transaction, node: Node, one: Institution) -> None:
    records.lock_institution(tx, node.custodian, one)
    owner = records.institution_id(tx, node.custodian, REGISTRY, "Organization", one.system, one.identifier)
    if owner is None:
        body = (
            records.institution_id(tx, node.custodian, REGISTRY, "Organization", records.BODY, one.body)
            if one.body
            else None
        )
        owner = _add(tx, node, records.organization(one, body))
    if one.kind:
        site = records.institution_id(tx, node.custodian, REGISTRY, "Location", one.system, one.identifier)
        if site is None:
            _add(tx, node, records.location(one, owner))


def _add(tx: Transaction, node: Node, resource: dict[str, Any]) -> UUID:
    intent = Intent(verb="create", resource=resource)
    return accept_for_registry(tx, node, REGISTRY, [intent]).outcomes[0].id


def _registered(node: Node) -> Sequence[Institution]:
    """Return bodies first, since facilities refer to them."""
    bodies = [
        Institution(identifier=one.organisation_id, name_en=one.name_en, name_zh=one.name_zh)
        for one in parties.organisations(node.store)
    ]
    places = [
        Institution(
            identifier=one.facility_id,
            name_en=one.name_en,
            name_zh=one.name_zh,
            kind=one.kind.value,
            level=one.level,
            county=one.county,
            body=one.organisation,
        )
        for one in parties.facilities(node.store)
        if not one.sandbox
    ]
    return [*bodies, *places]


def _key(one: Institution) -> str:
    return f"{one.system}|{one.identifier}"


__all__ = ["REGISTRY", "organization_of", "publish_institutions"]

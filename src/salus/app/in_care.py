"""What a resident brought from other systems for places of care to see, beside the record that those read."""

from __future__ import annotations

from dataclasses import replace

from salus import access, identity
from salus.access import Sight
from salus.app.node import Node
from salus.codec.foreign import disease_of
from salus.healthcode.brought import Brought, brought
from salus.storage import Transaction


def brought_in_care(tx: Transaction, node: Node, resident: int, sight: Sight) -> tuple[Brought, ...]:
    """Return what a resident brought to be shown in care, of diseases that are known here, newest first. Duty CARE.

    Ask policy and register the read first. Nothing of it is shown to a facility to which the resident closed the
    record. What is of no known disease is left out, since nothing says whether it is of a class that is closed; none of
    the known ones is.
    """
    found = [one for key in identity.known_as(tx, resident) for one in brought(tx, node.custodian, key) if one.shown]
    known = [replace(one, facts=tuple(fact for fact in one.facts if disease_of(fact.target))) for one in found]
    if not sight.closed or any(bits & access.EVERYTHING for bits in sight.closed.values()):
        return ()  # only now, so that no clock tells of what is closed
    return tuple(sorted((one for one in known if one.facts), key=lambda one: one.at, reverse=True))

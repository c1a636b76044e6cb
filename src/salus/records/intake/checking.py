"""Say what the door would say to a resource, without a store: nothing is looked up and nothing is kept. Pure."""

from __future__ import annotations

from typing import Any

from salus.records.intake.bundle import of_resource
from salus.records.intake.examine import examine


def check(resource: dict[str, Any], resource_type: str) -> tuple[str, ...]:
    """Return the places that would be taken out of a resource. Raises RecordRefused with every problem found.

    Whether what it refers to is stored is not asked: the answer would tell of others' records.
    """
    examined, _ = examine((of_resource(resource, resource_type),))
    return examined[0].stripped

"""`Patient/$summary`: the International Patient Summary of one resident, made on demand and kept nowhere.

It is of all charts or of none: a summary of one institution's chart would leave an allergy out and not know it.
"""

from __future__ import annotations

from uuid import UUID

from salus import access, records
from salus.access import Action
from salus.app.begun import begun_kept
from salus.app.facts import refuse
from salus.app.node import Node
from salus.app.whole import begun_of, directory_of, open_whole, read_of
from salus.kernel import new_id
from salus.parties import PartyUnknown, Principal
from salus.records import Making
from salus.storage import Duty

_MEDICINES = ("Medication",)


def summary_of(node: Node, principal: Principal, patient: UUID, language: str) -> bytes:
    """Make the summary document of the resident whose chart a Patient opens.

    Raises Refused without an open care relation, unless it is the resident who asks. The read is durable in the
    register before a byte leaves.
    """
    at = node.clock.now()
    with begun_kept(node, principal) as begun, node.store.transaction(Duty.CARE) as tx:
        opened = open_whole(tx, node, principal, patient, Action.READ_SUMMARY, at)
        begun.extend(begun_of(opened, "summary", Action.READ_SUMMARY))
        parts, counts = ([], {}) if opened is None else records.ips_parts(tx, opened.sight)
        charts = sorted({one.chart_key for one in parts})
        if opened is not None:
            read = read_of(principal, opened, charts, "summary", len(parts), Action.READ_SUMMARY, at)
            access.register(tx, [read])
    if opened is None:
        raise refuse(node, principal, Action.READ_SUMMARY, _NO_GROUND)
    keys = node.keys.unwrap_left(charts)
    parts = [one for one in parts if one.chart_key in keys]
    bodies = records.open_all(parts, keys, opened.sight)
    referred, _ = directory_of(node, principal, records.directory_ids(bodies), _MEDICINES, at)
    making = Making(
        base=f"{node.settings.public_url}/fhir",
        author=node.name,
        language=language,
        at=at,
        ids=(new_id(), new_id(), new_id(), new_id()),
        names=_names(node, {one.facility for one in parts}, language),
    )
    return records.ips(list(zip(parts, bodies, strict=True)), referred, counts, making)


_NO_GROUND = (
    "you may not read this summary: it is of all institutions' records, so that it takes an open care relation; ask for"
    " the identity code at the desk"
)


def _names(node: Node, facilities: set[str], language: str) -> dict[str, str]:
    found = {}
    for name in facilities:
        try:
            facility = node.facility(name)
        except PartyUnknown:
            continue
        found[name] = facility.name_zh if language == "zh" else facility.name_en
    return found


__all__ = ["summary_of"]

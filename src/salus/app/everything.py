"""`Patient/$everything`: a resident's charts, page by page, with what they refer to in the directory.

One entry in the register for the resident and one for the directory, both durable before a byte leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from salus import access, records
from salus.access import Action
from salus.app.begun import begun_kept
from salus.app.facts import refuse
from salus.app.node import Node
from salus.app.whole import begun_of, directory_of, open_whole, read_of
from salus.parties import Principal
from salus.records import AskedEverything
from salus.storage import Duty

Body = tuple[str, str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    """A page: (type, id, body) of the resident in key order, then of the directory; the cursor of the next page.

    `left_out` is how many directory entries the asker may not read.
    """

    matches: tuple[Body, ...]
    included: tuple[Body, ...]
    left_out: int
    cursor: str | None


def everything_of(node: Node, principal: Principal, patient: UUID, asked: AskedEverything) -> Everything:
    """Read a page of everything about a resident. Raises Refused where policy finds no ground or scopes do not cover.

    Each chart's key is unwrapped once. Directory entries that a page refers to stand on that page. The register counts
    what a page was meant to hold: where bodies turn out too large together, the rest stands on the next page, and is
    counted again.
    """
    _check_scopes(node, principal, asked.types)
    at = node.clock.now()
    with begun_kept(node, principal) as begun, node.store.transaction(Duty.CARE) as tx:
        opened = open_whole(tx, node, principal, patient, Action.READ, at)
        begun.extend(begun_of(opened, "everything", Action.READ))
        found, more = ([], False) if opened is None else records.everything(tx, opened.sight, asked)
        charts = sorted({one.chart_key for one in found})
        if opened is not None:
            access.register(tx, [read_of(principal, opened, charts, "everything", len(found), Action.READ, at)])
    if opened is None:
        raise refuse(node, principal, Action.READ)
    keys = node.keys.unwrap_left(charts)
    there = [one for one in found if one.chart_key in keys]
    bodies = records.open_page(there, keys, opened.sight)
    more = more or len(bodies) < len(there)
    last = found[-1] if len(bodies) == len(there) and found else there[len(bodies) - 1] if bodies else None
    included, left_out = directory_of(node, principal, records.directory_ids(bodies), asked.types, at)
    return Everything(
        matches=tuple((one.type, one.id, body) for one, body in zip(there, bodies, strict=False)),
        included=tuple((one.type, str(one.id), body) for one, body in included),
        left_out=left_out,
        cursor=records.everything_cursor(asked, patient, last, node.custodian) if more and last else None,
    )


def _check_scopes(node: Node, principal: Principal, types: Sequence[str] | None) -> None:
    """Look at what is asked for and not at what is there: a refusal then tells nothing of the record."""
    for name in types or ("*",):
        if not principal.in_scope(name, "r"):
            text = f"the access token's scope does not cover system/{name}.r: name the types that it covers by _type"
            refused = refuse(node, principal, Action.READ, text)
            refused.where = "scope"
            raise refused


__all__ = ["Everything", "everything_of"]

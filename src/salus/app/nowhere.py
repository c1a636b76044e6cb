"""Keep what was refused because it refers to what is not there for its writer, and show it to whom it is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from salus import access, identity, records
from salus.access import Action, Read
from salus.app.facts import read_by, refusal_of
from salus.app.node import Node
from salus.app.seeing import NOBODY
from salus.parties import Principal
from salus.records import LeadsNowhere
from salus.storage import Duty

REFERENCE = "reference"
"""The ground of a look that came to nothing: something referred to an entry, and was told that there is none."""


def keep_reference(node: Node, who: Principal, error: LeadsNowhere) -> None:
    """Keep the refusal, and write down for each resident whose entry was named that somebody referred to it.

    What is not stored at all is kept in the same way, about nobody, so that it takes as long. The writer is not told.
    """
    node.refusals.keep(refusal_of(node, who, Action.CREATE, error.code))
    if who.purpose is None:
        return
    at = node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        charts = records.charts_of(tx, error.asked)
        residents = identity.residents_of(tx, sorted(set(charts.values())) or [NOBODY])
        told: dict[int | None, tuple[str, list[int]]] = {}
        for one in error.asked:
            resident = residents.get(charts.get(one, NOBODY))
            about = told.setdefault(resident, (one[0], []))[1]
            about += [charts[one]] if resident is not None else []
        access.register(tx, [_look(who, resident, kind, about, at) for resident, (kind, about) in told.items()])


def _look(who: Principal, resident: int | None, kind: str, charts: Sequence[int], at: datetime) -> Read:
    return read_by(
        who,
        resident_key=resident,
        chart_keys=tuple(sorted(set(charts))),
        what=kind,
        count=0,
        action=Action.SEARCH,
        ground=REFERENCE,
        at=at,
    )


__all__ = ["REFERENCE", "keep_reference"]

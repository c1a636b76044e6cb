"""Conditions and patches become plain writes in the transaction that does them.

Whatever is looked at on the way is shown to whom it concerns, also where nothing comes of it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from salus import access, identity, records
from salus.access import Action, Kind
from salus.app.facts import decide, read_by, refuse
from salus.app.node import Node
from salus.app.searching import check_indexed
from salus.parties import Principal
from salus.records import Intent, Looks, Writer
from salus.storage import Transaction


def check_conditions(node: Node, who: Principal, intents: Sequence[Intent]) -> None:
    """Raise Refused where somebody who may not search asks by a condition."""
    kinds = {one.condition.type for one in intents if one.condition}
    for kind in (Kind.DIRECTORY if records.is_directory(name) else Kind.RECORD for name in sorted(kinds)):
        if not decide(node, who, Action.SEARCH, kind, own_facility=True).allowed:
            raise refuse(node, who, Action.SEARCH)


def prepared(tx: Transaction, node: Node, writer: Writer, intents: Sequence[Intent], looks: Looks) -> list[Intent]:
    """Return intents that say what to write where, in the transaction that writes it."""
    if any(one.condition for one in intents):
        check_indexed(tx, node)  # what is not found yet would be created again
        records.lock_conditions(tx, writer.sealer, intents)  # waiting for another writer is bounded by itself
        tx.limit(node.most_seconds)
        settled = records.settle(tx, writer.sealer, writer.facility, intents, looks)
        tx.unlimited()
    else:
        settled = list(intents)
    return records.patched(tx, writer, settled, looks)


def register_looks(tx: Transaction, who: Principal, looks: Looks, at: datetime) -> None:
    """Register what was found or opened for a write that did not come about, and about whom its condition asked."""
    found = {chart for chart, _ in looks.found}
    _register(tx, who, looks, {*looks.found, *(one for one in looks.asked if one[0] not in found)}, at)


def register_asked(tx: Transaction, who: Principal, looks: Looks, touched: Collection[int], at: datetime) -> None:
    """Register about whom the conditions of a write asked beside the charts that it touched, and tells of itself."""
    _register(tx, who, looks, {one for one in looks.asked if one[0] not in touched}, at)


def _register(tx: Transaction, who: Principal, looks: Looks, told: Collection[tuple[int, str]], at: datetime) -> None:
    charts = sorted({chart for chart, _ in told})
    owners = identity.residents_of(tx, charts) if charts else {}
    first = {chart: min(name for of, name in told if of == chart) for chart in charts}
    reads = [
        read_by(
            who,
            resident_key=owners.get(chart),
            chart_keys=(chart,),
            what=kind,
            count=int((chart, kind) in looks.found),
            action=Action.READ if chart in looks.opened else Action.SEARCH,
            ground="own-facility",
            unwraps=int(chart in looks.opened and kind == first[chart]),
            at=at,
        )
        for chart, kind in sorted(told)
    ]
    if reads:
        access.register(tx, reads)

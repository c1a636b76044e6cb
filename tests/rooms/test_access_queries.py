"""Every query of the register has an index, apart from the two of the audit that walk the whole of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from inspect import getmembers, isfunction
from typing import cast

import pytest

from explaining import Explaining
from reads import AT, a_read, as_owner, registered
from salus.access import anchor, chain
from salus.access import store as tables
from salus.access.folding import store as folding
from salus.kernel import Purpose, Role
from salus.proof.tiles import TileName
from salus.storage import Duty, Store, Transaction

Call = Callable[[Transaction], object]
QUERIES: dict[str, Call] = {
    "reads_of": lambda tx: tables.reads_of(tx, [1, 2], (10**9, 0), 50),
    "reads_of_charts": lambda tx: tables.reads_of_charts(tx, 1, [1, 2]),
    "open_relations": lambda tx: tables.open_relations(tx, [("H1", 1)], AT),
    "relations_at": lambda tx: tables.relations_at(tx, "H1", AT),
    "visit_relations": lambda tx: tables.visit_relations(tx, "H1", AT - timedelta(days=1), AT),
    "relation_by_other": lambda tx: tables.relation_by_other(tx, "H1", 1, "staff", AT),
    "relation_confirmed": lambda tx: tables.relation_confirmed(tx, "H1", 1, AT, AT - AT),
    "relation_end": lambda tx: tables.relation_end(tx, "H1", 1, AT),
    "claim": lambda tx: tables.claim(tx, 1),
    "entries": lambda tx: tables.entries(tx, [1, 2]),
    "entry": lambda tx: tables.entry(tx, 1, 0),
    "chain_size": tables.chain_size,
    "tile": lambda tx: [tables.tile(tx, TileName(level=level, index=0)) for level in (0, 1)],
    "position": lambda tx: tables.position(tx, 1, 0),
    "positions": lambda tx: tables.positions(tx, [1, 2]),
    "anchored_size": tables.anchored_size,
    "anchors": tables.anchors,
    "emptied": tables.emptied,
    "chained": lambda tx: list(tables.chained(tx)),
    "told_since": lambda tx: tables.told_since(tx, AT.date()),
    "last_unwraps_published": tables.last_unwraps_published,
    "subtrees": lambda tx: tables.subtrees(tx, [(1, 0)]),
}
FOLDING: dict[str, Call] = {
    "by_people": lambda tx: folding.by_people(tx, [1, 2], (10**9, 0), 50),
    "folded": lambda tx: folding.folded(tx, [1, 2], (10**9, 0), (0, -1), 50),
    "of_fold": lambda tx: folding.of_fold(
        tx, [1, 2], (AT, AT + timedelta(days=1)), (Role.HOSPITAL_SYSTEM, "H1", Purpose.TREAT), None, 50
    ),
}
WALKS_EVERYTHING = {"refusal_counts", "unpublished_counts", "foreign_batches", "subtree_count", "unwraps", "orphans"}
READS_NOTHING = {
    "add_published",
    "add_reads",
    "add_refusal",
    "add_relation",
    "add_chained",
    "add_subtrees",
    "add_unwraps_published",
    "add_anchor",
    "lock_chain",
    "freeze",
    "registered",
}


@pytest.fixture(scope="module")
def filled(store: Store) -> Store:
    for _ in range(30):
        registered(store, *(a_read(resident=number) for number in range(400)))
    while chain(store, 10):
        pass
    anchor(store, "node")
    registered(store, a_read())
    as_owner(store, "analyze")
    return store


@pytest.mark.parametrize("name", FOLDING)
def test_no_fold_walks_through_the_register(filled: Store, name: str) -> None:
    with filled.transaction(Duty.CARE) as tx:
        tx.run("set local enable_seqscan = off")
        explaining = Explaining(tx)
        FOLDING[name](cast("Transaction", explaining))

    assert explaining.plans
    assert not [plan for plan in explaining.plans if "Seq Scan" in plan]


def test_every_statement_that_folds_is_asked() -> None:
    functions = {name for name, function in getmembers(folding, isfunction) if function.__module__ == folding.__name__}

    assert functions == set(FOLDING)


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_needs_to_walk_through_a_table(filled: Store, name: str) -> None:
    with filled.transaction(Duty.CARE if "relation" in name or "published" in name else Duty.RELAY) as tx:
        tx.run("set local enable_seqscan = off")
        explaining = Explaining(tx)
        QUERIES[name](cast("Transaction", explaining))

    assert explaining.plans
    assert not [plan for plan in explaining.plans if "Seq Scan" in plan]


def test_every_statement_of_the_room_is_in_one_of_the_lists() -> None:
    functions = {name for name, function in getmembers(tables, isfunction) if function.__module__ == tables.__name__}

    public = {name for name in functions if not name.startswith("_")}
    assert public == set(QUERIES) | WALKS_EVERYTHING | READS_NOTHING

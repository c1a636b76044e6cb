"""The register of reads: what goes in comes out, is never changed, and is cheap to find."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from reads import AT, a_read, as_owner, registered, rolled_back
from salus.access import (
    RELATION_LASTS,
    UNCONFIRMED_LASTS,
    ReadInvalid,
    Refusal,
    open_relation,
    open_unconfirmed,
    reads_of,
    record_refusal,
    register,
    relation_confirmed,
    relation_ends,
    relations,
    relations_at,
)
from salus.access import store as tables
from salus.kernel import Purpose, Role
from salus.storage import Duty, Store


def test_a_registered_read_comes_back_as_it_was(store: Store) -> None:
    plain = a_read(resident=11)
    odd = a_read(
        resident=11,
        facility=None,
        chart_keys=(),
        count=0,
        unwraps=0,
        reader='7f"\\{},ü 李',
        reader_role=Role.RESIDENT,
        purpose=Purpose.PATRQT,
        at=AT,
    )
    batch = registered(store, plain, odd)

    with store.transaction(Duty.CARE) as tx:
        found = reads_of(tx, [11])
    assert [(one.batch, one.item, one.read) for one in found] == [(batch, 1, odd), (batch, 0, plain)]


def test_a_read_in_nobodys_chart_is_registered_too(store: Store) -> None:
    batch = registered(store, a_read(resident=None, what="Organization", ground="directory"))

    with store.transaction(Duty.CARE) as tx:
        assert tx.row("select resident_key, what from access.entry where batch = %s", (batch,)) == (
            None,
            "Organization",
        )


def test_a_read_that_is_rolled_back_is_not_registered(store: Store) -> None:
    rolled_back(store, lambda tx: register(tx, [a_read(resident=12)]))

    with store.transaction(Duty.CARE) as tx:
        assert reads_of(tx, [12]) == []


def test_reads_of_several_residents_are_paged_newest_first_without_gap_or_repetition(store: Store) -> None:
    for _ in range(7):
        registered(store, a_read(resident=21), a_read(resident=99), a_read(resident=22), a_read(resident=21))
    with store.transaction(Duty.CARE) as tx:
        whole = reads_of(tx, [21, 22])
        pages, before = [], None
        while page := reads_of(tx, [21, 22], before, limit=4):
            pages += page
            before = (page[-1].batch, page[-1].item)

    assert len(whole) == 21
    assert pages == whole
    assert whole == sorted(whole, key=lambda one: (one.batch, one.item), reverse=True)


def test_each_batch_waits_for_the_chain_from_the_moment_it_is_committed(store: Store) -> None:
    batch = registered(store, a_read())

    with store.transaction(Duty.RELAY) as tx:
        assert tx.row("select batch from access.unchained where batch = %s", (batch,)) == (batch,)


@pytest.mark.parametrize(
    "wrong",
    [
        {"at": AT.replace(tzinfo=None)},
        {"count": -1},
        {"unwraps": -1},
        {"reader": ""},
        {"what": "Tuberculosis of Mr Li"},
        {"what": ""},
    ],
)
def test_a_read_that_cannot_be_told_plainly_cannot_be_built(wrong: dict[str, object]) -> None:
    with pytest.raises(ReadInvalid):
        a_read(**wrong)


def test_nothing_cannot_be_registered(store: Store) -> None:
    with pytest.raises(ReadInvalid), store.transaction(Duty.CARE) as tx:
        register(tx, [])


@pytest.mark.parametrize("duty", [Duty.CARE, Duty.RELAY])
@pytest.mark.parametrize("table", ["entry", "chained", "subtree", "anchored", "relation", "refusal"])
@pytest.mark.parametrize("verb", ["update access.{0} set {1} = {1}", "delete from access.{0}", "truncate access.{0}"])
def test_history_can_be_neither_changed_nor_deleted_by_any_duty(
    store: Store, duty: Duty, table: str, verb: str
) -> None:
    columns = {"entry": "what", "chained": "hashes", "subtree": "hash", "anchored": "root", "relation": "ends_at"}
    statement = verb.format(table, columns.get(table, "code"))

    with pytest.raises(psycopg.errors.InsufficientPrivilege), store.transaction(duty) as tx:
        tx.run(statement)


@pytest.mark.parametrize("duty", [Duty.REGISTRY, Duty.LEDGER])
def test_other_duties_do_not_even_see_the_register(store: Store, duty: Duty) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), store.transaction(duty) as tx:
        tx.rows("select 1 from access.entry")


def test_care_cannot_take_a_batch_away_from_the_chain(store: Store) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), store.transaction(Duty.CARE) as tx:
        tx.run("delete from access.unchained")


def test_every_table_and_column_says_what_it_is(store: Store) -> None:
    with store.transaction(Duty.CARE) as tx:
        silent = tx.rows(
            "select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum >= 0"
            " where c.relnamespace = 'access'::regnamespace and c.relkind = 'r'"
            " and col_description(c.oid, a.attnum) is null and not a.attisdropped"
            " union select relname, '' from pg_class where relnamespace = 'access'::regnamespace and relkind = 'r'"
            " and obj_description(oid) is null"
        )

    assert silent == []


def test_a_residents_reads_are_found_by_index_among_many(store: Store) -> None:
    for _ in range(40):
        registered(store, *(a_read(resident=1_000 + number) for number in range(500)))
    as_owner(store, "analyze access.entry")
    asked = {"residents": [1_234, 1_235], "batch": 10**9, "item": 0, "limit": 50, "since": None, "until": None}
    with store.transaction(Duty.CARE) as tx:
        plan = str(tx.rows("explain " + tables._READS_OF, asked))

    assert "entry_of_resident" in plan
    assert "Seq Scan on entry" not in plan


def test_a_care_relation_is_open_from_its_first_instant_up_to_but_not_at_its_end(store: Store) -> None:
    with store.transaction(Duty.CARE) as tx:
        ends_at = open_relation(tx, "H1", 31, "staff-1", AT)
        pairs = [("H1", 31), ("H2", 31), ("H1", 32)]

        assert ends_at == AT + RELATION_LASTS == AT + timedelta(hours=24)
        assert relations(tx, pairs, AT) == {("H1", 31)}
        assert relations(tx, pairs, ends_at - timedelta(microseconds=1)) == {("H1", 31)}
        assert relations(tx, pairs, ends_at) == set()
        assert relations(tx, pairs, AT - timedelta(microseconds=1)) == set()
        assert relations(tx, [], AT) == set()


def test_opening_a_relation_again_lets_it_end_later_and_opening_it_twice_is_harmless(store: Store) -> None:
    later = AT + timedelta(hours=5)
    with store.transaction(Duty.CARE) as tx:
        open_relation(tx, "H1", 41, "staff-1", AT)
        open_relation(tx, "H1", 41, "staff-1", AT)
        open_relation(tx, "H1", 41, "staff-1", later)

        assert relations(tx, [("H1", 41)], AT + timedelta(hours=26)) == {("H1", 41)}
        assert relation_ends(tx, "H1", 41, AT) == AT + RELATION_LASTS
        assert relation_ends(tx, "H1", 41, later) == later + RELATION_LASTS
        assert relation_ends(tx, "H1", 41, later + RELATION_LASTS) is None
        assert relation_ends(tx, "H2", 41, later) is None
        assert relations(tx, [("H1", 41)], later + RELATION_LASTS) == set()


def test_two_relations_of_one_instant_that_were_opened_otherwise_are_two(store: Store) -> None:
    """One person opens by a relative's code and then by the own one, or by word where a day ends just then."""
    word = AT + RELATION_LASTS - UNCONFIRMED_LASTS
    with store.transaction(Duty.CARE) as tx:
        open_relation(tx, "H1", 42, "staff-1", AT, given=True)
        assert not relation_confirmed(tx, "H1", 42, AT)
        open_relation(tx, "H1", 42, "staff-1", AT)
        assert relation_confirmed(tx, "H1", 42, AT)

        open_unconfirmed(tx, "H1", 43, "staff-1", word)
        assert open_relation(tx, "H1", 43, "staff-1", AT) == AT + RELATION_LASTS
        assert relations(tx, [("H1", 43)], AT) == {("H1", 43)}


def test_a_facility_lists_whom_it_may_read_now_by_the_end_of_the_last_relation(store: Store) -> None:
    with store.transaction(Duty.CARE) as tx:
        for hours, resident in ((0, 51), (3, 52), (5, 51), (30, 53)):
            open_relation(tx, "H4", resident, "staff-1", AT + timedelta(hours=hours))

        assert relations_at(tx, "H4", AT + timedelta(hours=25)) == [
            (51, AT + timedelta(hours=29)),
            (52, AT + timedelta(hours=27)),
        ]
        assert relations_at(tx, "H5", AT) == []


def test_the_database_itself_refuses_a_longer_relation(store: Store) -> None:
    with pytest.raises(psycopg.errors.CheckViolation), store.transaction(Duty.CARE) as tx:
        tx.run(
            "insert into access.relation (facility, resident_key, opened_by, opened_at, ends_at)"
            " values ('H1', 1, 'x', %s, %s)",
            (AT, AT + RELATION_LASTS + timedelta(microseconds=1)),
        )


def test_a_care_relation_is_found_by_index_among_many(store: Store) -> None:
    with store.transaction(Duty.CARE) as tx:
        tx.copy(
            "access.relation",
            ("facility", "resident_key", "opened_by", "opened_at", "ends_at"),
            ((f"H{n % 5}", 5_000 + n, "staff-1", AT, AT + RELATION_LASTS) for n in range(20_000)),
        )
    as_owner(store, "analyze access.relation")
    asked = {"facilities": ["H1", "H2"], "residents": [6_001, 6_002], "at": AT}
    with store.transaction(Duty.CARE) as tx:
        plan = str(tx.rows("explain " + tables._OPEN_RELATIONS, asked))

        listed = str(tx.rows("explain " + tables._RELATIONS_AT, {"facility": "H1", "at": AT + RELATION_LASTS}))

    assert "Seq Scan on relation" not in plan + listed
    assert "relation_of_facility" in listed


def test_a_refusal_stays_when_the_refused_request_is_rolled_back(store: Store) -> None:
    refusal = Refusal(
        code="purpose",
        role=Role.CLINICIAN,
        principal="staff-1",
        facility="H1",
        action="read",
        purpose=Purpose.ETREAT,
        at=AT,
    )
    rolled_back(store, lambda _: record_refusal(store, refusal))

    with store.transaction(Duty.CARE) as tx:
        kept = tx.rows("select code, role, principal, facility, action, purpose, at from access.refusal")
    assert kept == [("purpose", "clinician", "staff-1", "H1", "read", "ETREAT", AT)]


@pytest.mark.parametrize("text", ["No access to Mr Li", "", "x" * 41])
def test_a_refusal_holds_no_free_text(store: Store, text: str) -> None:
    refusal = Refusal(
        code=text, role=Role.RECEPTION, principal="staff-2", facility=None, action="read", purpose=None, at=AT
    )

    with pytest.raises(psycopg.errors.CheckViolation):
        record_refusal(store, refusal)

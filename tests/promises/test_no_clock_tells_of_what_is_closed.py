"""What is closed and what is not there take the same way through the node, so that no clock tells them apart.

The statements that a request runs are compared, not how long they take; and both leave the same refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import psycopg
import pytest

from consenting import Record, a_record
from nodes import a_patient, add_hospital, an_observation, clinician, send, system, update
from salus import records
from salus.access import About, Says
from salus.app import Reader, accept, history_of, transact
from salus.kernel import SalusError, new_id
from salus.parties import Principal
from salus.records.history import parse_history
from salus.storage import Duty


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    with a_record(tmp_path_factory.mktemp("clock")) as opened:
        add_hospital(opened.node, "H4")
        for at in ("H2", "H4"):
            done = send(opened.node, system(at), a_patient(fullUrl="urn:uuid:p"), an_observation("urn:uuid:p"))
            names = (f"own-{at}", f"mine-{at}")
            opened.ids |= {name: (one.type, one.id) for name, one in zip(names, done.outcomes, strict=True)}
        yield opened


def read(record: Record, who: Principal, id_: UUID) -> None:
    Reader(record.node).read_one(who, "Condition", id_)


def read_version(record: Record, who: Principal, id_: UUID) -> None:
    Reader(record.node).read_one(who, "Condition", id_, 1)


def read_history(record: Record, who: Principal, id_: UUID) -> None:
    history_of(record.node, who, "Condition", id_, parse_history(f"Condition/{id_}", [], record.node.custodian))


def read_in_a_transaction(record: Record, who: Principal, id_: UUID) -> None:
    transact(record.node, who, [], [(0, "Condition", id_, None)], [])


def delete(record: Record, who: Principal, id_: UUID) -> None:
    accept(record.node, who, [records.of_delete("Condition", str(id_), None)])


def put(record: Record, who: Principal, id_: UUID) -> None:
    update(record.node, who, {"resourceType": "Condition", "id": str(id_), "subject": {"reference": "Group/1"}})


def refer(record: Record, who: Principal, id_: UUID) -> None:
    about = {"reference": "urn:uuid:p"}
    told = {"resourceType": "Condition", "fullUrl": "urn:uuid:c", "code": {"text": "cough"}, "subject": about}
    evidence = [{"detail": [{"reference": f"Condition/{id_}"}]}]
    send(record.node, who, a_patient(fullUrl="urn:uuid:p"), told | {"evidence": evidence})


def refer_in_an_update(record: Record, who: Principal, id_: UUID) -> None:
    mine = record.ids[f"mine-{who.facility}"][1]
    focus = [{"reference": f"Condition/{id_}"}]
    told = an_observation("Group/1", id=str(mine), focus=focus)
    update(record.node, who, told | {"subject": {"reference": f"Patient/{record.ids[f'own-{who.facility}'][1]}"}})


ASKS: list[Callable[[Record, Principal, UUID], None]] = [
    read, read_version, read_history, read_in_a_transaction, delete, put, refer, refer_in_an_update,
]  # fmt: skip


def ran(record: Record, monkeypatch: pytest.MonkeyPatch, ask: Callable[[], None]) -> tuple[list[str], SalusError]:
    """Return the statements of a request that is refused, and how it is."""
    statements: list[str] = []
    execute = psycopg.Connection.execute

    def kept(self: Any, query: Any, *args: Any, **more: Any) -> Any:
        statements.append(str(query))
        return execute(self, query, *args, **more)

    with monkeypatch.context() as patched:
        patched.setattr(psycopg.Connection, "execute", kept)
        with pytest.raises(SalusError) as refused:
            ask()
    return sorted(statements), refused.value


def refusals(record: Record) -> int:
    with record.node.store.connect(Duty.MIGRATION, "salus") as owner:
        row = owner.execute(b"select count(*) from access.refusal").fetchone()
    return int(str(row[0])) if row else 0


@pytest.mark.parametrize("opened", [False, True], ids=["", "another class is open"])
@pytest.mark.parametrize("at", ["H2", "H4"], ids=["in a care relation", "in none"])
@pytest.mark.parametrize("ask", ASKS, ids=lambda one: one.__name__)
def test_what_is_closed_and_what_is_missing_take_the_same_statements_and_leave_the_same_refusal(
    record: Record,
    monkeypatch: pytest.MonkeyPatch,
    ask: Callable[[Record, Principal, UUID], None],
    at: str,
    opened: bool,
) -> None:
    closed = record.ids["psychiatry"][1]
    if opened:
        record.say(Says.PERMIT, About.HIV, "H2")
    who = clinician(at) if ask.__name__.startswith("read") and ask is not read_in_a_transaction else system(at)
    for warm in (closed, new_id()):  # what a node remembers of who asks is remembered by then
        with suppress(SalusError):
            ask(record, who, warm)
    told = []
    for id_ in (closed, new_id()):
        before = refusals(record)
        statements, error = ran(record, monkeypatch, lambda id_=id_: ask(record, who, id_))  # type: ignore[misc]
        told.append((statements, type(error), error.text, error.status, refusals(record) - before))
    record.take_back()

    assert told[0] == told[1]
    assert told[0][4] == 1


def test_the_statements_that_are_compared_would_tell_of_a_row_more(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what is there and may be read runs others."""
    plain = record.ids["plain"][1]
    missing, _ = ran(record, monkeypatch, lambda: read(record, clinician("H4"), new_id()))
    found: list[str] = []
    execute = psycopg.Connection.execute

    def kept(self: Any, query: Any, *args: Any, **more: Any) -> Any:
        found.append(str(query))
        return execute(self, query, *args, **more)

    monkeypatch.setattr(psycopg.Connection, "execute", kept)
    read(record, clinician("H2"), plain)

    assert sorted(found) != missing

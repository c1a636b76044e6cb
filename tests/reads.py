"""Reads to register, and a public log to anchor them in, for the tests of the register."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from salus import ledger
from salus.access import Read, register
from salus.kernel import FixedClock, Purpose, Role
from salus.proof import VerifierKey
from salus.storage import Duty, Store, Transaction

AT = datetime(2031, 3, 1, 8, tzinfo=UTC)
_serial = count(1)


class NodeKey:
    """An Ed25519 key in memory."""

    name = "node.example/salus"

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.public_key = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Sign."""
        return self._key.sign(message)


class PublicLog:
    """A log of one node, closed on demand."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._sequencer = ledger.Sequencer(store, NodeKey(), folder, FixedClock(AT), Random(7))
        ledger.begin(store, ledger.node_leaf("demo", "test-node"))

    @property
    def keys(self) -> list[VerifierKey]:
        """The key to check it with."""
        return [self._sequencer.key]

    def close_batch(self) -> None:
        """Sign and publish what waits."""
        self._sequencer.close_batch()


def a_read(resident: int | None = 1, **changed: object) -> Read:
    """Build a read of a resident's record that differs from every other."""
    serial = next(_serial)
    fields: dict[str, object] = {
        "reader_role": Role.CLINICIAN,
        "reader": f"staff-{serial}",
        "facility": "H1",
        "resident_key": resident,
        "chart_keys": (2**61 + serial, 2**61 + serial + 1),
        "what": "Observation",
        "count": 3,
        "action": "read",
        "purpose": Purpose.TREAT,
        "ground": "care-relation",
        "unwraps": 2,
        "at": AT.replace(microsecond=serial % 1_000_000),
    }
    return Read(**(fields | changed))  # type: ignore[arg-type]


def registered(store: Store, *reads: Read) -> int:
    """Register reads in one committed batch."""
    with store.transaction(Duty.CARE) as tx:
        return register(tx, reads)


def rolled_back(store: Store, work: Callable[[Transaction], object]) -> None:
    """Do work in a transaction of care that fails at its end."""
    with suppress(ZeroDivisionError), store.transaction(Duty.CARE) as tx:
        work(tx)
        raise ZeroDivisionError


def as_owner(store: Store, statement: str, *params: object) -> None:
    """Do what only somebody with the database's owner password can."""
    with store.connect(Duty.MIGRATION, "salus") as connection:
        connection.execute(statement, params)


@contextmanager
def no_refusal_kept(store: Store) -> Iterator[None]:
    """Let the register of refusals be written to by somebody else at each time that it is."""
    body = "create function access.met() returns trigger language plpgsql as 'begin raise deadlock_detected; end'"
    as_owner(store, body)
    as_owner(store, "create trigger met before insert on access.refusal execute function access.met()")
    try:
        yield
    finally:
        as_owner(store, "drop function access.met() cascade")


def empty(store: Store) -> None:
    """Forget every read and its chain, so that a test begins from nothing."""
    tables = "access.entry, access.unchained, access.chained, access.subtree, access.anchored, access.relation"
    with store.connect(Duty.MIGRATION, "salus") as connection:
        connection.execute(psycopg.sql.SQL("truncate " + tables))

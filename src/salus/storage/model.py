"""Duties, settings and events: the vocabulary of storage. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

DATABASE = "salus"
KEYS_DATABASE = "salus_keys"


class Duty(StrEnum):
    """The LOGIN roles of Salus, each with its own pool; none is a member of another."""

    CARE = "care"
    SURVEILLANCE = "surveillance"
    COMMAND = "command"
    REGISTRY = "registry"
    LEDGER = "ledger"
    RELAY = "relay"
    KEYS = "keys"
    MIGRATION = "migration"

    @property
    def role(self) -> str:
        """The PostgreSQL role's name."""
        return f"salus_{self.value}"

    @property
    def database(self) -> str:
        """The database that this duty may connect to; it may connect to no other but migration, to both."""
        return KEYS_DATABASE if self is Duty.KEYS else DATABASE


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where a node keeps its data and which PostgreSQL it uses.

    `postgres` is `auto`, `wheel`, `system` or a postgresql:// address of an owner who may create roles and
    databases. It decides for a new folder only: an old one is opened by the major version that made it.
    """

    data: Path
    postgres: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """A room's numbered migrations: `package` holds `migrations/NNNN_name.sql`."""

    name: str
    package: str
    keys: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One outbox row: something happened in a committed transaction and must travel up."""

    id: int
    kind: str
    payload: dict[str, object] = field(repr=False)
    at: datetime
    attempts: int

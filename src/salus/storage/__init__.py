"""PostgreSQL, started or attached; transactions per duty; migrations; the outbox. Knows no room's tables."""

from salus.storage.errors import FolderRefused, Met, NoPostgres, NotCommitted, StoreDown, TookTooLong, Unstorable
from salus.storage.forward import applied, known_migrations
from salus.storage.model import Duty, Event, Schema, Settings
from salus.storage.outbox import Drained, Handler, drain, parked, unpark
from salus.storage.pools import Transaction, listed
from salus.storage.service import UNUSABLE, Store, open_store

__all__ = [
    "UNUSABLE",
    "Drained",
    "Duty",
    "Event",
    "FolderRefused",
    "Handler",
    "Met",
    "NoPostgres",
    "NotCommitted",
    "Schema",
    "Settings",
    "Store",
    "StoreDown",
    "TookTooLong",
    "Transaction",
    "Unstorable",
    "applied",
    "drain",
    "known_migrations",
    "listed",
    "open_store",
    "parked",
    "unpark",
]

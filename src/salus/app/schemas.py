"""The rooms that own tables, in the order in which their migrations run."""

from __future__ import annotations

from salus.storage import Schema

SCHEMAS = (
    Schema(name="ledger", package="salus.ledger"),
    Schema(name="parties", package="salus.parties"),
    Schema(name="access", package="salus.access"),
    Schema(name="identity", package="salus.identity"),
    Schema(name="records", package="salus.records"),
    Schema(name="healthcode", package="salus.healthcode"),
    Schema(name="surveillance", package="salus.surveillance"),
    Schema(name="appeals", package="salus.appeals"),
    Schema(name="command", package="salus.command"),
    Schema(name="keys", package="salus.keys", keys=True),
)

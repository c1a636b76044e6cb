"""Delete resources and bring them back, for what takes in: a new version says so, and every older one stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from salus.records.history import store
from salus.records.history.service import lock, look_for_none
from salus.storage import Transaction


def delete(tx: Transaction, rows: Sequence[tuple[int, int, int, int, datetime, bytes]]) -> None:
    """Write versions that say that locked resources are deleted: (key, version, chart, acceptance, at, sealed body).

    From then on no search and no reference finds them.
    """
    if rows:
        store.delete(tx, [(key, version, at) for key, version, _, _, at, _ in rows])
        store.insert_versions(tx, rows)


def bring_back(tx: Transaction, keys: Sequence[int]) -> None:
    """Forget that locked resources are deleted; whoever does writes their next versions in the same transaction."""
    store.bring_back(tx, keys)


def targets_deleted(
    tx: Transaction, wanted: Sequence[tuple[str, UUID]]
) -> dict[tuple[str, UUID], tuple[int, str, str, int | None]]:
    """Return whose chart each deleted resource belongs to: what refers to it already may go on doing so."""
    return store.targets_deleted(tx, wanted) if wanted else {}


__all__ = ["bring_back", "delete", "lock", "look_for_none", "targets_deleted"]

"""The rooms that own tables, in the order in which their migrations run."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from salus.storage import Schema

_ROOMS = ("ledger", "parties", "access", "identity", "records", "healthcode")


def _present(room: str) -> bool:
    spec = find_spec(f"salus.{room}")
    return spec is not None and spec.origin is not None and (Path(spec.origin).parent / "migrations").is_dir()


SCHEMAS = (
    *(Schema(name=room, package=f"salus.{room}") for room in _ROOMS if _present(room)),
    *(Schema(name=room, package=f"salus.{room}", keys=True) for room in ("keys",) if _present(room)),
)

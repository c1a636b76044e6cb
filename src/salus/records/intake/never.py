"""Types of R4 that nobody sends here: what would write the register of reads, and what would watch somebody. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from salus.records.errors import Problem, RecordRefused

NEVER_SENT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AuditEvent": "AuditEvents are the register of reads, which Salus writes itself, before anything is shown:"
        " nobody sends, changes or deletes one; their resident reads them",
        "Subscription": "Salus watches nobody: nobody is told of what is written about a person from now on, whatever"
        " the criteria; read while the care relation is open",
    }
)
"""By type, why. A system that could be told of each new entry of a person would follow that person."""


def refuse_never_sent(kind: str, entry: int | None = None) -> None:
    """Raise RecordRefused (405) for a write of a type that nobody sends."""
    if kind in NEVER_SENT:
        where = kind if entry is None else f"Bundle.entry[{entry}].request"
        raise RecordRefused([Problem(where=where, text=NEVER_SENT[kind], code="not-supported")], 405)


__all__ = ["NEVER_SENT", "refuse_never_sent"]

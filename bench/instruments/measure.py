"""CPU time of a node while something happens: the serving process and every PostgreSQL process, from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpu:
    """Seconds of CPU used so far."""

    server: float
    database: float

    def __sub__(self, other: Cpu) -> Cpu:
        return Cpu(server=self.server - other.server, database=self.database - other.database)


def cpu(server: int, postmaster: int) -> Cpu:
    """Return the CPU time of a serving process, and of a postmaster with all that it ever started.

    Children that ended are counted with their parent, so nothing is lost when a backend goes.
    """
    return Cpu(server=_seconds(server), database=sum(_seconds(pid) for pid in _family(postmaster)))


def _family(postmaster: int) -> list[int]:
    """Return a postmaster and its children; each child leads a session of its own, so the parent is what tells."""
    found = [postmaster]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = _fields(int(entry.name))
            if len(fields) > 3 and fields[1] == str(postmaster):
                found.append(int(entry.name))
    return found


def _seconds(pid: int) -> float:
    fields = _fields(pid)
    return sum(int(fields[place]) for place in (11, 12, 13, 14)) / _TICKS if fields else 0.0


def _fields(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []

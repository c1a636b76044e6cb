"""What an import reads, hands to who takes it in, and tells of what became of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from salus.kernel import Invalid, SalusError, Unavailable
from salus.records import Problem, RecordRefused

MOST_TOLD: Final = 1_000
"""How many refusals an import remembers; all of them are told as they come."""


class ImportRefused(Invalid):
    """A file that cannot be imported at all."""

    code = "SALUS-A010"


class TakenAlready(Invalid):
    """A line that another import took in at the same time; this one stored nothing of it."""

    code = "SALUS-A011"


class ImportBroken(Unavailable):
    """A process that helped with an import ended. What it had committed stays; the same command goes on from there."""

    code = "SALUS-A012"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Lines that are examined together, and how many bytes of the file were read up to their end."""

    number: int
    file: bytes
    lines: tuple[tuple[int, bytes], ...] = field(repr=False)
    read: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """A line that was refused, and why. Names elements and rules, and never repeats what was sent."""

    line: int
    code: str
    text: str
    status: int
    where: str | None
    problems: tuple[Problem, ...] = ()

    @classmethod
    def by(cls, line: int, error: SalusError) -> Turned:
        """Return what an error says of a line; an error itself does not travel between processes."""
        problems = error.problems if isinstance(error, RecordRefused) else ()
        return cls(
            line=line, code=error.code, text=error.text, status=error.status, where=error.where, problems=problems
        )

    @property
    def error(self) -> SalusError:
        """The error again."""
        found: SalusError
        if self.problems:
            found = RecordRefused(self.problems, self.status)
            found.code = self.code
        else:
            found = SalusError(self.text, code=self.code, where=self.where)
            found.status = self.status
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubtful:
    """A line that was taken in, and what is odd in it; no more than 100 things are told of one line."""

    line: int
    odd: tuple[Problem, ...]


@dataclass(slots=True, kw_only=True)
class Taken:
    """What became of one chunk."""

    number: int
    read: int
    lines: int = 0
    entries: int = 0
    stripped: int = 0
    residents: int = 0
    skipped: int = 0
    turned: list[Turned] = field(default_factory=list)
    doubtful: list[Doubtful] = field(default_factory=list)


@dataclass(slots=True)
class Imported:
    """What an import did: lines and entries taken in, lines already there, lines refused with their reasons.

    `doubtful` of the lines taken in hold something odd. `refused` holds the first 1,000; `turned` counts all. `read` of
    `size` bytes of the files are done with.
    """

    lines: int = 0
    entries: int = 0
    stripped: int = 0
    residents: int = 0
    skipped: int = 0
    refused: list[tuple[str, int, str]] = field(default_factory=list)
    turned: int = 0
    doubtful: int = 0
    read: int = 0
    size: int = 0

    def add(self, name: str, taken: Taken) -> None:
        """Add what became of a chunk of a file of this name."""
        self.lines += taken.lines
        self.entries += taken.entries
        self.stripped += taken.stripped
        self.residents += taken.residents
        self.skipped += taken.skipped
        self.turned += len(taken.turned)
        self.doubtful += len(taken.doubtful)
        left = MOST_TOLD - len(self.refused)
        self.refused += [(name, one.line, f"{one.code} {one.text}") for one in taken.turned[:left]]

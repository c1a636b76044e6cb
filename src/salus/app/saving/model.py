"""What a back-up says about itself: its manifest. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from salus.app.saving.errors import BackupDamaged
from salus.kernel import Invalid, format_instant, parse_instant

FORMAT = "salus-backup-1"


class Part(StrEnum):
    """Which of the two files of a back-up it is."""

    DATA = "data"
    KEYS = "keys"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableNote:
    """A table as it was saved; `sha256` is over its rows as COPY writes them, in the order of its primary key."""

    name: str
    columns: tuple[str, ...]
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceNote:
    """Where a sequence stood; the sequences of identity columns are among them."""

    name: str
    last: int
    called: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FileNote:
    """A file of the data folder that was saved beside the tables."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadNote:
    """The newest signed head of the public log in this back-up; `root` is hexadecimal."""

    size: int
    root: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One file of a back-up. `at` is the instant that it shows, by the database server's clock.

    `vkey` is the published key of the node's log, None before its first head. `migrations` names each applied file of
    the schema with its SHA-256.
    """

    part: Part
    at: datetime
    release: str
    postgres: str
    kind: str
    name: str
    vkey: str | None
    migrations: dict[str, str]
    tables: tuple[TableNote, ...]
    sequences: tuple[SequenceNote, ...]
    files: tuple[FileNote, ...]
    head: HeadNote | None

    @property
    def rows(self) -> int:
        """How many rows all tables have."""
        return sum(table.rows for table in self.tables)

    def encode(self) -> bytes:
        """Write as JSON, for people too."""
        told = {"format": FORMAT, **asdict(self), "at": format_instant(self.at)}
        return json.dumps(told, ensure_ascii=False, indent=1).encode()


def parse_manifest(text: bytes) -> Manifest:
    """Read what `encode` wrote. Raises BackupDamaged for anything else."""
    try:
        told: dict[str, Any] = json.loads(text)
        if told.pop("format") != FORMAT:
            raise BackupDamaged("this back-up has a format that this release does not know")
        told["part"] = Part(told["part"])
        told["at"] = parse_instant(told["at"])
        told["tables"] = tuple(TableNote(**{**one, "columns": tuple(one["columns"])}) for one in told["tables"])
        told["sequences"] = tuple(SequenceNote(**one) for one in told["sequences"])
        told["files"] = tuple(FileNote(**one) for one in told["files"])
        told["head"] = HeadNote(**told["head"]) if told["head"] else None
        return Manifest(**told)
    except (ValueError, KeyError, TypeError, AttributeError, Invalid) as error:
        if isinstance(error, BackupDamaged):
            raise
        raise BackupDamaged("the manifest of this back-up is not understood") from error

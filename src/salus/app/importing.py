"""Import bundles and NDJSON, plain, gzip or zstd; each line one transaction; cut short, it goes on where it was."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import zstandard

from salus import records
from salus.app.attempts import BY_IMPORT, read_body
from salus.app.node import Node
from salus.app.turning_away import turn_away_for
from salus.app.writing import accept
from salus.kernel import Invalid, Purpose, Role, SalusError
from salus.parties import Principal, principal
from salus.records import Accepted, Intent, RecordRefused
from salus.storage import Duty, Transaction

_MOST_LINE_BYTES = 64 * 1024 * 1024
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


class ImportRefused(Invalid):
    """A file that cannot be imported at all."""

    code = "SALUS-A010"


class TakenAlready(Invalid):
    """A line that another import took in at the same time; this one stored nothing of it."""

    code = "SALUS-A011"


@dataclass(slots=True)
class Imported:
    """What an import did: lines and entries taken in, lines already there, lines refused with their reasons."""

    lines: int = 0
    entries: int = 0
    stripped: int = 0
    residents: int = 0
    skipped: int = 0
    refused: list[tuple[str, int, str]] = field(default_factory=list)


def import_files(
    node: Node, facility: str, files: list[Path], progress: Callable[[Imported], None] = lambda _: None
) -> Imported:
    """Import files as sent by a facility, in order. A refused line is reported and loses no other.

    A line that went in before, by the same facility from the same content, is skipped.
    """
    node.facility(facility)
    sender = principal(Role.HOSPITAL_SYSTEM, "import", facility=facility, purpose=Purpose.TREAT, strong=True)
    done = Imported()
    for path in files:
        _import_file(node, sender, path, done, progress)
    return done


def _import_file(
    node: Node, sender: Principal, path: Path, done: Imported, progress: Callable[[Imported], None]
) -> None:
    digest = _digest(path, sender.facility or "")
    with node.store.transaction(Duty.CARE) as tx:
        known = records.imported(tx, digest)
    for number, raw in _lines(path):
        if number in known:
            done.skipped += 1
            continue
        try:
            accepted = _import_line(node, sender, raw, digest, number)
            done.lines += 1
            done.entries += len(accepted.outcomes)
            done.stripped += accepted.stripped
            done.residents += accepted.opened
        except TakenAlready:
            done.skipped += 1
        except SalusError as error:
            if error.status >= 500:
                raise
            turn_away_for(node, sender, "import", error)
            done.refused.append((path.name, number, str(error)))
        progress(done)


def _import_line(node: Node, sender: Principal, raw: bytes, digest: bytes, number: int) -> Accepted:
    def note(tx: Transaction, accepted: Accepted) -> None:
        if not records.note_line(tx, digest, number, accepted.acceptance):
            raise TakenAlready("another import took this line at the same time")

    return accept(node, sender, _intents(read_body(node, sender, raw, BY_IMPORT)), "import", note)


def _intents(value: dict[str, Any]) -> list[Intent]:
    if value.get("resourceType") != "Bundle" or value.get("type") not in ("transaction", "batch"):
        name = value.get("resourceType")
        return [records.of_resource(value, name if isinstance(name, str) else "")]
    submission = records.take_apart(value)
    if submission.wrong:
        raise RecordRefused(submission.wrong)
    return list(submission.intents)


def _digest(path: Path, facility: str) -> bytes:
    digest = hashlib.sha256(facility.encode() + b"\x00")
    try:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except OSError as error:
        raise ImportRefused(f"{path} cannot be read: {error.strerror}") from None
    return digest.digest()


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the documents of a file with their numbers: the lines of NDJSON, or the one document of a JSON file."""
    with path.open("rb") as raw:
        stream = _unpacked(raw)
        try:
            first = stream.readline(_MOST_LINE_BYTES + 1)
            if first.strip() and not _whole(first):
                yield 1, first + stream.read(_MOST_LINE_BYTES)
                return
            number = 0
            while first:
                number += 1
                if first.strip():
                    yield number, first
                first = stream.readline(_MOST_LINE_BYTES + 1)
        except (OSError, EOFError, zstandard.ZstdError) as error:
            raise ImportRefused(f"{path} is damaged or cut short: {error}") from None


def _unpacked(raw: IO[bytes]) -> IO[bytes]:
    magic = raw.read(4)
    raw.seek(0)
    if magic.startswith(_GZIP):
        return io.BufferedReader(gzip.GzipFile(fileobj=raw))
    if magic == _ZSTD:
        return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(raw))
    return raw


def _whole(line: bytes) -> bool:
    """Tell whether a first line is a document of its own, as in NDJSON, or only the beginning of one."""
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False

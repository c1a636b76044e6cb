"""Read the lines of a file in chunks; plain, gzip or zstd, NDJSON or one JSON document. Memory is bounded by a line."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Final

import zstandard

from salus.app.importing.telling import Chunk, ImportRefused

MOST_LINE_BYTES: Final = 64 * 1024 * 1024
"""What is longer is refused, as it would be over HTTP, and read no further than to its end."""
_CHUNK_BYTES: Final = 1024 * 1024
LINES_AT_ONCE: Final = 500
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


def digest_of(path: Path, facility: str) -> bytes:
    """Return what a file of a facility is known by: the hash of its content."""
    digest = hashlib.sha256(facility.encode() + b"\x00")
    try:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except OSError as error:
        raise ImportRefused(f"{path} cannot be read: {error.strerror}") from None
    return digest.digest()


def chunks(path: Path, digest: bytes, known: Collection[int], most: int = LINES_AT_ONCE) -> Iterator[Chunk]:
    """Yield the lines of a file that are not known, some at once: so many at most, and one or up to 1 MiB."""
    number, size, held = 0, 0, list[tuple[int, bytes]]()
    with path.open("rb") as raw:
        for line in _lines(path, raw):
            if line[0] in known:
                continue
            if held and (len(held) >= most or size + len(line[1]) > _CHUNK_BYTES):
                yield Chunk(number=number, file=digest, lines=tuple(held), read=raw.tell())
                number, size, held = number + 1, 0, []
            held.append(line)
            size += len(line[1])
        if held:
            yield Chunk(number=number, file=digest, lines=tuple(held), read=raw.tell())


def _lines(path: Path, raw: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the documents of a file with their numbers: the lines of NDJSON, or the one document of a JSON file."""
    stream = _unpacked(raw)
    try:
        line = stream.readline(MOST_LINE_BYTES + 1)
        if line.strip() and _begins_document(line):
            yield 1, line + stream.read(MOST_LINE_BYTES)
            return
        number = 0
        while line:
            number += 1
            if line.strip():
                yield number, line
            while len(line) > MOST_LINE_BYTES and not line.endswith(b"\n"):
                line = stream.readline(MOST_LINE_BYTES + 1)
            line = stream.readline(MOST_LINE_BYTES + 1)
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


def _begins_document(line: bytes) -> bool:
    """Tell whether a first line is only the beginning of a document, where in NDJSON it would be one, if a bad one."""
    try:
        json.loads(line.decode("utf-8-sig").rstrip())
    except json.JSONDecodeError as error:
        return error.pos >= len(error.doc)
    except (ValueError, RecursionError):
        return False
    return False

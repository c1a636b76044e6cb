"""Read the lines of a file in chunks; plain, gzip or zstd, NDJSON or one JSON document. Memory is bounded by a line."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import IO, Any, Final

import zstandard

from salus.app.importing.telling import Chunk, ImportRefused

MOST_LINE_BYTES: Final = 64 * 1024 * 1024
"""What is longer is refused, as it would be over HTTP, and read no further than to its end."""
_CHUNK_BYTES: Final = 1024 * 1024
_PACKED_BYTES: Final = 1024
"""At once: a kibibyte of zstd can become 32 MiB, and no more."""
LINES_AT_ONCE: Final = 500
Numbered = tuple[int, bytes]
Passed = Callable[[int, bytes], None]
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


def chunks(
    path: Path,
    digest: bytes,
    known: Collection[int],
    most: int = LINES_AT_ONCE,
    passed: Passed = lambda *_: None,
) -> Iterator[Chunk]:
    """Yield the lines of a file that are not known, some at once: so many at most, and one or up to 1 MiB.

    The others are `passed`, one by one, as they are read.
    """
    with path.open("rb") as raw:
        for number, held in enumerate(_together(_unknown(_lines(path, raw), known, passed), most)):
            yield Chunk(number=number, file=digest, lines=tuple(held), read=raw.tell())


def _unknown(lines: Iterator[Numbered], known: Collection[int], passed: Passed) -> Iterator[Numbered]:
    for number, line in lines:
        if number in known:
            passed(number, line)
        else:
            yield number, line


def _together(lines: Iterator[Numbered], most: int) -> Iterator[list[Numbered]]:
    """Yield lines, some at once; also those before a place at which the file is damaged."""
    size, held = 0, list[Numbered]()
    try:
        for line in lines:
            if held and (len(held) >= most or size + len(line[1]) > _CHUNK_BYTES):
                yield held
                size, held = 0, []
            held.append(line)
            size += len(line[1])
    except ImportRefused:
        if held:
            yield held
        raise
    if held:
        yield held


def _lines(path: Path, raw: IO[bytes]) -> Iterator[Numbered]:
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
        return io.BufferedReader(_Unpacked(raw))
    return raw


class _Unpacked(io.RawIOBase):
    """The content of zstd frames, one after another. The library's own reader takes a file that is cut short for whole,
    and ends with the first frame.
    """

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw, self._out, self._left = raw, b"", b""
        self._frame: Any = None

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        while not self._out:
            packed = self._left or self._raw.read(_PACKED_BYTES)
            if not packed:
                if self._frame is not None:
                    raise zstandard.ZstdError("it ends within a frame")
                return 0
            self._frame = self._frame or zstandard.ZstdDecompressor().decompressobj()
            self._out, self._left = self._frame.decompress(packed), b""
            if self._frame.eof:
                self._left, self._frame = self._frame.unused_data, None
        size = min(len(into), len(self._out))
        into[:size], self._out = self._out[:size], self._out[size:]
        return size


def _begins_document(line: bytes) -> bool:
    """Tell whether a first line is only the beginning of a document, where in NDJSON it would be one, if a bad one."""
    try:
        json.loads(line.decode("utf-8-sig").rstrip())
    except json.JSONDecodeError as error:
        return error.pos >= len(error.doc)
    except (ValueError, RecursionError):
        return False
    return False

"""One file of a back-up: a ZIP of zstd members, the manifest last, and a SHA-256 over the whole file at its end.

Anybody can look in with ordinary tools. A file appears under its name only when it is whole and durable.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import zstandard

from salus.app.saving.errors import BackupDamaged, BackupRefused
from salus.app.saving.model import Manifest, parse_manifest

MANIFEST = "manifest.json"
_DIGEST_CHARACTERS = 64
_CHUNK = 1 << 18
_MOST_SMALL = 16 << 20
_BROKEN = (
    zipfile.BadZipFile,
    zstandard.ZstdError,
    EOFError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What went into a member."""

    lines: int
    sha256: str


class Draft:
    """A file under way, beside its final name. `publish` after `finish`; left otherwise, it is removed again."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.digest = ""
        self._partial = target.with_name(f".{target.name}.new")
        if target.exists():
            raise BackupRefused(f"{target} exists already; nothing is overwritten")
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self._partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as reason:
            raise BackupRefused(f"cannot write into {target.parent}: {reason.strerror}") from None
        self._file = os.fdopen(descriptor, "w+b")
        self._zip = zipfile.ZipFile(self._file, "w", allowZip64=True)

    def __enter__(self) -> Draft:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._zip.close()
        self._file.close()
        self._partial.unlink(missing_ok=True)

    def add(self, name: str, chunks: Iterable[bytes | bytearray | memoryview]) -> Written:
        """Write one member from its chunks; lines and digest are those of what went in."""
        digest, lines = hashlib.sha256(), 0
        packer = zstandard.ZstdCompressor(level=3, write_checksum=True)
        with (
            self._zip.open(zipfile.ZipInfo(f"{name}.zst"), "w", force_zip64=True) as member,
            packer.stream_writer(member, closefd=False) as packed,
        ):
            for chunk in _gathered(chunks):
                digest.update(chunk)
                lines += chunk.count(b"\n")
                packed.write(chunk)
        return Written(lines=lines, sha256=digest.hexdigest())

    def finish(self, manifest: Manifest) -> int:
        """Add the manifest and the digest, make the file durable, and return its size."""
        self._zip.writestr(zipfile.ZipInfo(MANIFEST), manifest.encode())
        self._zip.comment = b"0" * _DIGEST_CHARACTERS
        self._zip.close()
        size = self._file.seek(0, io.SEEK_END)
        self.digest = _digest(self._file, size)
        self._file.seek(size - _DIGEST_CHARACTERS)
        self._file.write(self.digest.encode())
        self._file.flush()
        os.fsync(self._file.fileno())
        return size

    def publish(self) -> None:
        """Give the finished file its name, durably."""
        self._partial.rename(self.target)
        sync_folder(self.target.parent)


class Opened:
    """A back-up's file, checked to its last byte. Close it, or use it as a context manager."""

    def __init__(self, path: Path) -> None:
        """Open and check a file. Raises BackupDamaged."""
        self.path = path
        damaged = f"{path.name} is damaged, cut short, or no back-up; take another one"
        with contextlib.ExitStack() as undo:
            try:
                file = undo.enter_context(path.open("rb"))
                _check_digest(file)
                self._zip = undo.enter_context(zipfile.ZipFile(file))
                with self._zip.open(MANIFEST) as member:
                    self.manifest = parse_manifest(member.read(_MOST_SMALL))
            except _BROKEN as error:
                raise BackupDamaged(damaged) from error
            self._undo = undo.pop_all()

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def stream(self, name: str, sha256: str) -> Iterator[bytes]:
        """Yield a member's content; raises BackupDamaged, at its end at the latest, unless it has this digest."""
        digest = hashlib.sha256()
        try:
            with (
                self._zip.open(f"{name}.zst") as member,
                zstandard.ZstdDecompressor().stream_reader(member) as unpacked,
            ):
                while chunk := unpacked.read(_CHUNK):
                    digest.update(chunk)
                    yield chunk
        except _BROKEN as error:
            raise BackupDamaged(f"{self.path.name}: {name} cannot be read") from error
        if digest.hexdigest() != sha256:
            raise BackupDamaged(f"{self.path.name}: {name} is not what the manifest says")

    def file(self, name: str) -> bytes | None:
        """Return a small file that was saved beside the tables, or None if it was not."""
        for note in self.manifest.files:
            if note.name == name:
                return b"".join(self.stream(f"files/{name}", note.sha256))
        return None


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _gathered(chunks: Iterable[bytes | bytearray | memoryview]) -> Iterator[bytes]:
    """Join small chunks, such as rows, into large ones."""
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        if len(waiting) >= _CHUNK:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def _check_digest(file: io.BufferedReader) -> None:
    size = file.seek(0, io.SEEK_END)
    if size < _DIGEST_CHARACTERS:
        raise EOFError
    file.seek(size - _DIGEST_CHARACTERS)
    told = file.read(_DIGEST_CHARACTERS)
    if _digest(file, size).encode() != told:
        raise ValueError
    file.seek(0)


def _digest(file: io.BufferedRandom | io.BufferedReader, size: int) -> str:
    """Hash all of a file but the digest at its end."""
    digest, left = hashlib.sha256(), size - _DIGEST_CHARACTERS
    file.seek(0)
    while left and (chunk := file.read(min(_CHUNK, left))):
        digest.update(chunk)
        left -= len(chunk)
    return digest.hexdigest()

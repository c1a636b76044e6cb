"""Long lists on disk: records in the order in which they came, or in buckets in which equal ones meet."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterator
from typing import Any

from salus_audit.reading.chunks import PLACED

_BUCKETS = 64
_PIECE = 8192


class Tape:
    """Records of one form, read in the order in which they were written."""

    def __init__(self, form: struct.Struct) -> None:
        self._form = form
        self._file = tempfile.TemporaryFile(buffering=1 << 20)  # noqa: SIM115  closed with this object

    def write(self, records: bytes | bytearray) -> None:
        """Add whole records."""
        self._file.write(records)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        self._file.seek(0)
        while piece := self._file.read(_PIECE * self._form.size):
            yield from self._form.iter_unpack(piece)


class Buckets:
    """Hashes with their places, by their first bits: one bucket after another fits into memory where all do not."""

    def __init__(self) -> None:
        self._tapes = [bytearray() for _ in range(_BUCKETS)]
        self._files = [tempfile.TemporaryFile() for _ in range(_BUCKETS)]  # noqa: SIM115  closed with this object

    def add(self, records: bytes | bytearray) -> None:
        """Add places with hashes, as PLACED packs them."""
        for at in range(0, len(records), PLACED.size):
            record = records[at : at + PLACED.size]
            bucket = record[8] % _BUCKETS
            self._tapes[bucket] += record
            if len(self._tapes[bucket]) > 1 << 16:
                self._files[bucket].write(self._tapes[bucket])
                self._tapes[bucket].clear()

    def first(self, value: bytes) -> int | None:
        """Return the place at which a hash came first; None if it never came."""
        bucket = value[0] % _BUCKETS
        file = self._files[bucket]
        file.seek(0)
        known = PLACED.iter_unpack(file.read() + self._tapes[bucket])
        file.seek(0, 2)
        return min((place for place, one in known if one == value), default=None)

    def again(self) -> Iterator[tuple[int, int]]:
        """Yield each place at which a hash comes again, with the place at which it came first."""
        for file, rest in zip(self._files, self._tapes, strict=True):
            file.seek(0)
            known: dict[bytes, int] = {}
            for place, value in sorted(PLACED.iter_unpack(file.read() + rest)):
                first = known.setdefault(value, place)
                if first != place:
                    yield place, first
            file.seek(0, 2)

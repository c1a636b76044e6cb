"""Long lists on disk: records in the order in which they came, or in buckets in which equal ones meet."""

from __future__ import annotations

import io
import secrets
import struct
import tempfile
from collections.abc import Iterator
from functools import partial
from hashlib import blake2s
from itertools import chain
from typing import IO, Any

from salus_audit.reading.chunks import PLACED

_BUCKETS = 64
_PIECE = 8192
_TAPE = 1 << 14


class Tape:
    """Records of one form, read in the order in which they were written."""

    def __init__(self, form: struct.Struct) -> None:
        self._form = form
        self._file = tempfile.SpooledTemporaryFile(max_size=1 << 20)  # noqa: SIM115  closed with this object

    def write(self, records: bytes | bytearray) -> None:
        """Add whole records."""
        self._file.write(records)

    def clear(self) -> None:
        """Forget all of them."""
        self._file.seek(0)
        self._file.truncate()

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        self._file.seek(0)
        while piece := self._file.read(_PIECE * self._form.size):
            yield from self._form.iter_unpack(piece)


class Buckets:
    """Hashes with their places, in buckets of which one after another fits into memory where all do not.

    Which bucket is drawn by a salt that no log knows: one that chooses its hashes cannot bring them all into one. They
    are added in the order of their places; of equal ones the first alone is kept in memory.
    """

    def __init__(self) -> None:
        self._salt = secrets.token_bytes(16)
        self._tapes = [bytearray() for _ in range(_BUCKETS)]
        self._files: dict[int, IO[bytes]] = {}

    def bucket_of(self, value: bytes) -> int:
        """Return the bucket of a hash."""
        return blake2s(value, digest_size=1, key=self._salt).digest()[0] % _BUCKETS

    def add(self, records: bytes | bytearray) -> None:
        """Add places with hashes, as PLACED packs them."""
        for at in range(0, len(records), PLACED.size):
            record = records[at : at + PLACED.size]
            bucket = self.bucket_of(bytes(record[8:]))
            self._tapes[bucket] += record
            if len(self._tapes[bucket]) > _TAPE:
                if bucket not in self._files:  # of a short log there is none
                    self._files[bucket] = tempfile.TemporaryFile()  # noqa: SIM115  closed with this object
                self._files[bucket].write(self._tapes[bucket])
                self._tapes[bucket].clear()

    def places(self, value: bytes) -> list[int]:
        """Return the places at which a hash came, the first one first."""
        bucket = self.bucket_of(value)
        file = self._files.get(bucket) or io.BytesIO()
        file.seek(0)
        known = PLACED.iter_unpack(file.read() + self._tapes[bucket])
        file.seek(0, 2)
        return sorted(place for place, one in known if one == value)

    def again(self) -> Iterator[tuple[int, int]]:
        """Yield each place at which a hash comes again, with the place at which it came first."""
        for bucket, rest in enumerate(self._tapes):
            file = self._files.get(bucket) or io.BytesIO()
            file.seek(0)
            known: dict[bytes, int] = {}
            pieces = iter(partial(file.read, _PIECE * PLACED.size), b"")
            for place, value in chain.from_iterable(map(PLACED.iter_unpack, chain(pieces, [bytes(rest)]))):
                first = known.setdefault(value, place)
                if first != place:
                    yield place, first
            file.seek(0, 2)

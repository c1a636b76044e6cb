"""Bodies at rest: zstd with a dictionary of our own, then AES-256-GCM under the chart's key.

Layout: format byte 1, dictionary byte, 12-byte nonce, ciphertext with tag. The associated data bind a body to its
resource and version, so that no row can pass for another.
"""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from salus.kernel import Unsafe

_FORMAT = 1
_DICTIONARY = 1
_LEVEL = 3
_MOST_BYTES = 256 * 1024 * 1024
_LEAST_BYTES = 2 + 12 + 16
_local = threading.local()


def seal(key: bytes, resource_key: int, version: int, body: bytes) -> bytes:
    """Compress and encrypt a body under its chart's key."""
    nonce = os.urandom(12)
    packed = _compressor().compress(body)
    return bytes((_FORMAT, _DICTIONARY)) + nonce + AESGCM(key).encrypt(nonce, packed, _bound(resource_key, version))


def unseal(key: bytes, resource_key: int, version: int, sealed: bytes) -> bytes:
    """Decrypt and decompress a body. Raises Unsafe if it is not the one that was sealed for this row."""
    return _open(AESGCM(key), resource_key, version, sealed)


def _open(cipher: AESGCM, resource_key: int, version: int, sealed: bytes) -> bytes:
    if len(sealed) < _LEAST_BYTES or sealed[0] != _FORMAT or sealed[1] not in (0, _DICTIONARY):
        raise Unsafe("a stored body has a format that this release does not know", code="SALUS-R501")
    try:
        packed = cipher.decrypt(sealed[2:14], sealed[14:], _bound(resource_key, version))
        return _decompressor(sealed[1]).decompress(packed, max_output_size=_MOST_BYTES)
    except (InvalidTag, zstandard.ZstdError):
        raise Unsafe("a stored body does not open with its chart's key", code="SALUS-R502") from None


def unseal_each(keys: Mapping[int, bytes], rows: Iterable[tuple[int, int, int, bytes]]) -> Iterator[bytes]:
    """Open many bodies, one after another: (chart, resource, version, sealed). Each chart's cipher is made once."""
    ciphers = {chart: AESGCM(key) for chart, key in keys.items()}
    for chart, resource, version, sealed in rows:
        yield _open(ciphers[chart], resource, version, sealed)


def _bound(resource_key: int, version: int) -> bytes:
    return struct.pack(">qi", resource_key, version)


def _compressor() -> zstandard.ZstdCompressor:
    found: zstandard.ZstdCompressor | None = getattr(_local, "compressor", None)
    if found is None:
        found = _local.compressor = zstandard.ZstdCompressor(level=_LEVEL, dict_data=_dictionary())
    return found


def _decompressor(dictionary: int) -> zstandard.ZstdDecompressor:
    name = f"decompressor{dictionary}"
    found: zstandard.ZstdDecompressor | None = getattr(_local, name, None)
    if found is None:
        found = zstandard.ZstdDecompressor(dict_data=_dictionary()) if dictionary else zstandard.ZstdDecompressor()
        setattr(_local, name, found)
    return found


@cache
def _dictionary() -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict((files("salus.records") / "dictionary-1.zstd").read_bytes())

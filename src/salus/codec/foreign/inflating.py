"""Inflate what a stranger compressed, up to a bound: a few octets can unfold to any length."""

from __future__ import annotations

import zlib

from salus.codec.errors import CodecError, Fault

ZLIB, RAW = 15, -15


def inflate(packed: bytes, most: int, form: int = ZLIB) -> bytes:
    """Inflate a whole stream of zlib (RFC 1950) or raw deflate (RFC 1951) to at most `most` octets.

    Raises CodecError for a broken or unfinished stream, for octets after its end, and for more than `most`.
    """
    inflater = zlib.decompressobj(form)
    try:
        found = inflater.decompress(packed, most + 1)
    except zlib.error:
        raise CodecError("the message is not compressed as it has to be", Fault.COMPRESSION) from None
    if len(found) > most:
        raise CodecError(f"the message inflates to more than {most} octets", Fault.LENGTH)
    if not inflater.eof or inflater.unused_data:
        raise CodecError("the compressed message does not end where its text does", Fault.COMPRESSION)
    return found

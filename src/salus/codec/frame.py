"""Compression of a signed message, used only where it helps; the first octet tells (0x78 is zlib, RFC 1950)."""

from __future__ import annotations

import zlib

from salus.codec.errors import CodecError, Fault

_ZLIB = 0x78
MOST_OCTETS = 16 * 1024


def pack(message: bytes) -> bytes:
    """Compress a message if that makes it smaller; a message never begins with 0x78 by itself.

    Deflate has many encodings of one input, so a form that must be unique is not packed (see `sl1`).
    """
    if message[:1] == bytes([_ZLIB]):
        raise CodecError("a message cannot begin with the octet that marks compression", Fault.COMPRESSION)
    packed = zlib.compress(message, 9)
    return packed if len(packed) < len(message) else message


def unpack(frame: bytes, most: int = MOST_OCTETS) -> bytes:
    """Return the message of a frame; at most `most` octets are ever inflated.

    Raises CodecError for broken or unfinished streams, for octets after the end, and for a longer message.
    """
    if frame[:1] != bytes([_ZLIB]):
        return _bounded(frame, most)
    inflater = zlib.decompressobj()
    try:
        message = inflater.decompress(frame, most + 1)
    except zlib.error:
        raise CodecError("the compressed message is broken", Fault.COMPRESSION) from None
    _bounded(message, most)
    if not inflater.eof or inflater.unused_data:
        raise CodecError("the compressed message does not end where the code does", Fault.COMPRESSION)
    return message


def _bounded(message: bytes, most: int) -> bytes:
    if len(message) > most:
        raise CodecError(f"the message is longer than {most} octets", Fault.LENGTH)
    return message

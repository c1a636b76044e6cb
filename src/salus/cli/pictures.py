"""Read a code out of a file, which holds it as text or as a picture; whatever cannot be read is an empty text."""

from __future__ import annotations

from pathlib import Path

import click
import zxingcpp
from PIL import Image, UnidentifiedImageError

MOST_TEXT_OCTETS = 4096
MOST_FILE_OCTETS = 32 * 1024 * 1024
MOST_PIXELS = 64_000_000


def text_of(path: Path) -> str:
    """Return the code in a file: its text if it is a short text file, else the first QR code of the picture.

    Raises click's UsageError if there is no such file. A picture that shows no code gives an empty text.
    """
    if not path.is_file():
        raise click.UsageError(f"{path} is no file, and no code either: a code begins with SL1:")
    if path.stat().st_size > MOST_FILE_OCTETS:
        raise click.UsageError(f"{path} is larger than {MOST_FILE_OCTETS // 1024 // 1024} MiB")
    octets = path.read_bytes()
    if len(octets) <= MOST_TEXT_OCTETS and not octets.startswith((b"\x89PNG", b"\xff\xd8")):
        return octets.decode("utf-8", "replace")
    return _in_picture(path)


def _in_picture(path: Path) -> str:
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                return ""
            grey = picture.convert("L")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return ""
    pixels = memoryview(grey.tobytes()).cast("B", shape=[grey.height, grey.width])
    found = zxingcpp.read_barcodes(pixels, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return next((one.text for one in found if one.valid), "")

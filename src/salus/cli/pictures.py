"""Read codes out of a file: text, a picture, or the pages of a PDF. Whatever cannot be read is an empty text."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import click
import zxingcpp
from PIL import Image, UnidentifiedImageError

MOST_TEXT_OCTETS = 4096
MOST_FILE_OCTETS = 32 * 1024 * 1024
MOST_PIXELS = 64_000_000


def octets_of(path: Path) -> bytes:
    """Return what a file holds. Raises click's UsageError if there is none, or if it is too large."""
    if not path.is_file():
        raise click.UsageError(f"{path} is no file, and no code either: a code begins with SL1:, HC1: or shc:/")
    if path.stat().st_size > MOST_FILE_OCTETS:
        raise click.UsageError(f"{path} is larger than {MOST_FILE_OCTETS // 1024 // 1024} MiB")
    return path.read_bytes()


def texts_in(octets: bytes, path: Path) -> list[str]:
    """Return the codes in a file: its text if it is short, the first QR code of a picture, all those of a PDF's pages.

    There is at least one: where no code can be read, an empty text.
    """
    if octets.startswith(b"%PDF-"):
        # loaded by those who have a PDF: a door's check waits for nothing that it does not need
        pages: list[str] = import_module("salus.cli.papers").codes_on_pages(octets)
        return pages or [""]
    if len(octets) <= MOST_TEXT_OCTETS and not octets.startswith((b"\x89PNG", b"\xff\xd8")):
        return [octets.decode("utf-8", "replace")]
    return [_in_picture(path)]


def codes_in(grey: Image.Image) -> list[str]:
    """Return the texts of all QR codes in a grey picture."""
    pixels = memoryview(grey.tobytes()).cast("B", shape=[grey.height, grey.width])
    found = zxingcpp.read_barcodes(pixels, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return [one.text for one in found if one.valid]


def _in_picture(path: Path) -> str:
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                return ""
            grey = picture.convert("L")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return ""
    return next(iter(codes_in(grey)), "")

"""Read codes out of a file: text, a picture, or the pages of a PDF. Whatever cannot be read is an empty text."""

from __future__ import annotations

import codecs
import json
import re
from importlib import import_module
from pathlib import Path

import click
import zxingcpp
from PIL import Image, UnidentifiedImageError

from salus.codec import CodecError
from salus.codec.foreign import spelled

MOST_TEXT_OCTETS = 4096
MOST_FILE_OCTETS = 32 * 1024 * 1024
MOST_PIXELS = 64_000_000
_BEGINS = re.compile(r"SL1:|HC1:|shc:/|eyJ", re.IGNORECASE)


def octets_of(path: Path) -> bytes:
    """Return what a file holds. Raises click's UsageError if there is none, or if it is too large."""
    if not path.is_file():
        raise click.UsageError(f"{path} is no file, and no code either: a code begins with SL1:, HC1: or shc:/")
    if path.stat().st_size > MOST_FILE_OCTETS:
        raise click.UsageError(f"{path} is larger than {MOST_FILE_OCTETS // 1024 // 1024} MiB")
    return path.read_bytes()


def texts_in(octets: bytes, path: Path) -> list[str]:
    """Return the codes in a file: of its text if it is short, of a picture, of a PDF's pages, of a file of cards.

    There is at least one: where no code can be read, an empty text.
    """
    if octets.startswith(b"%PDF-"):
        # loaded by those who have a PDF: a door's check waits for nothing that it does not need
        pages: list[str] = import_module("salus.cli.papers").codes_on_pages(octets)
        return pages or [""]
    if len(octets) <= MOST_TEXT_OCTETS and not octets.startswith((b"\x89PNG", b"\xff\xd8")):
        return _in_text(octets)
    if octets.lstrip().startswith(b"{"):
        return _in_card_file(octets)
    return _in_picture(path) or [""]


def codes_in(grey: Image.Image) -> list[str]:
    """Return the texts of all QR codes in a grey picture."""
    pixels = memoryview(grey.tobytes()).cast("B", shape=[grey.height, grey.width])
    found = zxingcpp.read_barcodes(pixels, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return [one.text for one in found if one.valid]


def _in_text(octets: bytes) -> list[str]:
    """Return the codes of a text, one to a line, or one that is broken over lines; a JWS as the codes that spell it."""
    marked = octets.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = octets.decode("utf-16" if marked else "utf-8-sig", "replace").strip()
    if text.startswith("{"):
        return _in_card_file(text.encode())
    lines = [line for line in text.splitlines() if line.strip()]  # a space at a break belongs to the code
    codes = lines if all(_BEGINS.match(line.strip()) for line in lines) else ["".join(lines)]
    return [each for one in codes for each in numeric(one.strip())] or [""]


def _in_card_file(octets: bytes) -> list[str]:
    """Return the codes that spell the cards of a file as SMART Health Cards has it (`.smart-health-card`)."""
    try:
        signed = json.loads(octets)["verifiableCredential"]
        return [each for one in signed for each in numeric(str(one))] or [""]
    except (ValueError, TypeError, KeyError, RecursionError):
        return [""]


def numeric(text: str) -> list[str]:
    """Return the codes that spell a JWS; any other text as it is."""
    try:
        return spelled(text)
    except CodecError:
        return [text]


def _in_picture(path: Path) -> list[str]:
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                return []
            grey = _on_white(picture) if picture.has_transparency_data else picture.convert("L")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return []
    return list(dict.fromkeys(codes_in(grey)))


def _on_white(picture: Image.Image) -> Image.Image:
    """Lay a picture that is transparent somewhere on white, as paper and screens show it."""
    ground = Image.new("RGBA", picture.size, "white")
    ground.alpha_composite(picture.convert("RGBA"))
    return ground.convert("L")

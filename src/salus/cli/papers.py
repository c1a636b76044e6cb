"""Read QR codes off the pages of a PDF, within bounds: so many pages, so many pixels of each, so many codes."""

from __future__ import annotations

import math

import pypdfium2 as pdfium

from salus.cli.pictures import codes_in

MOST_PAGES = 16
MOST_CODES = 64
MOST_PAGE_PIXELS = 16_000_000
DOTS_PER_INCH = 200
_POINTS = 72
_SMALLEST_SIDE = 8


def codes_on_pages(octets: bytes) -> list[str]:
    """Return the codes on the first MOST_PAGES pages, page by page; none if the PDF cannot be read or is locked.

    A page is drawn at 200 dots an inch, or at as many as MOST_PAGE_PIXELS allow, however large it says that it is.
    """
    found: list[str] = []
    try:
        document = pdfium.PdfDocument(octets)
    except (pdfium.PdfiumError, ValueError):
        return []
    try:
        for number in range(min(len(document), MOST_PAGES)):
            found += _codes_on(document, number)
    finally:
        document.close()
    return found[:MOST_CODES]


def _codes_on(document: pdfium.PdfDocument, number: int) -> list[str]:
    try:
        page = document[number]
        width, height = page.get_size()
        if not 0 < width * height < math.inf:
            return []
        scale = min(DOTS_PER_INCH / _POINTS, math.sqrt(MOST_PAGE_PIXELS / (width * height)))
        if min(width, height) * scale < _SMALLEST_SIDE:  # a strip, on which there is no code
            return []
        drawn = page.render(scale=scale, grayscale=True, may_draw_forms=False).to_pil()
    except (pdfium.PdfiumError, ValueError, OSError):
        return []
    return codes_in(drawn.convert("L"))

"""A code as a QR picture for screen and paper: black on white in every theme, with its quiet zone, in millimetres."""

from __future__ import annotations

import re
from html import escape

import zxingcpp

from salus.kernel import Invalid

SMALLEST_MODULE_MM = 0.6
QUIET_MODULES = 4
MOST_CHARACTERS = 512
_DARK = re.compile(b"\\x00+")


def qr_svg(text: str, *, title: str = "", module_mm: float = 0.8) -> str:
    """Draw a text of at most 512 characters as a QR code, level M (ISO/IEC 18004), and return an SVG element.

    `title` is what a screen reader says; without it the picture is hidden from one. The picture brings its own white
    ground and a quiet zone of four modules, and uses attributes only, so that neither a dark theme nor a
    Content-Security-Policy changes it. Raises Invalid for a module under 0.6 mm, which cheap cameras do not resolve
    from paper, and for text that does not fit.
    """
    if not module_mm >= SMALLEST_MODULE_MM:
        raise Invalid(f"a module is at least {SMALLEST_MODULE_MM} mm wide", code="SALUS-H002")
    side, pixels = _modules(text)
    whole = side + 2 * QUIET_MODULES
    width = f"{whole * module_mm:g}mm"
    named = (' role="img"', f"<title>{escape(title)}</title>") if title else (' aria-hidden="true"', "")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg"{named[0]} width="{width}" height="{width}"'
        f' viewBox="0 0 {whole} {whole}" shape-rendering="crispEdges">{named[1]}'
        f'<rect width="{whole}" height="{whole}" fill="#ffffff"/>'
        f'<path fill="#000000" d="{_path(side, pixels)}"/></svg>'
    )


def _modules(text: str) -> tuple[int, bytes]:
    """Return the side of the symbol and its modules row by row, without the quiet zone; 0 is dark."""
    if not 0 < len(text) <= MOST_CHARACTERS:
        raise Invalid(f"a QR code takes 1 to {MOST_CHARACTERS} characters", code="SALUS-H002")
    symbol = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    image = symbol.to_image(add_quiet_zones=False)
    return image.shape[0], bytes(memoryview(image))  # type: ignore[arg-type]


def _path(side: int, pixels: bytes) -> str:
    return "".join(
        f"M{run.start() + QUIET_MODULES} {row + QUIET_MODULES}h{run.end() - run.start()}v1h{run.start() - run.end()}z"
        for row in range(side)
        for run in _DARK.finditer(pixels[row * side : (row + 1) * side])
    )

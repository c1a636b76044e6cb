"""Draw a QR code as SVG: dark modules as strokes of one path, which say each row in the fewest octets; a quiet zone of
four, no style, as a strict CSP asks."""

from __future__ import annotations

from typing import Any

import zxingcpp
from markupsafe import Markup

QUIET_ZONE = 4


def modules(text: str) -> list[list[bool]]:
    """Return the symbol's modules, row by row without the quiet zone, true where dark; error correction is Q."""
    barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="Q")
    image: Any = zxingcpp.write_barcode_to_image(barcode, scale=1, add_quiet_zones=False)
    rows: Any = memoryview(image).tolist()
    return [[pixel == 0 for pixel in row] for row in rows]


def svg(text: str, label: str) -> Markup:
    """Draw the code of `text`; `label` is what a screen reader says instead."""
    rows = modules(text)
    side = len(rows) + 2 * QUIET_ZONE
    path = "".join(
        f"M{start + QUIET_ZONE} {row + QUIET_ZONE}h{length}"
        for row, line in enumerate(rows)
        for start, length in _runs(line)
    )
    return Markup(
        '<svg class="salus-qr" viewBox="0 0 {side} {side}" role="img" aria-label="{label}">'
        '<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path stroke="#000" shape-rendering="crispEdges"'
        ' transform="translate(0 .5)" d="{path}"/></svg>'
    ).format(side=side, label=label, path=path)


def _runs(line: list[bool]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for column, dark in enumerate(line):
        if dark and found and sum(found[-1]) == column:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        elif dark:
            found.append((column, 1))
    return found

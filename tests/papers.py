"""What a PDF of ours shows as filled rectangles, in millimetres: enough to measure a printed code and to read it.

It follows the operators of ISO 32000 that place and fill paths, and knows no text, no curves and no pictures.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

MM = 25.4 / 72
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_PLACING = re.compile(rb"(?:-?[\d.]+ ){6}cm\b")
_BOX = re.compile(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]")
Matrix = tuple[float, float, float, float, float, float]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A rectangle that is filled, in millimetres from the lower left corner; `grey` is 0 for black and 1 for white."""

    left: float
    bottom: float
    right: float
    top: float
    grey: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One page."""

    width: float
    height: float
    filled: tuple[Filled, ...]

    def picture(self, per_mm: int) -> tuple[int, int, bytes]:
        """Return what is filled as grey octets row by row, with width and height."""
        width, height = round(self.width * per_mm), round(self.height * per_mm)
        rows = [bytearray(b"\xff" * width) for _ in range(height)]
        for one in self.filled:
            left, right = round(one.left * per_mm), round(one.right * per_mm)
            ink = bytes([round(255 * one.grey)]) * max(0, right - left)
            for row in rows[round((self.height - one.top) * per_mm) : round((self.height - one.bottom) * per_mm)]:
                row[left:right] = ink
        return width, height, b"".join(rows)


def papers(octets: bytes) -> list[Paper]:
    """Read the pages of a PDF, in their order."""
    boxes = [(float(width) * MM, float(height) * MM) for width, height in _BOX.findall(octets)]
    contents = [content for content in streams(octets) if _PLACING.search(content)]
    return [
        Paper(width=width, height=height, filled=tuple(_filled(content)))
        for (width, height), content in zip(boxes, contents, strict=True)
    ]


def streams(octets: bytes) -> Iterator[bytes]:
    """Yield each deflated stream of a PDF, inflated.

    A stream says itself where it ends: one may well close with an octet that reads as a line's end.
    """
    for begun in _STREAM.finditer(octets):
        with suppress(zlib.error):
            yield zlib.decompressobj().decompress(octets[begun.end() :])


def _filled(content: bytes) -> Iterator[Filled]:
    """Follow the operators of a page."""
    matrix, grey, kept = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0), 0.0, list[tuple[Matrix, float]]()
    paths = list[list[Point]]()
    for operator, given in _operators(content):
        if operator == b"q":
            kept.append((matrix, grey))
        elif operator == b"Q":
            matrix, grey = kept.pop()
        elif operator == b"cm":
            matrix = _times((given[0], given[1], given[2], given[3], given[4], given[5]), matrix)
        elif operator == b"scn":
            grey = sum(given) / len(given)
        elif operator == b"m":
            paths.append([_placed(matrix, given)])
        elif operator == b"l":
            paths[-1].append(_placed(matrix, given))
        elif operator in (b"f", b"S", b"n"):
            yield from (_box(path, grey) for path in paths if operator == b"f")
            paths = []


def _operators(content: bytes) -> Iterator[tuple[bytes, list[float]]]:
    """Yield each operator with the numbers before it; texts and names are left out."""
    numbers = list[float]()
    for word in re.sub(rb"BT.*?ET", b" ", content, flags=re.DOTALL).replace(b"/", b" /").split():
        try:
            numbers.append(float(word))
        except ValueError:
            yield word, numbers
            numbers = []


def _times(one: Matrix, other: Matrix) -> Matrix:
    a, b, c, d, e, f = one
    g, h, i, j, k, m = other
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def _placed(matrix: Matrix, given: list[float]) -> Point:
    (x, y), (a, b, c, d, e, f) = given, matrix
    return (a * x + c * y + e) * MM, (b * x + d * y + f) * MM


def _box(path: list[Point], grey: float) -> Filled:
    across, up = [x for x, _ in path], [y for _, y in path]
    corners = {(round(x, 3), round(y, 3)) for x, y in path}
    assert len(corners) == 4, "only rectangles are filled here"
    return Filled(left=min(across), bottom=min(up), right=max(across), top=max(up), grey=grey)

"""Set cards with a code as PDF: one on a postcard (A6), or ten of the size of a bank card on a sheet (A4).

A code is black on white, with its quiet zone of four modules, never inverted and never under 0.6 mm a module.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from salus.healthcode import qr_svg
from salus.web.card_words import ALT, FOR_CARE, SAYS_NOTHING, TITLE
from salus.web.render import Speech
from salus.web.typesetting import compiled, fonts_of, has_glyphs, text_of
from salus.web.views import Language

WALLET_MM, POSTCARD_MM = (85.6, 54.0), (105, 148)
MOST_MODULE_MM, MOST_CODE_MM = {"a4": 0.8, "a6": 1.2}, {"a4": 46.0, "a6": 86.0}
_SIDE = re.compile(r'viewBox="0 0 (\d+) ')
_HEAD = """
#set document(title: {title}, date: datetime(year: {at.year}, month: {at.month}, day: {at.day}))
#set text(lang: "{lang}", font: {fonts}, size: {size}pt, fallback: false)
#set par(spacing: 0.6em)
"""
_WALLET = '#set page(paper: "a4", margin: (x: 18mm, top: 13mm, bottom: 10mm))\n'
_POSTCARD = "#set page(width: 105mm, height: 148mm, margin: 9mm)\n"


class Sheet(StrEnum):
    """What cards are printed on."""

    POSTCARD = "a6"
    WALLET = "a4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """What one card shows: the code, and a mark by which a desk knows whose it is, an initial and a number."""

    code: str = field(repr=False)
    mark: str


def cards_pdf(faces: Sequence[Face], sheet: Sheet, language: Language, at: datetime) -> bytes:
    """Set cards as one PDF/UA-1 document, dated `at`. Raises NoChineseFont where a glyph would be missing.

    What this machine has no font for is left out of a mark, whatever its script: the card is of use without it.
    """
    speech = Speech(language)
    faces = [Face(code=one.code, mark="".join(filter(has_glyphs, one.mark)).strip()) for one in faces]
    said = [speech.word(text) for text in (TITLE, FOR_CARE, SAYS_NOTHING, ALT)]
    fonts = fonts_of("".join([*said, *(one.mark for one in faces)]))
    size = 8 if sheet is Sheet.WALLET else 11
    head = _HEAD.format(title=text_of(said[0]), at=at, lang=language.value, fonts=fonts, size=size)
    body = _wallet(faces, said) if sheet is Sheet.WALLET else _postcards(faces, said)
    return compiled(head + body, at)


def check_cards(language: Language) -> None:
    """Raise NoChineseFont if this machine cannot set cards in a language."""
    speech = Speech(language)
    fonts_of("".join(speech.word(text) for text in (TITLE, FOR_CARE, SAYS_NOTHING, ALT)))


def _wallet(faces: Sequence[Face], said: Sequence[str]) -> str:
    """Lay cards out side by side, to be cut apart along thin lines that keep away from every code."""
    width, height = WALLET_MM
    cells = []
    for face in faces:
        words = _words(face, said)
        picture = _picture(face.code, Sheet.WALLET, said[3])
        inside = f"grid(columns: (auto, 1fr), column-gutter: 3mm, align: horizon, {picture}, [{words}])"
        cells.append(f"block(width: {width}mm, height: {height}mm, inset: 4mm, breakable: false, {inside})")
    grid = f"#grid(columns: ({width}mm, {width}mm), stroke: 0.3pt + luma(170), align: horizon,\n" + ",\n".join(cells)
    return f"{_WALLET}{grid})\n"


def _postcards(faces: Sequence[Face], said: Sequence[str]) -> str:
    pages = [
        f"#align(center)[#{_picture(face.code, Sheet.POSTCARD, said[3])}\n\n{_words(face, said)}]" for face in faces
    ]
    return _POSTCARD + "\n#pagebreak()\n".join(pages)


def _words(face: Face, said: Sequence[str]) -> str:
    mark = f"#text(size: 1.6em, weight: 700, {text_of(face.mark)})\n\n" if face.mark else ""
    return f"{mark}#strong({text_of('Salus')})\n\n#{text_of(said[1])}\n\n#text(size: 0.9em, {text_of(said[2])})"


def _picture(code: str, sheet: Sheet, alt: str) -> str:
    """Draw a code, its quiet zone included, as large as there is room; Invalid where that would be too small."""
    side = _SIDE.search(qr_svg(code))
    assert side is not None  # noqa: S101 - our own picture
    module_mm = min(MOST_MODULE_MM[sheet], MOST_CODE_MM[sheet] / int(side[1]))
    svg, width = qr_svg(code, module_mm=module_mm), int(side[1]) * module_mm
    return f'image(bytes({text_of(svg)}), format: "svg", width: {width:g}mm, alt: {text_of(alt)})'


__all__ = ["Face", "Sheet", "cards_pdf", "check_cards"]

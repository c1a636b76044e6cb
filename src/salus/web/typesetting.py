"""Set the body of a page as PDF/UA, from the same HTML that the page shows: one source for screen and paper.

Takes headings, paragraphs, lists and tables of our own templates and refuses every other element, so that nothing is
lost on paper unseen. The same HTML gives the same bytes: no clock, no machine font but a Chinese one.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache, lru_cache
from xml.etree.ElementTree import Element, fromstring

import typst

from salus.kernel import Unavailable

CHINESE = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Noto Serif CJK SC", "WenQuanYi Zen Hei")
"""Families of which one must be on the machine for a Chinese PDF: no wheel carries one, and they are megabytes."""
LATIN = "Libertinus Serif"
_PREAMBLE = """
#set document(title: {title}, date: datetime(year: {y}, month: {m}, day: {d}))
#set page(paper: "a4", margin: (x: 18mm, y: 16mm))
#set text(lang: {lang}, font: {fonts}, size: 9.5pt, fallback: false)
#set table(stroke: 0.5pt + luma(120), inset: 4pt)
#set par(spacing: 0.7em)
#show heading.where(level: 1): set text(size: 15pt)
#show heading.where(level: 2): set text(size: 11pt)
"""
_INLINE = frozenset({"time", "span", "code", "strong"})


class NoChineseFont(Unavailable):
    """A Chinese PDF was asked for on a machine without a Chinese font."""

    code = "SALUS-W011"


def chinese_font() -> str | None:
    """Return the Chinese family that this machine has, or None."""
    families = set(_fonts().families())
    return next((family for family in CHINESE if family in families), None)


def pdf(html: str, title: str, lang: str, at: datetime) -> bytes:
    """Set HTML of our own templates as one PDF/UA-1 document, dated `at`. `lang` is en or zh.

    Raises NoChineseFont where a glyph would be missing, and ValueError for an element that is not set here.
    """
    fonts = fonts_of(html + title)
    body = _set(fromstring(f"<div>{html}</div>"))  # noqa: S314 - our own template, in which every text is escaped
    head = _PREAMBLE.format(title=text_of(title), y=at.year, m=at.month, d=at.day, lang=json.dumps(lang), fonts=fonts)
    return compiled(head + body, at)


def compiled(source: str, at: datetime) -> bytes:
    """Set a source of ours as one PDF/UA-1 document, dated `at`."""
    made = typst.compile(
        source.encode(),
        format="pdf",
        font_paths=_fonts(),
        pdf_standards=["ua-1"],
        timestamp=int(at.timestamp()),
    )
    assert isinstance(made, bytes)  # noqa: S101 - one document is bytes, several are a list
    return made


def fonts_of(text: str) -> str:
    """Return the families to set a text with, as a list of Typst; NoChineseFont where a glyph would be missing."""
    chinese = chinese_font()
    if chinese is None and any(one >= "\u2e80" for one in text):
        raise NoChineseFont(
            "this machine has no Chinese font to set the paper with; read the page, or ask the operator for Noto Sans"
            " CJK SC"
        )
    return f"({json.dumps(LATIN)}, {json.dumps(chinese)})" if chinese else f"({json.dumps(LATIN)},)"


@lru_cache(maxsize=4096)
def has_glyphs(sign: str) -> bool:
    """Tell whether a sign can be set on this machine: it is tried, since no list of what a font covers is at hand."""
    if sign.isascii():
        return sign.isprintable()
    try:
        head = f'#set document(title: "-")\n#set text(font: {fonts_of(sign)}, fallback: false)\n'
        compiled(f"{head}#{text_of(sign)}", datetime(2000, 1, 1, tzinfo=UTC))
    except (NoChineseFont, typst.TypstError):
        return False
    return True


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=True)


def text_of(text: str) -> str:
    """Write a text as a string of Typst, in which nothing is markup."""
    escaped = "".join({"\\": "\\\\", '"': '\\"', "\n": " ", "\r": " ", "\t": " "}.get(one, one) for one in text)
    return f'"{escaped}"'


def _set(element: Element) -> str:
    """Turn one block of our HTML into Typst; every text goes in as a string."""
    if element.tag in ("div", "section", "ul"):
        return "".join(_set(child) for child in element)
    if element.tag == "table":
        return _table(element)
    marks = {"h1": "= ", "h2": "== ", "li": "- ", "p": ""}
    if element.tag not in marks:
        raise ValueError(f"<{element.tag}> is not set on paper")
    return f"\n{marks[element.tag]}{_line(element)}\n" + ("" if element.tag == "li" else "\n")


def _line(element: Element) -> str:
    """Turn what stands inside a block into Typst: texts, and strong ones among them."""
    parts = [_said(element.text, first=True)]
    for child in element:
        if child.tag not in _INLINE:
            raise ValueError(f"<{child.tag}> is not set on paper")
        inner = _line(child)
        parts += [f"#strong[{inner}]" if child.tag == "strong" else inner, _said(child.tail)]
    return "".join(parts)


def _said(text: str | None, *, first: bool = False) -> str:
    plain = " ".join((text or "").split())
    if not plain:
        return '#" "' if text and not first else ""
    left = " " if text and text[0].isspace() and not first else ""
    right = " " if text and text[-1].isspace() else ""
    return f"#{text_of(left + plain + right)}"


def _table(element: Element) -> str:
    rows = [[_line(cell) for cell in row] for row in element.iter("tr")]
    caption = element.find("caption")
    columns = max((len(row) for row in rows), default=1)
    cells = ["table.header(" + ", ".join(f"[#strong[{text}]]" for text in rows[0]) + ")"] if rows else []
    cells += [f"[{text}]" for row in rows[1:] for text in row]
    head = f"\n#strong[{_line(caption)}]\n" if caption is not None else ""
    return f"{head}\n#table(columns: {columns}, {', '.join(cells)})\n\n"

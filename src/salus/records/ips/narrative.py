"""The text of a summary document for people: tables in XHTML, of R4's few elements. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from salus.records.ips.model import Filled, Making
from salus.records.ips.words import COLUMNS, NOTHING, UNCONFIRMED, in_language
from salus.records.model import SummaryLine

# What XML 1.0 has no place for, were it escaped or not.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def section_text(section: Filled, making: Making) -> dict[str, str]:
    """Return the narrative of a section: a row for each line, or the sentence that says that there is nothing."""
    lines = [line for _, _, line in section.chosen] + list(section.unreferenced)
    if not lines:
        return div([in_language(NOTHING[section.name], making.language)])
    head = "".join(f"<th>{escape(in_language(words, making.language))}</th>" for words in COLUMNS.values())
    rows = "".join(_row(line, making) for line in lines)
    return _div(f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")


def div(paragraphs: Iterable[str]) -> dict[str, str]:
    """Return paragraphs as a narrative."""
    return _div("".join(f"<p>{_safe(text)}</p>" for text in paragraphs))


def _div(inside: str) -> dict[str, str]:
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inside}</div>'}


def _row(line: SummaryLine, making: Making) -> str:
    unconfirmed = None if line.confirmed else in_language(UNCONFIRMED, making.language)
    detail = _joined((line.value, line.flag, line.usual and f"({line.usual})", line.detail, line.severity, unconfirmed))
    cells = (line.text, detail, line.at or "", making.names.get(line.facility, line.facility))
    return "<tr>" + "".join(f"<td>{_safe(cell)}</td>" for cell in cells) + "</tr>"


def _joined(parts: Sequence[str | None]) -> str:
    return " ".join(part for part in parts if part)


def _safe(text: str) -> str:
    return escape(_NO_XML.sub("\ufffd", text))

"""What a sandbox takes: fictional people alone, each resource marked as made up for testing. Pure.

Whoever could keep real people in one would keep them from seeing who reads their record.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

from salus.identity import DOCUMENT_SYSTEMS, IdNumber, NumberRefused
from salus.records.errors import Problem, RecordRefused
from salus.records.fhir.parse import names_an_element
from salus.records.intake.examine import MOST_PROBLEMS, Examined

FICTIONAL_AREA: Final = "90"
"""No province of China has this code, so that no number which begins with it was ever given to anybody."""
TEST_DATA: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "code": "HTEST",
    "display": "test health data",
}
_REAL = "a sandbox takes fictional people alone: send an identity card's number that begins with 900101, or none"
_LIKE_A_NUMBER = re.compile(r"(?<!\d)\d(?:[ -]?\d){16}[ -]?[\dXx](?![\dA-Za-z])", re.ASCII)


def fictional(examined: Sequence[Examined]) -> None:
    """Raise RecordRefused where a resource carries the number of a document that a real person could hold.

    An identity card's is told by its check character, in whatever element or text it stands; another document's by the
    system that it is said to be of.
    """
    problems = [
        Problem(where=where, text=_REAL, code="business-rule", entry=one.intent.entry)
        for one in examined
        for where in islice(_real(one.resource, one.type), MOST_PROBLEMS)
    ]
    if problems:
        raise RecordRefused(problems[:MOST_PROBLEMS], 422)


def _real(value: Any, path: str) -> Iterator[str]:
    """Yield where somebody could be real, in a resource that is no deeper than may be stored."""
    if isinstance(value, dict):
        if value.get("system") in DOCUMENT_SYSTEMS and not _made_up(str(value.get("value", FICTIONAL_AREA)).strip()):
            yield path
            return
        for name, inside in value.items():
            yield from _real(inside, f"{path}.{name if names_an_element(name) else '?'}")
    elif isinstance(value, list):
        for position, inside in enumerate(value):
            yield from _real(inside, f"{path}[{position}]")
    elif isinstance(value, str | int) and any(map(_could_be_real, _LIKE_A_NUMBER.findall(_plain(str(value))))):
        yield path


def _plain(text: str) -> str:
    """Return a text with the digits of full width, which people write numbers with, as ASCII's."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _could_be_real(written: str) -> bool:
    try:
        return not _made_up(IdNumber.read(written).text)
    except NumberRefused:
        return False


def _made_up(number: str) -> bool:
    return number.startswith(FICTIONAL_AREA)


def marked(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a finished resource with the security label HTEST."""
    labels = [one for one in resource["meta"].get("security") or () if one.get("code") != TEST_DATA["code"]]
    return resource | {"meta": resource["meta"] | {"security": [*labels, TEST_DATA]}}

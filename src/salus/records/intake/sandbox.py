"""What a sandbox takes: fictional people alone, each resource marked as made up for testing. Pure.

Whoever could keep real people in one would keep them from seeing who reads their record.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from salus.identity import DOCUMENT_SYSTEMS
from salus.records.errors import Problem, RecordRefused
from salus.records.intake.examine import Examined

FICTIONAL_AREA: Final = "90"
"""No province of China has this code, so that no number which begins with it was ever given to anybody."""
TEST_DATA: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "code": "HTEST",
    "display": "test health data",
}
_PEOPLE = frozenset({"Patient", "RelatedPerson", "Person"})
_REAL = "a sandbox takes fictional people alone: send an identity card's number that begins with 900101, or none"


def fictional(examined: Sequence[Examined]) -> None:
    """Raise RecordRefused where somebody carries the number of a document that a real person could hold."""
    problems = [
        Problem(where=f"{one.type}.identifier[{position}]", text=_REAL, code="business-rule", entry=one.intent.entry)
        for one in examined
        if one.type in _PEOPLE
        for position, identifier in enumerate(one.resource.get("identifier") or ())
        if identifier.get("system") in DOCUMENT_SYSTEMS
        and not str(identifier.get("value", FICTIONAL_AREA)).strip().startswith(FICTIONAL_AREA)
    ]
    if problems:
        raise RecordRefused(problems, 422)


def marked(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a finished resource with the security label HTEST."""
    labels = [one for one in resource["meta"].get("security") or () if one.get("code") != TEST_DATA["code"]]
    return resource | {"meta": resource["meta"] | {"security": [*labels, TEST_DATA]}}

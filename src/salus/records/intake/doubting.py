"""What is odd in a Patient that is stored as it was sent all the same: told to its sender, never a refusal. Pure.

No text repeats a number, a date or a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from salus.identity.documents import Doubt, Identifier, document_types, read
from salus.identity.errors import NumberRefused
from salus.records.errors import Problem

_Number = Identifier | NumberRefused
_TYPES = {system: kind.code for kind in document_types().values() for system in kind.systems if not kind.per_issuer}


class Odd(StrEnum):
    """What is odd, as it is counted and as a warning's `rule` names it."""

    BIRTH_TO_COME = "birth-to-come"
    NO_NUMBER = "no-number"
    FILLER = "filler"
    UNKNOWN_AREA = "unknown-area"
    OTHER_DOCUMENT = "other-document"
    BORN_BEFORE_1900 = "born-before-1900"
    OTHER_BIRTH_DATE = "other-birth-date"
    OTHER_SEX = "other-sex"

    @property
    def issue(self) -> str:
        """FHIR's code of such an issue (R4, issue-type): an element's value, or a rule between two of them."""
        return "business-rule" if self in (Odd.OTHER_BIRTH_DATE, Odd.OTHER_SEX) else "value"


_KINDS = {
    Doubt.UNKNOWN_AREA: Odd.UNKNOWN_AREA,
    Doubt.OTHER_TYPE: Odd.OTHER_DOCUMENT,
    Doubt.BORN_BEFORE_1900: Odd.BORN_BEFORE_1900,
}
_TEXTS = {
    Doubt.UNKNOWN_AREA: "the number's first two digits are no province's; it is kept as it is",
    Doubt.OTHER_TYPE: "this is no number of a resident's identity card but of another document; check its type",
    Doubt.BORN_BEFORE_1900: "the old number's sequence stands for somebody born before 1900; check the number",
}
_FILLER = "this number is a filler, or the example of a printed form: nobody is told apart or found by it"
_FUTURE = "the birth date lies in the future; check it"


def person_doubts(resource: Mapping[str, Any], today: date, entry: int | None = None) -> list[Problem]:
    """Return a warning for each thing that is odd in who a Patient says that somebody is; [] for any other resource."""
    if resource.get("resourceType") != "Patient":
        return []
    numbers = list(_numbers(resource))
    found = list(_unfound(resource, numbers, today, entry))
    for where, number in numbers:
        if isinstance(number, Identifier) and not number.placeholder:
            found += [_warning(where, odd, text, entry) for odd, text in _contradicted(number, resource, today)]
    return found


def unasked(patient: Mapping[str, Any], today: date) -> Iterator[Problem]:
    """Yield a warning of what nobody can be found by: a number that is none, a filler, a birth date to come."""
    return _unfound(patient, _numbers(patient), today, None)


def _unfound(
    patient: Mapping[str, Any], numbers: Iterable[tuple[str, _Number]], today: date, entry: int | None
) -> Iterator[Problem]:
    born = patient.get("birthDate")
    if isinstance(born, str) and _after(born, today):
        yield _warning("Patient.birthDate", Odd.BIRTH_TO_COME, _FUTURE, entry)
    for where, number in numbers:
        if isinstance(number, NumberRefused):
            yield _warning(where, Odd.NO_NUMBER, f"nobody is found by this number: {number.text}", entry)
        elif number.placeholder:
            yield _warning(where, Odd.FILLER, _FILLER, entry)


def _warning(where: str, odd: Odd, text: str, entry: int | None) -> Problem:
    return Problem(where=where, text=text, code=odd.issue, entry=entry, severity="warning", rule=odd.value)


def _numbers(patient: Mapping[str, Any]) -> Iterator[tuple[str, _Number]]:
    """Yield each number of a document by its element, or why it is none. What has no issuer is not read."""
    written = patient.get("identifier")
    for place, one in enumerate(written if isinstance(written, list) else ()):
        system, value = (one.get("system"), one.get("value")) if isinstance(one, dict) else (None, None)
        type_ = _TYPES.get(system) if isinstance(system, str) else None
        if type_ is None or not isinstance(value, str) or one.get("use") == "old":
            continue
        where = f"Patient.identifier[{place}].value"
        try:
            yield where, read(type_, value)
        except NumberRefused as refused:
            yield where, refused


def _contradicted(number: Identifier, patient: Mapping[str, Any], today: date) -> Iterator[tuple[Odd, str]]:
    """Yield what is odd about a number, by itself and beside the rest of its Patient."""
    yield from ((_KINDS[doubt], _TEXTS[doubt]) for doubt in number.warnings if doubt in _KINDS)
    said, sex = patient.get("birthDate"), patient.get("gender")
    born, named = number.born, number.sex
    if born and isinstance(said, str) and said and not born.isoformat().startswith(said):
        yield Odd.OTHER_BIRTH_DATE, "the number names another birth date than Patient.birthDate; check both"
    if born and born > today:
        yield Odd.BIRTH_TO_COME, "the number names a birth date in the future; check it"
    if named and sex in ("male", "female") and sex != named:
        yield Odd.OTHER_SEX, "the number names another sex than Patient.gender; check both"


def _after(written: str, today: date) -> bool:
    """Tell whether a date, or the year or month that is known of it, begins after today."""
    return written > today.isoformat()[: len(written)]

"""What is odd in a Patient that is stored as it was sent all the same: told to its sender, never a refusal. Pure.

No text repeats a number, a date or a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from salus.identity.documents import Doubt, Identifier, document_types, read
from salus.identity.errors import NumberRefused

_TYPES = {system: kind.code for kind in document_types().values() for system in kind.systems if not kind.per_issuer}

_ODD = {
    Doubt.UNKNOWN_AREA: "the number's first two digits are no province's; it is kept as it is",
    Doubt.OTHER_TYPE: "this is no number of a resident's identity card but of another document; check its type",
    Doubt.BORN_BEFORE_1900: "the old number's sequence stands for somebody born before 1900; check the number",
}
_FILLER = "this number is a filler, or the example of a printed form: nobody is told apart or found by it"
_FUTURE = "the birth date lies in the future; check it"


def person_doubts(resource: Mapping[str, Any], today: date) -> list[tuple[str, str]]:
    """Return (element, what is odd) of who a Patient says that somebody is; [] for any other resource."""
    if resource.get("resourceType") != "Patient":
        return []
    found = list(unasked(resource, today))
    for where, number in _numbers(resource):
        if isinstance(number, Identifier) and not number.placeholder:
            found += [(where, text) for text in _odd(number, resource, today)]
    return found


def unasked(patient: Mapping[str, Any], today: date) -> Iterator[tuple[str, str]]:
    """Yield (element, why) of what nobody can be found by: a number that is none, a filler, a birth date to come."""
    born = patient.get("birthDate")
    if isinstance(born, str) and _after(born, today):
        yield "Patient.birthDate", _FUTURE
    for where, number in _numbers(patient):
        if isinstance(number, NumberRefused):
            yield where, f"nobody is found by this number: {number.text}"
        elif number.placeholder:
            yield where, _FILLER


def _numbers(patient: Mapping[str, Any]) -> Iterator[tuple[str, Identifier | NumberRefused]]:
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


def _odd(number: Identifier, patient: Mapping[str, Any], today: date) -> Iterator[str]:
    yield from (_ODD[doubt] for doubt in number.warnings if doubt in _ODD)
    said, sex = patient.get("birthDate"), patient.get("gender")
    if number.born and isinstance(said, str) and said and not number.born.isoformat().startswith(said):
        yield "the number names another birth date than Patient.birthDate; check both"
    if number.born and number.born > today:
        yield "the number names a birth date in the future; check it"
    if number.sex and sex in ("male", "female") and sex != number.sex:
        yield "the number names another sex than Patient.gender; check both"


def _after(written: str, today: date) -> bool:
    """Tell whether a date, or the year or month that is known of it, begins after today."""
    return written > today.isoformat()[: len(written)]

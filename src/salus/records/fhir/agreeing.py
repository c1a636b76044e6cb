"""Of a Patient that was sent, what agrees with what is known: the answer of a match says nothing else. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from salus.records.fhir.person import columns

NAME, BIRTH_DATE, GENDER, NUMBER, TELEPHONE = "name", "birthDate", "gender", "identifier", "telecom"
_NAME_PARTS = ("family", "given")


def agreeing(patient: Mapping[str, Any], agreed: Collection[str], types: Mapping[str, str]) -> dict[str, Any]:
    """Return the sent elements that are among `agreed`, as sent, without what stands beside them.

    Of names, numbers and telephones only one that was sent alone: of several nobody here knows which agreed. An
    address never is: it is a place. `types` names the type of document of each identifier system.
    """
    said = columns(patient, types)
    told: dict[str, Any] = {}
    if NUMBER in agreed and len(said["numbers"]) == 1:
        told[NUMBER] = [
            {"system": one["system"], "value": one["value"]} for one in _numbers(patient, said["numbers"][0], types)
        ]
    if NAME in agreed and len(said["names"]) == 1:
        told[NAME] = [_name(one) for one in patient[NAME] if _name(one)]
    if TELEPHONE in agreed and len(said["phones"]) == 1:
        told[TELEPHONE] = [
            {"system": one["system"], "value": one["value"]}
            for one in patient[TELEPHONE]
            if one.get("value") == said["phones"][0] and one.get("system") in ("phone", "sms")
        ]
    told |= {element: patient[element] for element in (GENDER, BIRTH_DATE) if element in agreed}
    return told


def _numbers(patient: Mapping[str, Any], number: tuple[str, str], types: Mapping[str, str]) -> list[Mapping[str, Any]]:
    return [one for one in patient[NUMBER] if (types.get(one.get("system", "")), one.get("value")) == number]


def _name(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a name was compared: its text, else its parts."""
    return {"text": one["text"]} if one.get("text") else {part: one[part] for part in _NAME_PARTS if part in one}

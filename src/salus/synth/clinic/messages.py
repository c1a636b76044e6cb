"""What goes wrong with messages on their way, planted and known: sent twice, mistyped, left out, written otherwise.

Sources of the kinds: the study of identity; how often each happens is a guess, and rarer than in life.
"""

from __future__ import annotations

import copy
from typing import Any

from salus.synth.model import Delivery, Dice, Resident

# The first residents' messages are all as they should be, so that small countries are plain.
FIRST_SPOILT = 100
KINDS = (
    "",
    "sent-twice",
    "wrong-phone",
    "mistyped-number",
    "no-birth-date",
    "pinyin-only",
    "other-character",
    "names-swapped",
)
_WEIGHTS = (942, 12, 8, 6, 8, 10, 8, 6)
# Characters that are heard alike: a clerk writes one for the other.
_ALIKE = dict(zip("晓佳杰雅涵志诚静红玉", "小嘉洁娅函智成靖洪钰", strict=True))
_MISREAD = "昕"


def planted(seed: int, resident: int, facility: str) -> str:
    """Return what goes wrong with the message of a resident's visits to a facility; "" for nothing."""
    if resident < FIRST_SPOILT:
        return ""
    return Dice(seed, "message", resident, facility).weighted(KINDS, _WEIGHTS)


def spoilt(bundle: dict[str, Any], resident: Resident, kind: str) -> dict[str, Any]:
    """Return the bundle with one mistake in its Patient; the visits stay the same."""
    patient = copy.deepcopy(bundle["entry"][0]["resource"])
    if kind == "wrong-phone":
        patient["telecom"][0]["value"] = "10000000000"
    elif kind == "mistyped-number":
        patient["identifier"][0]["value"] = resident.number[:17] + _other(resident.number[17])
    elif kind == "no-birth-date":
        del patient["birthDate"]
    elif kind == "pinyin-only":
        patient["name"] = patient["name"][1:]
    elif kind == "other-character":
        written = "".join(_ALIKE.get(character, character) for character in resident.given_zh)
        written = written if written != resident.given_zh else resident.given_zh[:-1] + _MISREAD
        patient["name"][0] |= {"text": resident.family_zh + written, "given": [written]}
    elif kind == "names-swapped":
        patient["name"][0] |= {"family": resident.given_zh, "given": [resident.family_zh]}
    return {**bundle, "entry": [{**bundle["entry"][0], "resource": patient}, *bundle["entry"][1:]]}


def _other(check: str) -> str:
    return "0" if check == "X" else "X" if check == "9" else str(int(check) + 1)


def clean(delivery: Delivery, kind: str) -> Delivery | None:
    """Return what is sent once more afterwards, if anything is: the same again, or the same put right.

    Where the first was taken the desk had opened a second file by then: a hospital's number names one Patient.
    """
    again = {"sent-twice": "again", "wrong-phone": "phone-corrected", "mistyped-number": "number-corrected"}.get(kind)
    if again is None:
        return None
    bundle = delivery.bundle if kind == "mistyped-number" else _second_file(delivery.bundle)
    return Delivery(facility_id=delivery.facility_id, bundle=bundle, resident=delivery.resident, planted=again)


def _second_file(bundle: dict[str, Any]) -> dict[str, Any]:
    patient = copy.deepcopy(bundle["entry"][0]["resource"])
    patient["identifier"][1]["value"] += "-2"
    return {**bundle, "entry": [{**bundle["entry"][0], "resource": patient}, *bundle["entry"][1:]]}

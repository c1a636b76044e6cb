"""How likely a visit is on a day of the week and of the year. Pure shares between 0 and 1."""

from __future__ import annotations

import math
from datetime import date

# Monday to Sunday, as outpatient clinics know it; numbers of our own.
WEEKDAYS = (1.0, 0.88, 0.84, 0.83, 0.86, 0.48, 0.34)
_WINTER = {"J06.9": 0.6, "J11.1": 0.85, "J18.9": 0.5, "U07.1": 0.5, "J44.9": 0.3, "J45.9": 0.3}
_SUMMER = {"K52.9": 0.5, "B08.4": 0.7, "S93.4": 0.15}
_COLDEST, _HOTTEST = 15, 200


def share(icd10: str, day: date) -> float:
    """Return which share of an illness's visits on its busiest possible day comes on this day."""
    return WEEKDAYS[day.weekday()] * season(icd10, day)


def season(icd10: str, day: date) -> float:
    """Return the season's part alone: 1 at an illness's yearly peak, and always for those that have none."""
    swing, peak = (_WINTER[icd10], _COLDEST) if icd10 in _WINTER else (_SUMMER.get(icd10, 0.0), _HOTTEST)
    wave = math.cos(2 * math.pi * (day.timetuple().tm_yday - peak) / 365.25)
    return (1 + swing * wave) / (1 + swing)

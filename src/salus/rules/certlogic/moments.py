"""Date-times of CertLogic: whole milliseconds from 1970 in UTC, parsed from the closed list of its formats."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from salus.rules.errors import RuleRefused

UNITS = ("year", "month", "day", "hour")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DAY = 86_400_000
_HOUR = 3_600_000
_YEARS = range(1000, 10_000)  # four digits; beyond them two engines would differ
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_DATE_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:Z|([+-])([0-9]{1,2}):?([0-9]{2})?)?"
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A date-time. Nothing but `plusTime` and `dccDateOfBirth` makes one, and nothing but comparisons takes one."""

    milliseconds: int


def parse_date(text: object) -> Moment:
    """Read YYYY-MM-DD; of YYYY-MM and YYYY, which birth dates may be, the last day."""
    found = _DATE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise RuleRefused("a date is written YYYY, YYYY-MM or YYYY-MM-DD")
    year, month, day = found.groups()
    whole_month = int(month or 12)
    return _moment(int(year), whole_month, int(day) if day else _days_in(int(year), whole_month))


def parse_moment(text: object) -> Moment:
    """Read a date-time in one of the specification's formats; without an offset it is in UTC. Dates are midnight."""
    found = _DATE_TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return parse_date(text)
    year, month, day, hour, minute, second, fraction, sign, hours, minutes = found.groups()
    clock = (int(hour), int(minute), int(second), int(hours or 0), int(minutes or 0))
    if any(number > most for number, most in zip(clock, (23, 59, 59, 23, 59), strict=True)):
        raise RuleRefused("a time of day has hours to 23, minutes and seconds to 59")
    offset = (clock[3] * 60 + clock[4]) * (-60_000 if sign == "-" else 60_000)
    in_day = clock[0] * _HOUR + clock[1] * 60_000 + clock[2] * 1000 + int((fraction or "").ljust(3, "0")[:3])
    return _bounded(_moment(int(year), int(month), int(day)).milliseconds + in_day - offset)


def plus(moment: Moment, amount: int, unit: str) -> Moment:
    """Add an amount. Of a month that is too short for the day the last day is taken, as java.time and SQL do."""
    if unit in {"day", "hour"}:
        return _bounded(moment.milliseconds + amount * (_DAY if unit == "day" else _HOUR))
    days, in_day = divmod(moment.milliseconds, _DAY)
    date = _EPOCH + timedelta(days=days)
    months = date.year * 12 + date.month - 1 + amount * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    if year not in _YEARS:
        raise RuleRefused("a date-time has a year of four digits")
    return Moment(_moment(year, month + 1, min(date.day, _days_in(year, month + 1))).milliseconds + in_day)


def _days_in(year: int, month: int) -> int:
    if year not in _YEARS or not 1 <= month <= 12:
        raise RuleRefused("a date has a year of four digits and a month from 01 to 12")
    return monthrange(year, month)[1]


def _moment(year: int, month: int, day: int) -> Moment:
    if not 1 <= day <= _days_in(year, month):
        raise RuleRefused("a date has a day that its month has")
    return Moment((datetime(year, month, day, tzinfo=UTC) - _EPOCH) // _MILLISECOND)


_FIRST = _moment(_YEARS[0], 1, 1).milliseconds
_LAST = _moment(_YEARS[-1], 12, 31).milliseconds + _DAY - 1


def _bounded(milliseconds: int) -> Moment:
    if not _FIRST <= milliseconds <= _LAST:
        raise RuleRefused("a date-time has a year of four digits")
    return Moment(milliseconds)

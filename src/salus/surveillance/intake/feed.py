"""Read a department's feed: rows of source, series, county, day, count and denominator, and nothing else. Pure.

A field beyond these six refuses the whole feed, by its name. None of the six can hold a name, a number of a person or a
free text: they are a registered organisation, a word of a closed list, six digits, a day, and two whole numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from salus.surveillance.catalogue import feeds
from salus.surveillance.errors import FeedRefused, FigureInvalid
from salus.surveillance.model import Figure

FIELDS = ("source", "series", "county", "day", "count", "denominator")
MOST_ROWS = 50_000
OLDEST = timedelta(days=400)
_MOST_COUNT = 1_000_000_000
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NAMES_A_FIELD = re.compile(r"[A-Za-z][A-Za-z_-]{0,39}", re.ASCII)
# Parts of field names under which other systems keep who somebody is, or where.
_PERSONAL = re.compile(
    r"(?i)(^|[_-])(name|surname|given|family|id|idcard|identity|passport|phone|mobile|tel|email|address|birth|birthday|"
    r"birthdate|born|dob|age|sex|gender|pupil|student|patient|person|resident|parent|mrn|lat|lon|lng|latitude|longitude|"
    r"gps|location|street|photo|face|wechat|account|contact|class|school)s?([_-]|$)|姓名|身份证|电话|手机|住址|生日"
)


def read_feed(source: str, series: str, body: Any, today: date) -> list[Figure]:
    """Read a feed of one series that `source` sends; all of it, or FeedRefused naming the first row that is wrong.

    `body` is parsed JSON: a list of rows. Days lie within the last 400, and none ahead of `today`.
    """
    feeds(series)
    if not isinstance(body, list) or not body:
        raise FeedRefused("send a JSON list of rows", why="shape")
    if len(body) > MOST_ROWS:
        raise FeedRefused(f"send at most {MOST_ROWS:,} rows at a time", why="size")
    figures: dict[tuple[str, date], Figure] = {}
    for n, row in enumerate(body):
        figure = _figure(n, row, source, series, today)
        if (figure.county, figure.day) in figures:
            raise FeedRefused("a county and day stand there twice", why="twice", where=f"row {n}")
        figures[figure.county, figure.day] = figure
    return list(figures.values())


def _figure(n: int, row: Any, source: str, series: str, today: date) -> Figure:
    if not isinstance(row, Mapping):
        raise FeedRefused("a row is a JSON object", why="shape", where=f"row {n}")
    _check_fields(n, row)
    if row["source"] != source:
        raise FeedRefused("source is your own organisation's identifier", why="source", where=f"row {n}, source")
    if row["series"] != series:
        raise FeedRefused("series is the one in the address", why="series", where=f"row {n}, series")
    try:
        return Figure(
            source=source,
            series=series,
            county=row["county"] if isinstance(row["county"], str) else "",
            day=_day(n, row["day"], today),
            count=_whole(n, "count", row["count"]),
            denominator=_whole(n, "denominator", row["denominator"]),
        )
    except FigureInvalid as wrong:
        raise FeedRefused(wrong.text, why="value", where=f"row {n}") from None


def _check_fields(n: int, row: Mapping[Any, Any]) -> None:
    for field in row:
        if field not in FIELDS:
            shown = field if isinstance(field, str) and _NAMES_A_FIELD.fullmatch(field) else "with a name not shown"
            personal = bool(_PERSONAL.search(str(field)))
            told = "it could name a person; a feed holds counts only" if personal else "a feed has no such field"
            raise FeedRefused(
                f"field {shown}: {told}. Nothing was stored; send exactly {', '.join(FIELDS)}",
                why="personal" if personal else "field",
                where=f"row {n}",
            )
    for field in FIELDS:
        if field not in row:
            raise FeedRefused(f"field {field} is missing", why="field", where=f"row {n}")


def _day(n: int, value: Any, today: date) -> date:
    try:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise ValueError
        day = date.fromisoformat(value)
    except ValueError:
        raise FeedRefused("a day is written 2031-03-01", why="value", where=f"row {n}, day") from None
    if not today - OLDEST <= day <= today:
        raise FeedRefused("a day lies within the last 400, and not ahead", why="value", where=f"row {n}, day")
    return day


def _whole(n: int, field: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_COUNT:
        raise FeedRefused(f"{field} is a whole number from 0", why="value", where=f"row {n}, {field}")
    return value

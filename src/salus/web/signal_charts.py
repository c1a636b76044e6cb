"""The charts of signals: from view models and one language's way of writing to SVG. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Protocol

from markupsafe import Markup

from salus.surveillance import Rule
from salus.web import signal_words
from salus.web.charts import Lettering, Point, series, small
from salus.web.views import Words
from salus.web.views.surveillance import SeriesDay, Signal, SignalLine


class Speaking(Protocol):
    """What a language can write."""

    def one(self, text: str) -> str: ...

    def day(self, on: date) -> str: ...

    def figure(self, value: float) -> str: ...

    def plain(self, text: Words) -> str: ...


def filters(speech: Speaking) -> dict[str, Callable[..., str]]:
    """Return what templates draw and say signals with, in one language."""
    return {
        "finding": lambda view: finding(view, speech),
        "signal_chart": lambda view: chart(view, speech),
        "small_chart": lambda line: small_chart(line, speech),
    }


def finding(view: Signal, speech: Speaking) -> str:
    """Return the finding as one line, which is the title of the chart."""
    single = view.rule is Rule.SINGLE_CASE
    return speech.one(signal_words.FINDING_SINGLE if single else signal_words.FINDING) % {
        "name": speech.plain(view.name),
        "county": speech.plain(view.county),
        "observed": speech.figure(view.observed),
        "day": speech.day(view.day),
        "expected": speech.figure(view.expected),
    }


def chart(view: Signal, speech: Speaking) -> Markup:
    """Draw the series with what was expected of the day as a band; nothing where no figure is known."""
    if not view.days:
        return Markup("")
    words = Lettering(
        title=finding(view, speech),
        across=speech.one(signal_words.ACROSS),
        up=f"{speech.plain(view.name)}, {speech.one(signal_words.UP)}",
        day=lambda on: f"{on.month}/{on.day}",
        number=speech.figure,
        incomplete=speech.one(signal_words.INCOMPLETE),
    )
    return series([_point(view, day) for day in view.days], words)


def _point(view: Signal, day: SeriesDay) -> Point:
    """Show the band over the baseline, the guard and the day: the days that the judgement spans."""
    judged = bool(view.baseline) and view.baseline[0] <= day.on <= view.day
    return Point(
        on=day.on,
        value=day.count,
        middle=view.expected if judged else None,
        spans=((view.low, view.high),) if judged else (),
        incomplete=day.unfinished,
        marked=day.on == view.day,
    )


def small_chart(line: SignalLine, speech: Speaking) -> Markup:
    """Draw a line's series without axes."""
    if not line.days:
        return Markup("")
    most = max((day.count or 0 for day in line.days), default=0)
    title = speech.one(signal_words.SMALL) % {"count": len(line.days), "most": speech.figure(most)}
    points = [Point(on=day.on, value=day.count, marked=day.on == line.day) for day in line.days]
    return small(points, title)

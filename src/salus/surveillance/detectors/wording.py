"""Say in a sentence why an alert was raised, in English and in Chinese: each written, neither translated."""

from __future__ import annotations

from datetime import date

from salus.surveillance.model import Judgement, Rule, Series

_MONTHS = "January February March April May June July August September October November December".split()


def reasons(series: Series, county: str, day: date, found: Judgement) -> tuple[str, str]:
    """Return the reason in English and in Chinese; it ends with what would be seen by chance."""
    if found.rule is Rule.SINGLE_CASE:
        return _single(series, county, day, found)
    low, high, expected = _figure(found.low), _figure(found.high), _figure(found.expected)
    first, last = found.baseline[0], found.baseline[-1]
    share = " Their share among all is higher than expected, too." if found.share_exceedance is not None else ""
    share_zh = "占总数的比例也高于预期。" if found.share_exceedance is not None else ""
    rare = f"{found.once_in_days:,}" if found.once_in_days else None
    chance = f" By chance alone a day like this comes about once in {rare} days." if rare else ""
    chance_zh = f"仅凭偶然，这样的一天约每{rare}天出现一次。" if rare else ""
    english = (
        f"{series.en[0].upper()}{series.en[1:]}: {found.observed:,} in county {county} on {_en(day)}. Expected were"
        f" {expected} (95% between {low} and {high}), from {len(found.baseline)} days between {_en(first)} and"
        f" {_en(last)}.{share}{chance}"
    )
    chinese = (
        f"{series.zh}：{county}区县{_zh(day)}{found.observed:,}例。根据{_zh(first)}至{_zh(last)}中的"
        f"{len(found.baseline)}天，预期{expected}例（95%区间{low}至{high}）。{share_zh}{chance_zh}"
    )
    return english, chinese


def _single(series: Series, county: str, day: date, found: Judgement) -> tuple[str, str]:
    cases = "1 case" if found.observed == 1 else f"{found.observed:,} cases"
    hours = int(series.limit.total_seconds() // 3600) if series.limit else 24
    english = (
        f"{cases} of {series.en} in county {county} on {_en(day)}. A single case of this disease is looked into at once"
        f" and verified within {hours} hours."
    )
    return (
        english,
        f"{county}区县{_zh(day)}报告{series.zh}{found.observed:,}例。该病出现一例即须立即核实，时限{hours}小时。",
    )


def _figure(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


def _en(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _zh(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"

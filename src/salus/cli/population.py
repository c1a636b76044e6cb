"""Print the population by county, sex and age, births, deaths and moves of a month; and the shares of follow-up."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from salus.app import open_node, population_at, shares
from salus.cli.output import data_option, ending, json_option, say, settings_option, tell
from salus.cli.settings import settings_of
from salus.kernel import Invalid, civil_day


@click.command()
@click.option("--month", help="The month, as 2031-03; the last whole one if not given.")
@click.option("--follow-up", is_flag=True, help="Print how follow-up goes by facility and plan instead.")
@data_option
@settings_option
@json_option
@ending
def population(month: str | None, follow_up: bool, data: Path | None, settings: Path | None, as_json: bool) -> None:
    """Print residents by county, sex and age at the end of a month, and its births, deaths and moves.

    A county is that of the facility that declared to keep the record. Figures from 1 to 4 are hidden, and others that
    would give one away. All others are multiples of five, each rounded for itself, so that sums and differences of them
    are not exact. A month's figures are published once, to whoever asks first, with those of the months before it that
    nobody asked for, and stay as they were; from the month before each moves by five people at least. The first month
    is the one before the first record came: earlier ones are never published. No person is in it.
    """
    with open_node(settings_of(settings, data=data)) as node:
        if follow_up:
            _follow_up([(s.facility, s.plan, s.people, s.up_to_date, s.due, s.overdue) for s in shares(node)], as_json)
            return
        found = population_at(node, _month(month, civil_day(node.clock.now())))
    if as_json:
        figures = [
            {"county": f.county, "sex": f.sex, "age_from": f.age_from, "age_to": f.age_to, "residents": f.residents}
            for f in found.figures
        ]
        changes = [{"county": county, **told} for county, told in found.changes]
        tell({"month": f"{found.month:%Y-%m}", "figures": figures, "changes": changes})
        return
    for f in found.figures:
        say(f"{f.county or 'no county'}  {f.sex:8}{_ages(f.age_from, f.age_to):12}{_shown(f.residents):>10}")
    for county, told in found.changes:
        say(f"{county}  " + "  ".join(f"{name.replace('_', ' ')} {_shown(count)}" for name, count in told.items()))


def _follow_up(rows: list[tuple[str, str, int | None, int | None, int | None, int | None]], as_json: bool) -> None:
    names = ("facility", "plan", "people", "up_to_date", "due", "overdue")
    if as_json:
        tell({"follow_up": [dict(zip(names, row, strict=True)) for row in rows]})
        return
    for facility, plan, *counts in rows:
        told = "  ".join(f"{name} {_shown(count)}" for name, count in zip(names[2:], counts, strict=True))
        say(f"{facility}  {plan:18}{told.replace('_', ' ')}")


def _ages(first: int | None, beyond: int | None) -> str:
    if first is None:
        return "age unknown"
    return f"{first}+" if beyond is None else f"{first}-{beyond - 1}"


def _shown(count: int | None) -> str:
    return "hidden" if count is None else f"{count:,}"


def _month(written: str | None, today: date) -> date:
    """Return the month asked for, by its first day, or the last whole one."""
    this = today.replace(day=1)
    if written is None:
        return date(this.year - (this.month == 1), 12 if this.month == 1 else this.month - 1, 1)
    try:
        return date.fromisoformat(f"{written}-01")
    except ValueError:
        raise Invalid("write a month as 2031-03", code="SALUS-R061") from None

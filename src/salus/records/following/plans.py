"""Read plans from their file, and refuse what is none by naming the plan and the field. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from importlib.resources import files
from typing import Any

from salus.records.following.errors import PlansRefused
from salus.records.following.model import After, Plan, Step
from salus.records.following.topics import topic_keys

_PLAN = {one.name for one in fields(Plan)}
_STEP = {one.name for one in fields(Step)}
_WHOLE = ("from_years", "to_years", "every_months", "ends_weeks", "months", "weeks", "until", "dose")


@cache
def shipped_plans() -> tuple[Plan, ...]:
    """Return the plans that come with this release."""
    return read_plans((files("salus.records.following") / "plans.toml").read_text("utf-8"))


def read_plans(text: str) -> tuple[Plan, ...]:
    """Read plans as TOML, as `plans.toml` of this folder writes them. Raises PlansRefused."""
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PlansRefused(f"plans: not TOML: {error}") from None
    rows = told.get("plan")
    if set(told) != {"plan"} or not isinstance(rows, list) or not rows:
        raise PlansRefused("plans: write one or more tables [[plan]], and nothing else")
    plans = tuple(_plan(one, number) for number, one in enumerate(rows, 1))
    if len({one.key for one in plans}) < len(plans):
        raise PlansRefused("plans: two plans have the same key")
    return plans


def _plan(told: Mapping[str, Any], number: int) -> Plan:
    where = f"plan {number}"
    _check(told, _PLAN, ("key", "en", "zh", "source"), where)
    steps = tuple(_step(one, f"{where}, step {n}") for n, one in enumerate(told.get("steps", ()), 1))
    if bool(steps) == ("every_months" in told):
        raise PlansRefused(f"{where}: give either every_months with done, or steps")
    if told.get("topic") is not None and told["topic"] not in topic_keys():
        raise PlansRefused(f"{where}: topic is none of {', '.join(topic_keys())}")
    if told.get("after", After.BIRTH) not in set(After):
        raise PlansRefused(f"{where}: after is one of {', '.join(After)}")
    given = {name: value for name, value in told.items() if name not in ("steps", "done", "after")}
    return Plan(**given, after=After(told.get("after", After.BIRTH)), done=_done(told, where), steps=steps)


def _step(told: Mapping[str, Any], where: str) -> Step:
    _check(told, _STEP, ("key", "en", "zh", "done"), where)
    if ("months" in told) == ("weeks" in told):
        raise PlansRefused(f"{where}: give either months or weeks")
    return Step(**{**told, "done": _done(told, where)})


def _check(told: object, known: set[str], needed: tuple[str, ...], where: str) -> None:
    if not isinstance(told, dict):
        raise PlansRefused(f"{where}: write a table")
    for name in told:
        if name not in known:
            raise PlansRefused(f"{where}: {name[:40]} is no field of it; known are {', '.join(sorted(known))}")
    for name in needed:
        if not told.get(name):
            raise PlansRefused(f"{where}: {name} is missing")
    for name, value in told.items():
        if name in _WHOLE and (not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 2_000):
            raise PlansRefused(f"{where}: {name} is a whole number from 0 to 2,000")
        if name in ("key", "en", "zh", "source", "topic", "sex", "after") and not isinstance(value, str):
            raise PlansRefused(f"{where}: {name} is a text")


def _done(told: Mapping[str, Any], where: str) -> tuple[str, ...]:
    done = told.get("done", [])
    if not isinstance(done, list) or not set(map(str, done)) <= set(topic_keys()):
        raise PlansRefused(f"{where}: done names topics, each one of {', '.join(topic_keys())}")
    return tuple(done)

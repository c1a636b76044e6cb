"""The guards: a table of what turns a link into a question for people. The same rows run as SQL and as Python. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from salus.identity.linkage.comparing import Question, Side, condition_sql, left, question, right
from salus.identity.linkage.errors import SpecRefused
from salus.identity.linkage.model import Row, Test
from salus.identity.linkage.specs import read_test


class Outcome(StrEnum):
    """What becomes of a pair that a guard stops."""

    REVIEW = "review"
    APART = "apart"


class Within(StrEnum):
    """What a guard forbids: to link this pair by itself, or to have both in one cluster."""

    PAIR = "pair"
    CLUSTER = "cluster"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """One test, or its opposite, which also holds where a column says nothing."""

    test: Test
    negated: bool

    def sql(self, l: Side, r: Side) -> str:  # noqa: E741
        """Return a condition that is never null."""
        found = f"coalesce({condition_sql(self.test, l, r)}, false)"
        return f"not {found}" if self.negated else found

    def holds(self) -> Callable[[Row, Row], bool]:
        """Return the same as a function of two records."""
        asked = question(self.test)
        return (lambda a, b: not asked(a, b)) if self.negated else asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """One row of the table, explained at its head. `when` is a conjunction of disjunctions.

    A guard with `below` holds only where the pair weighs less; it asks nothing of more evidence.
    """

    code: str
    when: tuple[tuple[Alternative, ...], ...]
    within: Within
    outcome: Outcome
    en: str
    zh: str
    below: float | None = None

    @property
    def columns(self) -> frozenset[str]:
        """Return the features that the guard reads."""
        return frozenset(column for line in self.when for one in line for column in one.test.columns)

    def bears(self, bits: float) -> bool:
        """Tell whether the guard is asked about a pair of this weight."""
        return self.below is None or bits < self.below

    def sql(self, l: Side = left, r: Side = right, bits: str = "bits") -> str:  # noqa: E741
        """Return the guard as an SQL condition that is never null. `bits` names the weight, where it is asked."""
        lines = ["(" + " or ".join(one.sql(l, r) for one in line) + ")" for line in self.when]
        return " and ".join([*lines, *([] if self.below is None else [f"{bits} < {self.below}"])])

    def holds(self) -> Callable[[Row, Row], bool]:
        """Return what the guard says of two prepared records whatever they weigh; their order does not matter."""
        lines = [_any([one.holds() for one in line]) for line in self.when]

        def holds(a: Row, b: Row) -> bool:
            for line in lines:  # noqa: SIM110  a generator costs more than what it asks
                if not line(a, b):
                    return False
            return True

        return holds


def _any(asked: Sequence[Question]) -> Question:
    if len(asked) == 1:
        return asked[0]

    def holds(a: Row, b: Row) -> bool:
        for one in asked:  # noqa: SIM110  as above
            if one(a, b):
                return True
        return False

    return holds


@cache
def guards() -> tuple[Guard, ...]:
    """Return the table, in order: the first that holds gives the reason. Those of a cluster come first."""
    text = (files("salus.identity.linkage.people") / "guards.toml").read_text("utf-8")
    return read_guards(text)


def read_guards(text: str) -> tuple[Guard, ...]:
    """Parse a table of guards. Refuses one whose guards of pairs stand before those of clusters."""
    found = tuple(_guard(row) for row in tomllib.loads(text)["guard"])
    kinds = [one.within for one in found]
    if kinds != sorted(kinds, key=[Within.CLUSTER, Within.PAIR].index):
        raise SpecRefused("guards of clusters stand before those of pairs")
    if len({one.code for one in found}) != len(found):
        raise SpecRefused("two guards have one code")
    return found


_SAID = ("code", "when", "within", "outcome", "en", "zh")


def _guard(row: dict[str, object]) -> Guard:
    lines, below = row["when"], row.get("below")
    if not isinstance(lines, list) or not lines or set(row) - {"below"} != {*_SAID}:
        raise SpecRefused(f"a guard has {', '.join(_SAID)}, perhaps below, and nothing else")
    if below is not None and (not isinstance(below, float) or row["within"] != Within.PAIR):
        raise SpecRefused("only a guard of pairs says below which weight it holds, as in 13.0")
    return Guard(
        code=str(row["code"]),
        when=tuple(tuple(map(_alternative, str(line).split(" or "))) for line in lines),
        within=Within(str(row["within"])),
        outcome=Outcome(str(row["outcome"])),
        en=str(row["en"]),
        zh=str(row["zh"]),
        below=below,
    )


def _alternative(text: str) -> Alternative:
    negated = text.startswith("not ")
    return Alternative(test=read_test(text.removeprefix("not ")), negated=negated)

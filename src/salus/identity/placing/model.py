"""Place charts by equal numbers, wherever the name does not contradict; ask a person about the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from salus.identity.assertions import Assertion, Author, Question, Verdict, pair_of
from salus.identity.documents import within_one_edit
from salus.identity.model import IdNumber

EQUAL_NUMBER = Author(name="equal-number")
ANOTHER_NAME, NUMBER_OF_ANOTHER = "another-name", "number-of-another"


def borrowed(number: IdNumber, born: date | None) -> bool:
    """Tell whether a number names another birth date than the stated one, beyond one edit.

    Then it is a guardian's, as a newborn's under the mother's number, or mistyped; it says nothing of who this is.
    """
    return born is not None and not within_one_edit(number.born, born)


@dataclass(slots=True, kw_only=True)
class Known:
    """What is known of the numbers that charts bring: who holds and carries each, whose they are, their names."""

    held: Mapping[bytes, int]
    carriers: dict[bytes, list[int]] = field(default_factory=dict)
    whose: Mapping[int, int] = field(default_factory=dict)
    names: dict[int, frozenset[bytes]] = field(default_factory=dict)

    def differ(self, chart: int, other: int) -> bool:
        """Tell whether two charts have names, and none in common."""
        one, two = self.names.get(chart), self.names.get(other)
        return bool(one and two) and not (one or frozenset()) & (two or frozenset())

    def agree(self, chart: int, other: int) -> bool:
        """Tell whether two charts have a name in common."""
        return bool(self.names.get(chart, frozenset()) & self.names.get(other, frozenset()))


@dataclass(slots=True, kw_only=True)
class Placing:
    """Places charts one after the other; each finds those before it, in the same batch, too."""

    known: Known
    at: datetime
    opened: list[int] = field(default_factory=list)
    assertions: list[Assertion] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    _partners: dict[int, int] = field(default_factory=dict)

    def add(self, chart: int, digests: Sequence[bytes]) -> None:
        """Link a chart to one that has its first number and no other name, or open a resident for it."""
        partner = self._partner(chart, digests[0]) if digests else None
        if partner is None:
            self.opened.append(chart)
        else:
            self._partners[chart] = partner
            self.assertions.append(
                Assertion(
                    pair=pair_of(chart, partner), verdict=Verdict.SAME, ground="number", author=EQUAL_NUMBER, at=self.at
                )
            )
        self.ask(chart, digests)
        for digest in digests:
            self.known.carriers.setdefault(digest, []).append(chart)

    def _partner(self, chart: int, digest: bytes) -> int | None:
        """The holder unless the name contradicts; else who carries the number and has a name in common."""
        holder = self.known.held[digest]
        if holder == chart:
            return None
        if not self.known.differ(chart, holder):
            return holder
        return next((one for one in self.known.carriers.get(digest, ()) if self.known.agree(chart, one)), None)

    def ask(self, chart: int, digests: Sequence[bytes]) -> None:
        """Ask a person about each other resident who holds a number of this chart."""
        asked = {self._root(chart)}
        for digest in digests:
            holder = self.known.held[digest]
            if self._root(holder) in asked:
                continue
            asked.add(self._root(holder))
            reason = ANOTHER_NAME if self.known.differ(chart, holder) else NUMBER_OF_ANOTHER
            self.questions.append(Question(pair=pair_of(chart, holder), reason=reason, at=self.at))

    def _root(self, chart: int) -> tuple[bool, int]:
        """Return the known resident of a chart, or the chart of this batch for which one is opened."""
        while chart in self._partners:
            chart = self._partners[chart]
        return (chart in self.known.whose, self.known.whose.get(chart, chart))

    def residents(self, keys: Mapping[int, int]) -> dict[int, int]:
        """Return whose each placed chart is; `keys` are those minted for the charts that opened one."""
        roots = {chart: self._root(chart) for chart in [*self.opened, *self._partners]}
        return {chart: key if known else keys[key] for chart, (known, key) in roots.items()}

"""What evidence asks of a person under a table: a second way to the answer, by intervals instead of by questions.

A result asks for something from when it was reported until the first of: its row's end, its correction, its release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HOUR = 3600
_NEVER = 1 << 62
_STRENGTH = {"none": 0, "advise": 1, "precaution": 2}

Cell = tuple[str, str | None, int, int, Mapping[str, int]]
"""What a row gives, its clause, how fresh and how long in seconds, and after how many seconds which kind releases."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of one disease, by kind and result."""

    disease: str
    longest: int
    cells: Mapping[tuple[str, str], Cell]
    exposure: tuple[str, int, int, Mapping[str, int]] | None = None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Table:
        """Build a table from a document that the linter let pass."""
        cells = {
            (row["kind"], row["result"]): (
                row["gives"],
                row["clause"],
                row["within_hours"] * HOUR,
                row["lasts_hours"] * HOUR,
                _releases(row["released_by"]),
            )
            for row in body["rows"]
        }
        row = body.get("exposure")
        exposure = row and (
            row["clause"],
            row["within_days"] * 24 * HOUR,
            row["lasts_hours"] * HOUR,
            _releases(row["released_by"]),
        )
        return cls(body["disease"], body["longest_hours"] * HOUR, cells, exposure or None)


def _releases(listed: Sequence[Mapping[str, Any]]) -> Mapping[str, int]:
    """Return the least time after which each kind releases: of two lines for one kind the earlier is enough."""
    found: dict[str, int] = {}
    for one in listed:
        found[one["kind"]] = min(found.get(one["kind"], _NEVER), one["after_hours"] * HOUR)
    return found


@dataclass(frozen=True, slots=True)
class Rules:
    """A table alive for starts <= t < ends, and an emergency of a disease, alive likewise; None without one."""

    table: Table
    starts: int
    ends: int
    emergency: tuple[str, int, int] | None


@dataclass(frozen=True, slots=True)
class Result:
    """One result: its name, what was found how, when the specimen was taken and the result reported."""

    name: str
    disease: str
    kind: str
    result: str
    taken: int
    reported: int
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A measure with its clause, start, end and the result that it rests on; or `none`, and the words for why."""

    gives: str
    clause: str | None = None
    starts: int | None = None
    ends: int | None = None
    rests_on: str | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exposure:
    """One attested exposure: its name, the case's tag, the start of its day, and when it was attested."""

    name: str
    disease: str
    index: str
    day: int
    attested: int
    ended: bool = False


def decide(results: Sequence[Result], rules: Rules, at: int) -> Answer:
    """Return what these results ask for at an instant."""
    if not rules.starts <= at < rules.ends:
        return Answer("none", words=("RULES-NOT-LIVE",))
    declared = rules.emergency
    if declared is None or declared[0] != rules.table.disease or not declared[1] <= at < declared[2]:
        return Answer("none", words=("EMERGENCY-LAPSED",))
    board = Board(results, at)
    words: set[str] = set()
    best: tuple[int, int, str, Answer] | None = None
    for one in results:
        word, answer = _single(one, rules, declared, board)
        words.add(word)
        if answer is None:
            continue
        rank = (-_STRENGTH[answer.gives], -(answer.ends or 0), one.name, answer)
        if best is None or rank[:3] < best[:3]:
            best = rank
    if best:
        return best[3]
    return Answer("none", words=tuple(sorted(words)) or ("NO-EVIDENCE",))


class Board:
    """What is known at an instant: which names mean two things, which were corrected, and which negatives stand."""

    def __init__(self, results: Sequence[Result], at: int) -> None:
        self.at = at
        meanings: dict[str, set[Result]] = {}
        for one in results:
            meanings.setdefault(one.name, set()).add(one)
        self.double = {name for name, meant in meanings.items() if len(meant) > 1}
        self.corrected = {one.replaces for one in results if one.replaces is not None and one.reported <= at}
        self.negatives = [
            one
            for one in results
            if one.result == "negative" and one.taken <= one.reported <= at and one.name not in self.corrected
        ]

    def released(self, one: Result, by: Mapping[str, int]) -> bool:
        """Tell whether a negative ends what a result asks for."""
        return self.ended(one.disease, one.taken, by)

    def ended(self, disease: str, since: int, by: Mapping[str, int]) -> bool:
        """Tell whether a negative of one of these kinds was taken so long after an instant."""
        return any(
            other.kind in by and other.disease == disease and other.taken - since >= by[other.kind]
            for other in self.negatives
        )


def _single(one: Result, rules: Rules, declared: tuple[str, int, int], board: Board) -> tuple[str, Answer | None]:
    """Return the word for one result, and what it asks for if it asks for something."""
    word = _unfit(one, rules, declared, board)
    if word:
        return word, None
    cell = rules.table.cells.get((one.kind, one.result))
    if cell is None:
        return "NOT-IN-TABLE", None
    gives, clause, fresh, lasts, by = cell
    if gives == "none":
        return "ASKS-NOTHING", None
    if one.reported - one.taken > fresh:
        return "TOO-OLD", None
    if one.name in board.corrected:
        return "CORRECTED", None
    if board.released(one, by):
        return "RELEASED", None
    ends = min(one.taken + min(lasts, rules.table.longest), rules.ends, declared[2])
    if ends <= board.at:
        return "LAPSED", None
    return "QUALIFIES", Answer(gives, clause, one.reported, ends, one.name, ("QUALIFIES",))


def _unfit(one: Result, rules: Rules, declared: tuple[str, int, int], board: Board) -> str | None:
    if one.disease != rules.table.disease:
        return "ANOTHER-DISEASE"
    if one.name in board.double:
        return "AMBIGUOUS"
    if not one.taken <= one.reported <= board.at:
        return "NOT-YET"
    return "RETROACTIVE" if one.taken < max(rules.starts, declared[1]) else None

"""Contest a notice as it was shown, from the file that its holder keeps or from the own page, and run it again."""

from __future__ import annotations

from dataclasses import dataclass

from salus.app.node import Node
from salus.appeals import Contest, NothingToContest
from salus.parties import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class RanAgain:
    """What the published rules come to now for what was shown: the result, each step, and what the file says."""

    result: str
    steps: tuple[tuple[str, bool], ...]
    shown: tuple[tuple[str, str], ...]


def own_notice(node: Node, who: Principal) -> bytes | None:
    return None


def contest_notice(node: Node, who: Principal, presented: bytes | None, words: str) -> Contest:
    raise NothingToContest("this is no notice")


def run_again(node: Node, contest: Contest) -> RanAgain | None:
    return None

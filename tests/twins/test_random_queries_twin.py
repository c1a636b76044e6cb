"""Random searches over HTTP against a twin that holds the same resources in a dictionary and reads R4's own words."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from serving import Serving, serving
from twins.naive.drawing import Drawer
from twins.naive.evaluator import Library
from twins.naive.judging import Client, Judge, Tally, listed_by
from twins.naive.loading import FACILITY, load

FEW, MANY = 400, 20_000
ASKERS = 4


def test_some_hundred_searches_find_what_the_twin_finds(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(tmp_path_factory.mktemp("few")) as node:
        told = _ask(node, load(node, 3), FEW, seed=1)

    print(told.told())
    assert not told.differences, "\n".join(told.differences[:20])
    assert told.found > FEW // 3


@pytest.mark.slow
def test_twenty_thousand_searches_find_what_the_twin_finds(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(tmp_path_factory.mktemp("many")) as node:
        told = _ask(node, load(node, 24, strangers=4), MANY, seed=2)

    print(told.told())
    assert not told.differences, "\n".join(told.differences[:20])
    assert told.found > MANY // 3


def _ask(node: Serving, library: Library, searches: int, seed: int) -> Tally:
    """Ask that many searches, a share of them on each connection."""
    token = node.token("hospital-system", FACILITY)
    listed = listed_by(Client(node.url, token))

    def share(place: int) -> Tally:
        drawer, judge = Drawer(library, listed, seed * 1000 + place), Judge(Client(node.url, token), library)
        for _ in range(searches // ASKERS):
            judge.judge(drawer.draw())
        return judge.tally

    told = Tally()
    with ThreadPoolExecutor(ASKERS) as askers:
        for one in askers.map(share, range(ASKERS)):
            told.add(one)
    return told

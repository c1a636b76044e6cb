"""Evidence, decisions and notices on a real node with real witnesses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from measures import DAY, HOUR
from measuring import Measuring, measuring
from nodes import a_number, the_resident
from salus.app import MyNotices, my_notices
from salus.rules import Measure, Result, recompute


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measuring]:
    with measuring(tmp_path_factory.mktemp("measures")) as opened:
        yield opened


def shown(world: Measuring, number: str) -> MyNotices:
    return my_notices(world.node, the_resident(world.resident(number)))


def test_a_positive_is_none_until_its_witnesses_have_seen_everything(world: Measuring) -> None:
    number = a_number(1)
    specimen = world.specimen(number)
    world.close()
    world.witnesses.advance(4 * HOUR)
    world.result(specimen, Result.POSITIVE)

    seen = [len(shown(world, number).notices)]
    for _ in range(3):
        world.close()
        seen.append(len(shown(world, number).notices))

    assert seen[0] == 0
    assert seen[-1] == 1
    (notice,) = shown(world, number).notices
    assert notice.found.measure is Measure.PRECAUTION
    assert notice.found.ends is not None
    assert world.now < notice.found.ends < world.now + 7 * DAY
    assert recompute(notice.file, world.witnesses.trust, world.now) == notice.found

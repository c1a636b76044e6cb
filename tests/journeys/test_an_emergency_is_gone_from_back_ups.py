"""What was kept for an emergency is gone from back-ups too: older data, and the keys of now, tell nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from measures import HOUR
from measuring import a_number, measuring
from nodes import the_resident
from salus.app import back_up, destroying, load_settings, my_notices, open_node, restore
from salus.app.node import Node
from salus.app.settings import NodeSettings
from salus.healthcode.measures import Seals, known
from salus.healthcode.measures import store as tables
from salus.healthcode.measures.model import FORGOTTEN
from salus.keys import KEPT_AFTER
from salus.rules import Result
from salus.storage import Duty

pytestmark = [pytest.mark.slow]
BOUND = a_number(90)


def settings(folder: Path) -> NodeSettings:
    return load_settings(environment={}, given={"data": folder, "postgres": "wheel"})


@pytest.fixture(scope="module")
def back(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, Path, list[bytes]]]:
    """The node that came back of Monday's data and of the keys of two months later, its folder, and what was sealed."""
    place = tmp_path_factory.mktemp("gone")
    with measuring(place) as world:
        world.result(world.specimen(BOUND), Result.POSITIVE)
        world.settle()
        (notice,) = my_notices(world.node, the_resident(world.resident(BOUND))).notices
        content, _ = back_up(world.node.settings, place / "monday")
        (emergency,) = known(world.node.store, world.node.trust).emergencies
        world.advance(emergency.published.document.ends + KEPT_AFTER - HOUR - world.now)
        assert destroying.destroy_due(world.node) == 1
        world.close()
        _, keys = back_up(world.node.settings, place / "later")
    restore(settings(place / "two"), content.path, keys.path)
    with open_node(settings(place / "two")) as node:
        yield node, place, secrets_of(notice.file)


def secrets_of(file: bytes) -> list[bytes]:
    """Every blind and subject that the openings of a measure's file hold, as they are written and as bytes."""
    openings = json.loads(file)["openings"].values()
    found = {str(body[name]) for one in openings for body in one.values() for name in ("blind", "subject")}
    return [form for text in sorted(found) for form in (text.encode(), base64.b64decode(text))]


def test_no_row_of_the_restored_node_opens_or_says_whose_it_was(back: tuple[Node, Path, list[bytes]]) -> None:
    node, _, _ = back
    seals, charts = Seals.of(node.keys), range(1, node.keys.highest() + 1)
    keys = node.keys.unwrap_left([one for one in charts if one not in node.keys.absent(list(charts))])
    with node.store.transaction(Duty.CARE) as tx:
        rows = [*tables.all_evidence(tx, seals, 0, 100), *tables.all_decisions(tx, seals, b"", 100)]

    assert len(rows) == 3
    assert {one.chart_key for one in rows} == {FORGOTTEN}
    assert keys
    assert [seals.unseal(row, key) for row in rows for key in keys.values()] == [None] * len(rows) * len(keys)
    assert seals.emergencies == {}


def test_what_was_sealed_lies_in_no_file_that_is_left(back: tuple[Node, Path, list[bytes]]) -> None:
    """The node's own folder with its WAL and log, both back-ups, and the restored folder."""
    _, place, wanted = back
    read = 0
    for path in sorted(place.rglob("*")):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            read += 1
            assert [one for one in wanted if one in content] == [], path

    assert read > 100
    assert len(wanted) >= 8

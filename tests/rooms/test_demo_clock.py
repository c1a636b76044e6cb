"""A demo's clock: a file that several processes read, moved forward only, and nothing to a production node."""

from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from nodes import a_node, let_the_database_in
from salus.app import SettingsRefused, advance_clock, load_settings, open_node, parse_duration
from salus.app.demo import DemoOnly
from salus.cli import main
from salus.kernel import CLOCK_FILE, DemoClock, Invalid, advance_demo_clock, parse_instant, start_demo_clock

START = parse_instant("2031-03-01T08:00:00Z")
SOON = timedelta(minutes=10)


def test_a_new_clock_begins_where_it_is_told_and_an_old_one_goes_on(tmp_path: Path) -> None:
    file = tmp_path / CLOCK_FILE
    clock = start_demo_clock(file, START)
    assert START - SOON < clock.now() < START + SOON

    again = start_demo_clock(file, START + timedelta(days=400))
    assert START - SOON < again.now() < START + SOON


def test_without_a_start_it_is_the_machines_time(tmp_path: Path) -> None:
    assert abs(start_demo_clock(tmp_path / CLOCK_FILE, None).now() - datetime.now(UTC)) < SOON


def test_whoever_reads_it_goes_forward_together(tmp_path: Path) -> None:
    file = tmp_path / CLOCK_FILE
    one, two = start_demo_clock(file, START), DemoClock(file)
    for clock in (one, two):
        clock.now()
    told = advance_demo_clock(file, timedelta(hours=73))

    for clock in (one, two, DemoClock(file)):
        assert abs(clock.now() - told) < SOON
        assert clock.now() > START + timedelta(hours=73) - SOON


@pytest.mark.parametrize("by", [timedelta(), timedelta(seconds=-1), timedelta(days=-1), timedelta(days=200 * 366)])
def test_it_never_goes_back_nor_out_of_sight(tmp_path: Path, by: timedelta) -> None:
    file = tmp_path / CLOCK_FILE
    start_demo_clock(file, START)
    before = file.read_bytes()

    with pytest.raises(Invalid):
        advance_demo_clock(file, by)
    assert file.read_bytes() == before


def test_a_running_clock_does_not_follow_a_file_that_was_set_back(tmp_path: Path) -> None:
    file = tmp_path / CLOCK_FILE
    clock = start_demo_clock(file, START)
    before = clock.now()
    file.with_suffix(".other").write_text(json.dumps({"shift": 0}))
    file.with_suffix(".other").replace(file)

    assert clock.now() >= before


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"shift": "1"}', '{"shift": 1.5}', '{"shift": true}', '{"shift": 1e99}']
)
def test_a_file_that_is_no_clock_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / CLOCK_FILE).write_text(text)

    with pytest.raises(Invalid, match="no demo's clock"):
        DemoClock(tmp_path / CLOCK_FILE)


def test_of_many_who_move_it_at_once_none_is_lost(tmp_path: Path) -> None:
    file = tmp_path / CLOCK_FILE
    start_demo_clock(file, None)
    movers = [threading.Thread(target=advance_demo_clock, args=(file, timedelta(hours=1))) for _ in range(12)]
    for mover in movers:
        mover.start()
    for mover in movers:
        mover.join()

    assert json.loads(file.read_text()) == {"shift": 12 * 3600}


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("45s", timedelta(seconds=45)),
        ("30m", timedelta(minutes=30)),
        ("73h", timedelta(hours=73)),
        ("2d", timedelta(days=2)),
        *((text, None) for text in ("", "0h", "-1h", "1", "h", "1.5h", "1w", "１h", "1h ", "99999999d")),
    ],
)
def test_a_length_of_time_is_a_number_and_its_unit(text: str, length: timedelta | None) -> None:
    if length is None:
        with pytest.raises(Invalid):
            parse_duration(text)
    else:
        assert parse_duration(text) == length


def test_the_command_moves_a_demo_that_is_open(tmp_path: Path) -> None:
    with a_node(tmp_path) as node:
        clock = DemoClock(node.settings.data / CLOCK_FILE)
        before = clock.now()
        moved = CliRunner().invoke(main, ["demo", "advance", "73h", "--data", str(node.settings.data)])
        again = CliRunner().invoke(main, ["demo", "--data", str(node.settings.data), "advance", "2d"])

        assert (moved.exit_code, again.exit_code) == (0, 0), moved.output + again.output
        passed = clock.now() - before
        assert timedelta(hours=121) <= passed < timedelta(hours=121) + SOON


def test_no_other_node_has_a_clock_that_can_be_moved(tmp_path: Path) -> None:
    let_the_database_in(tmp_path)
    (tmp_path / "passphrase").write_text("correct horse battery staple")
    given = {
        "data": tmp_path / "data",
        "postgres": os.environ.get("SALUS_POSTGRES", "wheel"),
        "passphrase_file": tmp_path / "passphrase",
    }
    with pytest.raises(SettingsRefused, match="demo node only"):
        open_node(load_settings(environment={"SALUS_CLOCK": "2031-03-01T08:00:00Z"}, given=given), "production")
    with open_node(load_settings(environment={}, given=given), "production") as node:
        (node.settings.data / CLOCK_FILE).write_text('{"shift": 1000000}')
        with pytest.raises(DemoOnly):
            advance_clock(node.settings.data, timedelta(hours=1))
    with open_node(load_settings(environment={}, given=given)) as node:
        assert abs(node.clock.now() - datetime.now(UTC)) < SOON
        assert not (node.settings.data / "witnesses").exists()

    with pytest.raises(DemoOnly):
        advance_clock(tmp_path / "nowhere", timedelta(hours=1))

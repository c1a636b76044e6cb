"""What was kept because of an emergency is destroyed thirty days after its end, and the log certifies it

Evidence and decisions are sealed under a key of the emergency, and so is about whom they are. The key goes by itself;
a certificate stands in the public log, and anybody finds the emergency that has none. A holder's own files still work.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from measures import DAY, DISEASE, HOUR
from measuring import Measuring, a_number, measuring
from nodes import the_resident
from salus.app import (
    add_party,
    check_node,
    contest_notice,
    destroying,
    my_contests,
    my_notices,
    publish,
    run_again,
    veto,
)
from salus.appeals import Contest
from salus.cli import main
from salus.cli.actors import Party, emergency_document, sign_veto, signatures_of
from salus.healthcode import EvidenceRefused
from salus.healthcode.measures import Seals, known, rows_of
from salus.kernel import FixedClock
from salus.keys import KEPT_AFTER, Destruction, KeyShredded
from salus.ledger import leaves
from salus.rules import OMBUDSMAN, Document, Measure, Result, recompute
from salus.storage import Duty
from salus.storage.model import DATABASE

BOUND, OTHER = a_number(90), a_number(91)


@dataclass(slots=True)
class Ended:
    """A node on which somebody was asked for something, and the file that they kept; the emergency goes on to end."""

    world: Measuring
    file: bytes
    proved_at: object
    emergency: Document
    chart: int
    contest: Contest
    old: dict[str, list[tuple[object, ...]]]

    @property
    def digest(self) -> bytes:
        return base64.b64decode(self.emergency.digest)


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ended]:
    with measuring(tmp_path_factory.mktemp("destroyed")) as world:
        world.result(world.specimen(BOUND), Result.POSITIVE)
        world.specimen(OTHER)
        world.settle()
        (notice,) = my_notices(world.node, the_resident(world.resident(BOUND))).notices
        contest = contest_notice(world.node, the_resident(world.resident(BOUND)), notice.file, "I was never there.")
        (emergency,) = known(world.node.store, world.node.trust).emergencies
        yield Ended(
            world=world,
            file=notice.file,
            proved_at=world.now,
            emergency=emergency.published.document,
            chart=notice.chart_key,
            contest=contest,
            old=rows(world),
        )


def rows(world: Measuring) -> dict[str, list[tuple[object, ...]]]:
    """Every row of evidence and of decisions, as a back-up holds them."""
    with world.node.store.connect(Duty.MIGRATION, DATABASE) as owner:
        return {
            table: owner.execute(f"select * from healthcode.{table} order by 1").fetchall()
            for table in ("evidence", "decision", "notice")
        }


def test_no_row_says_in_the_clear_about_whom_it_is(ended: Ended) -> None:
    with ended.world.node.store.connect(Duty.MIGRATION, DATABASE) as owner:
        charts = owner.execute(
            "select chart_key from healthcode.evidence union all select chart_key from healthcode.decision"
        ).fetchall()
        days = owner.execute("select distinct taken_in::time::text from healthcode.evidence").fetchall()

    assert {chart for (chart,) in charts} == {None}
    assert days == [("00:00:00",)]
    assert len(charts) == 4


def test_the_key_of_the_chart_alone_opens_nothing(ended: Ended) -> None:
    node = ended.world.node
    seals = Seals.of(node.keys)
    with node.store.transaction(Duty.CARE) as tx:
        found = rows_of(tx, seals, [ended.chart])
    chart = node.keys.unwrap([ended.chart])[ended.chart]

    assert [seals.unseal(one, chart) is not None for one in found] == [True, True]
    assert [Seals(emergencies={}).unseal(one, chart) for one in found] == [None, None]


def test_what_is_contested_is_kept_under_the_emergency_as_well(ended: Ended) -> None:
    node = ended.world.node
    ran = run_again(node, ended.contest)

    assert ran is not None
    assert ran.then.measure is Measure.PRECAUTION
    assert "openings" not in ended.contest.shown


def test_the_key_stands_until_it_is_due_and_nobody_can_find_it_overdue(ended: Ended) -> None:
    world = ended.world
    world.advance(ended.emergency.ends + KEPT_AFTER - destroying.AHEAD - HOUR - world.now)

    assert destroying.destroy_due(world.node) == 0
    assert ended.digest in world.node.keys.emergency_keys()
    assert overdue(world) == []


def test_one_wrong_reading_of_the_clock_destroys_nothing(ended: Ended) -> None:
    """What can never be undone takes the time of witnesses as well."""
    node = ended.world.node
    right = node.clock
    try:
        node.clock = FixedClock(right.now() + 400 * DAY)
        assert destroying.destroy_due(node) == 0
    finally:
        node.clock = right

    assert ended.digest in node.keys.emergency_keys()


def test_whoever_does_not_destroy_it_is_found_by_anybody_with_the_files_of_the_log(ended: Ended) -> None:
    world = ended.world
    world.advance(destroying.AHEAD + 2 * HOUR)

    assert len(overdue(world)) == 2
    told = counted(world)
    assert told["exit"] == 1
    assert [one["shredded"] for one in told["emergencies"]] == ["overdue"]


def test_when_it_is_due_the_key_goes_and_the_log_certifies_it(ended: Ended) -> None:
    world = ended.world

    assert destroying.destroy_due(world.node) == 1
    assert destroying.destroy_due(world.node) == 0
    world.settle()

    ((_, leaf),) = leaves(world.node.store, "shred")
    due = ended.emergency.ends + KEPT_AFTER
    assert leaf.body["commitment"] == Destruction.of_emergency(ended.digest, due, world.now).commitment
    assert leaf.body["kind"] == "emergency"
    assert world.node.keys.emergency_keys() == {}
    with pytest.raises(KeyShredded):
        world.node.keys.emergency_key(ended.digest)
    assert overdue(world) == []
    assert {one.code for one in check_node(world.node)} <= {"UNWRAP-UNEXPLAINED"}  # these tests unwrap without a read
    told = counted(world)
    assert (told["exit"], [one["shredded"] for one in told["emergencies"]]) == (0, ["late"])


def test_nothing_that_was_kept_can_be_read_or_told_whose_it_was(ended: Ended) -> None:
    node = ended.world.node
    seals = Seals.of(node.keys)
    with node.store.transaction(Duty.CARE) as tx:
        mine = rows_of(tx, seals, [ended.chart])
    seen = my_notices(node, the_resident(ended.world.resident(BOUND)))

    (contested,) = my_contests(node, the_resident(ended.world.resident(BOUND)))
    assert mine == []
    assert run_again(node, contested.contest) is None
    assert contested.contest.words == "I was never there."
    assert (seen.notices, seen.receipts) == ((), ())
    assert rows(ended.world) == ended.old
    holder = ended.old["decision"][0][-1]
    assert isinstance(holder, bytes)
    assert seals.chart_of(ended.digest, holder) == 0


def test_a_back_up_of_the_data_from_before_tells_nothing_either(ended: Ended, tmp_path: Path) -> None:
    """Its rows are those that are still there; with every key that the node has now, none of them opens."""
    node = ended.world.node
    folder = tmp_path / "data"
    shutil.copytree(node.settings.data / "keys", folder)
    seals, chart = Seals.of(node.keys), node.keys.unwrap([ended.chart])[ended.chart]

    assert seals.holders([ended.chart]) == []
    for table in ("evidence", "decision"):
        for row in ended.old[table]:
            assert not any(chart in bytes(one) for one in row if isinstance(one, bytes | memoryview))


def test_evidence_about_a_specimen_that_was_forgotten_is_refused(ended: Ended) -> None:
    world = ended.world
    forgotten = json.loads(ended.file)["evidence"][0]["leaf"]["commitment"]
    opening = json.loads(ended.file)["openings"][forgotten]
    from salus.cli.actors import Signed, sign_result

    specimen = Signed(kind="specimen", party="S1", opening=opening, commitment=forgotten, signature="")
    with pytest.raises(EvidenceRefused):
        world.send_result(sign_result(world.laboratory, specimen, Result.NEGATIVE, world.now))


def test_the_file_that_its_holder_kept_still_proves_what_it_proved(ended: Ended) -> None:
    then = ended.proved_at

    assert recompute(ended.file, ended.world.witnesses.trust, then).measure is Measure.PRECAUTION  # type: ignore[arg-type]
    assert recompute(ended.file, ended.world.witnesses.trust, ended.world.now).measure is Measure.NONE


def test_where_the_key_of_a_living_emergency_is_gone_care_is_not_refused(tmp_path: Path) -> None:
    """Whatever destroyed it: what comes is kept under its chart's key alone, and nobody is asked for anything."""
    with measuring(tmp_path) as world:
        (emergency,) = known(world.node.store, world.node.trust).emergencies
        document, at = emergency.published.document, world.now
        world.node.keys.shred_emergency(base64.b64decode(document.digest), document.ends + KEPT_AFTER, at)

        world.result(world.specimen(BOUND), Result.POSITIVE)
        world.settle()

        seen = my_notices(world.node, the_resident(world.resident(BOUND)))
        assert (seen.notices, len(seen.receipts)) == ((), 1)
        assert check_node(world.node) == []


def test_the_key_of_an_emergency_that_an_ombudsman_stopped_goes_thirty_days_after_the_veto(tmp_path: Path) -> None:
    """It counted for an hour, and what came in that hour was kept under its key."""
    with measuring(tmp_path, published=False) as world:
        node, watch = world.node, Party.new("citizens-ombudsman", "parliament", OMBUDSMAN)
        add_party(node, watch.key_leaf)
        world.close()
        starts = world.now + HOUR / 12
        emergency = emergency_document(DISEASE, starts, starts + 28 * DAY, en="An outbreak.", zh="疫情。", version=1)
        publish(node, emergency, signatures_of(emergency, world.signers))
        world.close()
        world.advance(HOUR)
        world.specimen(BOUND)
        world.close()
        veto(node, sign_veto(watch, emergency.digest))
        world.advance(HOUR)
        assert known(node.store, node.trust).emergencies == ()
        assert len(rows(world)["evidence"]) == len(node.keys.emergency_keys()) == 1

        world.advance(KEPT_AFTER - 2 * DAY)
        assert (destroying.destroy_due(node), len(node.keys.emergency_keys())) == (0, 1)
        world.advance(3 * DAY)
        assert overdue(world) == [f"emergency {emergency.name} 1"]

        assert (destroying.destroy_due(node), destroying.destroy_due(node)) == (1, 0)
        world.settle()
        assert node.keys.emergency_keys() == {}
        assert check_node(node) == []


def test_no_certificate_is_given_while_a_decision_of_an_earlier_release_opens_without_the_key(tmp_path: Path) -> None:
    """Its row names the chart in the clear, and is sealed under that one's key alone: the public sees it overdue."""
    with measuring(tmp_path) as world:
        world.result(world.specimen(BOUND), Result.POSITIVE)
        world.settle()
        (emergency,) = known(world.node.store, world.node.trust).emergencies
        with world.node.store.connect(Duty.MIGRATION, DATABASE) as owner:
            assert owner.execute("update healthcode.decision set chart_key = 1, holder = null").rowcount == 1
        world.advance(emergency.published.document.ends + KEPT_AFTER + HOUR - world.now)

        assert destroying.destroy_due(world.node) == 0
        world.close()
        assert world.node.keys.emergency_keys() == {}
        assert leaves(world.node.store, "shred") == []
        assert len(overdue(world)) == 2
        assert [one["shredded"] for one in counted(world)["emergencies"]] == ["overdue"]

        with world.node.store.connect(Duty.MIGRATION, DATABASE) as owner:
            owner.execute("delete from healthcode.decision")
        assert destroying.destroy_due(world.node) == 1
        world.close()
        assert overdue(world) == []


def test_how_long_it_is_kept_is_no_setting() -> None:
    assert timedelta(days=30) == KEPT_AFTER
    assert DAY == destroying.AHEAD
    assert not [name for name in os.environ if "SHRED" in name]


def overdue(world: Measuring) -> list[str]:
    return [one.where for one in check_node(world.node) if one.code == "SHRED-OVERDUE"]


def counted(world: Measuring) -> dict[str, object]:
    """What `salus ledger emergencies` says from the files alone."""
    key, keys = str(world.node.sequencer.key), world.witnesses.trust.witnesses
    named = [part for one in keys for part in ("--witness", str(one))]
    log = str(world.node.settings.data / "log")
    done = CliRunner().invoke(main, ["ledger", "emergencies", log, "--vkey", key, *named, "--json"])
    told: dict[str, object] = json.loads(done.stdout)
    return told | {"exit": done.exit_code}

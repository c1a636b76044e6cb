"""Evidence, decisions and notices on a real node with real witnesses."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from forging import forge, move_rows
from measures import DAY, HOUR
from measuring import Measuring, a_specimen, an_observation, measuring, sent, system_of
from nodes import a_number, add_hospital, the_resident
from salus import ledger
from salus.app import MyNotices, add_party, check_node, my_notices, progress_measures, take_result, take_specimen
from salus.app.node import charts_of
from salus.app.vouching import vouched_at
from salus.cli.actors import LABORATORY, SITE, Party, commit_specimen, new_subject, sign_result
from salus.cli.witnesses import start
from salus.healthcode import EvidenceRefused
from salus.healthcode.measures import Seals, known, service
from salus.healthcode.measures import store as tables
from salus.healthcode.measures.service import decision_file
from salus.kernel import Refused, advance_demo_clock
from salus.parties import FacilityKind
from salus.records import RecordRefused
from salus.rules import EvidenceKind, Measure, Result, recompute
from salus.storage import Duty

INDETERMINATE = Result.INDETERMINATE


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measuring]:
    with measuring(tmp_path_factory.mktemp("measures")) as opened:
        yield opened


def shown(world: Measuring, number: str) -> MyNotices:
    return my_notices(world.node, the_resident(world.resident(number)))


def decisions(world: Measuring) -> int:
    return len(ledger.leaves(world.node.store, "decision"))


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


def test_the_same_evidence_sent_twice_is_taken_once(world: Measuring) -> None:
    number, before = a_number(2), len(ledger.leaves(world.node.store, "result"))
    specimen = world.specimen(number)
    take_specimen(world.node, system_of("S1"), a_specimen(world.patient(number), specimen), sent(specimen))
    result = world.result(specimen, Result.POSITIVE)
    world.send_result(result)
    world.settle()

    assert len(ledger.leaves(world.node.store, "result")) == before + 1
    assert len(shown(world, number).notices) == 1


def test_rounds_that_run_at_once_decide_once(world: Measuring) -> None:
    before = decisions(world)
    results = [world.result(world.specimen(a_number(order)), Result.POSITIVE) for order in range(10, 13)]
    from salus.app import close_batch

    close_batch(world.node)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: progress_measures(world.node), range(4)))
    world.settle()

    assert sum(one.decided for one in done) == len(results)
    assert decisions(world) == before + len(results)


def test_a_round_that_breaks_off_leaves_nothing_half_done(world: Measuring, monkeypatch: pytest.MonkeyPatch) -> None:
    number, before = a_number(3), decisions(world)
    world.result(world.specimen(number), Result.POSITIVE)
    from salus.app import close_batch

    close_batch(world.node)
    with monkeypatch.context() as broken:

        def fail(*_: object) -> bool:
            raise OSError("the machine stops here, with the leaf handed over in the same transaction")

        broken.setattr(tables, "add_decision", fail)
        with pytest.raises(OSError, match="stops here"):
            progress_measures(world.node)
    close_batch(world.node)
    assert decisions(world) == before

    world.settle()

    assert decisions(world) == before + 1
    assert len(shown(world, number).notices) == 1


def test_the_newest_notices_and_receipts_are_the_residents_own(world: Measuring) -> None:
    one, other = a_number(4), a_number(5)
    specimen = world.specimen(one)
    world.result(specimen, Result.POSITIVE)
    world.specimen(other)
    world.settle()

    assert [told["subject"] for told in shown(world, one).receipts] == [specimen.body["subject"]]
    assert shown(world, other).notices == ()


def test_a_result_without_rules_in_force_asks_for_nothing_and_waits_no_longer(world: Measuring) -> None:
    """Measles has no published rules here; the evidence is logged all the same."""
    number = a_number(6)
    signed = commit_specimen(world.site, disease="measles", taken=world.now, subject=new_subject())
    take_specimen(world.node, system_of("S1"), a_specimen(world.patient(number), signed), sent(signed))
    result = sign_result(world.laboratory, signed, Result.POSITIVE, world.now)
    resource = an_observation(result) | {"code": {"coding": [{"system": "http://loinc.org", "code": "48508-6"}]}}
    take_result(world.node, system_of("L1"), resource, sent(result))
    world.settle()

    assert shown(world, number).notices == ()
    with world.node.store.transaction(Duty.CARE) as tx:
        assert [
            one for one in tables.waiting(tx, Seals(emergencies={}), 0, 100) if one.commitment == result.commitment
        ] == []


def test_an_honest_node_has_no_findings(world: Measuring) -> None:
    world.settle()

    assert [one for one in check_node(world.node) if one.code in ("EVID-MISSING", "PROJECTION-MISMATCH")] == []


# --- what is refused


def refused_specimen(world: Measuring, change: Callable[[dict[str, Any]], Any]) -> None:
    signed = commit_specimen(world.site, disease="covid-19", taken=world.now, subject=new_subject())
    resource = a_specimen(world.patient(a_number(7)), signed)
    change(resource)
    take_specimen(world.node, system_of("S1"), resource, sent(signed))


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r["collection"].update(collectedDateTime="2031-01-01T00:00:00Z"),
        lambda r: r.pop("collection"),
        lambda r: r.pop("subject"),
        lambda r: r.update(resourceType="Observation", status="final", code={}),
    ],
)
def test_a_specimen_that_its_resource_contradicts_is_refused_whole(
    world: Measuring, change: Callable[[dict[str, Any]], Any]
) -> None:
    world.patient(a_number(7))
    before = totals(world)

    with pytest.raises((EvidenceRefused, RecordRefused)):
        refused_specimen(world, change)

    assert totals(world) == before


@pytest.mark.parametrize(
    "change",
    [
        {"valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "260385009"}]}},
        {"code": {"coding": [{"system": "http://loinc.org", "code": "94558-4"}]}},
        {"code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]}},
        {"issued": "2031-02-28T00:00:00Z"},
        {"status": "corrected"},
        {"status": "preliminary"},
        {"valueCodeableConcept": {"text": "red"}},
    ],
)
def test_a_result_that_its_resource_contradicts_is_refused_whole(world: Measuring, change: dict[str, Any]) -> None:
    signed = sign_result(world.laboratory, world.specimen(a_number(8)), Result.POSITIVE, world.now)
    before = totals(world)

    with pytest.raises((EvidenceRefused, RecordRefused)):
        world.send_result(signed, **change)

    assert totals(world) == before


def test_a_result_about_another_person_than_its_specimen_is_refused(world: Measuring) -> None:
    specimen = world.specimen(a_number(20))
    other = world.patient(a_number(21), "L1")
    same = world.patient(a_number(20), "L1")
    signed = sign_result(world.laboratory, specimen, Result.POSITIVE, world.now)

    with pytest.raises(EvidenceRefused, match="another person"):
        world.send_result(signed, subject={"reference": other})

    assert world.send_result(signed, subject={"reference": same}).commitment == signed.commitment


def test_a_result_without_a_specimen_is_refused(world: Measuring) -> None:
    unsent = commit_specimen(world.site, disease="covid-19", taken=world.now, subject=new_subject())
    signed = sign_result(world.laboratory, unsent, Result.POSITIVE, world.now)

    with pytest.raises(EvidenceRefused, match="ACCESSION-MISSING"):
        world.send_result(signed)


def test_nobody_corrects_what_another_laboratory_found_nor_what_is_not_here(world: Measuring) -> None:
    """Whoever could correct the negative that ended a measure would bring it back."""
    number = a_number(22)
    specimen, other = world.specimen(number), world.specimen(number)
    found = world.result(specimen, Result.NEGATIVE)
    stranger = another_laboratory(world)
    refused = [
        (system_of("L1"), sign_result(world.laboratory, specimen, INDETERMINATE, world.now, replaces=new_subject())),
        (system_of("L1"), sign_result(world.laboratory, other, INDETERMINATE, world.now, replaces=found.commitment)),
        (
            system_of("L1"),
            sign_result(world.laboratory, specimen, INDETERMINATE, world.now, replaces=specimen.commitment),
        ),
        (system_of("L2"), sign_result(stranger, specimen, INDETERMINATE, world.now, replaces=found.commitment)),
    ]
    before = totals(world)

    for who, signed in refused:
        with pytest.raises(EvidenceRefused, match="corrects what it found itself"):
            take_result(world.node, who, an_observation(signed), sent(signed))

    assert totals(world) == before
    world.result(specimen, INDETERMINATE, replaces=found.commitment)


def another_laboratory(world: Measuring) -> Party:
    """Let the log know a second laboratory, L2."""
    party = Party.new("L2", "other-laboratories", LABORATORY)
    add_hospital(world.node, "L2", FacilityKind.LABORATORY)
    add_party(world.node, party.key_leaf)
    world.close()
    return party


def test_evidence_by_a_key_that_the_log_does_not_know_or_too_late_is_refused(world: Measuring) -> None:
    taken, number = world.now, a_number(9)
    stranger = Party.new("S1", "city-sampling", SITE)
    laboratory = Party(name="L1", organisation="x", duty=LABORATORY, private=world.site.private)
    late = commit_specimen(world.site, disease="covid-19", taken=taken - 73 * HOUR, subject=new_subject())
    early = commit_specimen(world.site, disease="covid-19", taken=taken + HOUR, subject=new_subject())
    forged = commit_specimen(stranger, disease="covid-19", taken=taken, subject=new_subject())

    for signed in (late, early, forged):
        with pytest.raises(EvidenceRefused):
            take_specimen(world.node, system_of("S1"), a_specimen(world.patient(number), signed), sent(signed))
    with pytest.raises(EvidenceRefused, match="signature"):
        world.send_result(sign_result(laboratory, world.specimen(number), Result.POSITIVE, taken))


@pytest.mark.parametrize("who", ["S1", "H1"])
def test_nobody_but_a_laboratory_signs_results(world: Measuring, who: str) -> None:
    signed = sign_result(world.laboratory, world.specimen(a_number(9)), Result.POSITIVE, world.now)

    with pytest.raises(Refused):
        take_result(world.node, system_of(who), an_observation(signed), sent(signed))


def totals(world: Measuring) -> tuple[int, int, int]:
    """Resources, evidence rows and leaves that wait or stand."""
    with world.node.store.connect(Duty.MIGRATION, "salus") as owner:
        sql = (
            "select (select count(*) from records.resource), (select count(*) from healthcode.evidence),"
            " (select count(*) from ledger.pending) + (select count(*) from ledger.leaf)"
        )
        row = owner.execute(sql).fetchone()
    assert row is not None
    return row  # type: ignore[return-value]


def test_what_a_destroyed_key_sealed_asks_for_nothing_and_stops_nobody(world: Measuring) -> None:
    number, other = a_number(40), a_number(41)
    for one in (number, other):
        world.result(world.specimen(one), Result.POSITIVE)
    world.settle()
    (notice,) = shown(world, number).notices

    world.node.keys.shred(notice.chart_key)
    world.settle()

    assert shown(world, number).notices == ()
    assert len(shown(world, other).notices) == 1


def test_a_negative_under_another_subject_ends_the_notice_that_is_shown(world: Measuring) -> None:
    """Whoever lost the receipt gets another one at the site; the chart says that both are theirs."""
    number = a_number(45)
    world.result(world.specimen(number), Result.POSITIVE)
    world.settle()
    world.advance(26 * HOUR)
    again = world.specimen(number)
    assert len(shown(world, number).notices) == 1

    world.result(again, Result.NEGATIVE)
    world.settle()

    assert shown(world, number).notices == ()


def test_a_witness_that_dates_a_head_into_the_future_keeps_no_result_undecided(world: Measuring) -> None:
    """With one witness dead, the second that a quorum takes says by when there was one."""
    number, witnesses = a_number(46), world.witnesses
    specimen = world.specimen(number)
    world.close()
    _, liar, press = sorted(witnesses.started)
    witnesses.kill(press)
    witnesses.kill(liar)
    clock = witnesses.folder / "far"
    clock.write_text('{"shift": 0}', "utf-8")
    advance_demo_clock(clock, 50 * 365 * DAY)
    witnesses.started[liar] = start(witnesses.folder / liar, liar, world.node.sequencer.key, clock)
    witnesses.join()
    world.result(specimen, Result.POSITIVE)
    with world.node.store.transaction(Duty.CARE) as tx:
        pending = ledger.append(tx, ledger.Leaf(kind="refusals", body={"day": "2031-03-01", "action": "x", "count": 1}))
    world.close()
    dated = ledger.first_receipt(world.node.store, witnesses.trust, pending.id)
    assert dated is not None
    assert dated.cosigned.at > world.now + 365 * DAY
    assert vouched_at(world.node, pending.id) is None

    for body in (liar, press):
        witnesses.restart(body)
    world.settle()

    assert len(shown(world, number).notices) == 1
    assert (vouched_at(world.node, pending.id) or dated.cosigned.at) <= world.now


def test_no_number_of_other_results_pushes_a_release_out_of_the_file(world: Measuring) -> None:
    number, subject = a_number(43), new_subject()
    world.result(world.specimen(number, subject), Result.POSITIVE)
    world.settle()
    assert len(shown(world, number).notices) == 1
    world.advance(26 * HOUR)
    world.result(world.specimen(number, subject), Result.NEGATIVE)
    for _ in range(17):
        world.result(world.specimen(number, subject), Result.NEGATIVE, kind=EvidenceKind.ANTIGEN)
    world.settle()

    file = the_file(world, number)

    assert recompute(file, world.witnesses.trust, world.now).fault == "RELEASED"


def test_evidence_that_does_not_prove_is_left_out_of_the_file(
    world: Measuring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A correction of another specimen, taken in by an earlier release, would make the whole file prove nothing."""
    number, subject = a_number(44), new_subject()
    found = world.result(world.specimen(number, subject), Result.POSITIVE)
    world.settle()
    with monkeypatch.context() as earlier:
        earlier.setattr(service, "_may_replace", lambda *_: None)
        wrong = world.result(world.specimen(number, subject), INDETERMINATE, replaces=found.commitment)
    world.settle()

    file = the_file(world, number)

    assert recompute(file, world.witnesses.trust, world.now).measure is Measure.PRECAUTION
    assert wrong.commitment not in json.loads(file)["openings"]
    assert len(shown(world, number).notices) == 1


def the_file(world: Measuring, number: str) -> bytes:
    """The file of somebody's one decision, whether it still asks for anything or not."""
    node = world.node
    with node.store.transaction(Duty.CARE) as tx:
        charts = charts_of(tx, world.residents[number])
        (decided,) = tables.decisions(tx, Seals.of(node.keys), charts, world.now - 16 * DAY, 32)
    found = decision_file(node.store, node.trust, known(node.store, node.trust), node.keys, decided, world.now)
    assert found is not None
    return found


def test_two_decisions_on_one_result_are_found(world: Measuring) -> None:
    number = a_number(42)
    world.result(world.specimen(number), Result.POSITIVE)
    world.settle()
    leaf = ledger.leaves(world.node.store, "decision")[-1][1]
    with world.node.store.transaction(Duty.CARE) as tx:
        again = {**leaf.body, "commitment": leaf.body["rules"]}
        ledger.append(tx, ledger.Leaf(kind="decision", body=again))
    world.settle()

    assert "EVIDENCE-REUSE" in {one.code for one in check_node(world.node)}


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        (tables.OF_CHARTS, {"charts": [1, 2], "holders": [bytes(24)], "most": 256}),
        (tables.BY_COMMITMENT, ([bytes(32)],)),
        (tables.WAITING, (0, 100)),
        (
            tables.DECISIONS,
            {"charts": [1], "holders": [bytes(24)], "since": datetime(2031, 1, 1, tzinfo=UTC), "most": 32},
        ),
        (tables.DECISION_OF, (bytes(32),)),
        (tables.ALL_EVIDENCE, (0, 100)),
        (tables.ALL_DECISIONS, (b"", 100)),
        (tables.UNDER_CHARTS_ALONE, ()),
    ],
)
def test_no_query_reads_a_whole_table(world: Measuring, sql: str, values: tuple[object, ...]) -> None:
    with world.node.store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute("set enable_seqscan = off")
        plan = "\n".join(str(row[0]) for row in owner.execute("explain " + sql, values).fetchall())

    assert "Index" in plan or "Bitmap" in plan
    assert "Seq Scan" not in plan


# --- rows that the log does not stand behind


@pytest.mark.parametrize("logged", [False, True])
def test_rows_that_somebody_writes_show_nobody_anything_and_are_found(world: Measuring, logged: bool) -> None:
    number = a_number(30 + logged)

    forged = forge(world, number, logged=logged)
    world.settle()

    assert shown(world, number).notices == ()
    found = [one for one in check_node(world.node) if forged in one.where]
    assert {one.code for one in found} & {"EVID-MISSING", "PROJECTION-MISMATCH"}
    assert len([one for one in check_node(world.node) if one.code == "EVID-MISSING"]) >= 2


def test_a_row_that_is_moved_to_another_chart_shows_nothing_there_and_is_found(world: Measuring) -> None:
    victim, number = a_number(33), a_number(34)
    from forging import chart_of

    world.result(world.specimen(number), Result.POSITIVE)
    world.settle()
    (notice,) = shown(world, number).notices
    chart = chart_of(world, victim)
    assert move_rows(world.node, notice.chart_key, chart) == 3

    assert shown(world, victim).notices == ()
    assert any(notice.commitment in one.where for one in check_node(world.node))


def test_ledger_verify_reports_forged_rows(world: Measuring) -> None:
    forged = forge(world, a_number(35), logged=False)

    command = [sys.executable, "-m", "salus", "ledger", "verify", "--data", str(world.node.settings.data), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 1, done.stderr
    findings = json.loads(done.stdout)["findings"]
    assert any(one["code"] == "EVID-MISSING" and forged in one["where"] for one in findings)

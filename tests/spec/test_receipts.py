"""What a resident's receipt proves, and the word for each thing that may be wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from measures import ALIVE, DAY, DECLARED, DISEASE, HOUR, World, a_file, a_world
from receipts import Steps, logged_steps, some_steps
from salus.cli import main
from salus.cli.actors import LABORATORY, Party, commit_specimen, new_subject, sign_result
from salus.codec.certificates import write_trust
from salus.kernel import canonical, format_instant
from salus.rules import NOT_LOGGED, Result, is_receipt, receipt_file, rests_on

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
MADE = DECLARED - HOUR


def test_a_whole_receipt_tells_both_steps_with_their_places_and_witness_times() -> None:
    steps = logged_steps()

    found = steps.read()

    assert (found.fault, found.signed, found.disease) == (None, True, DISEASE)
    assert found.subject == steps.specimen.body["subject"]
    first, then = found.steps
    assert (first.party, first.organisation, first.happened) == ("S1", "city-sampling", ALIVE)
    assert (then.party, then.organisation, then.result) == ("L1", "green-laboratories", Result.POSITIVE)
    assert (first.logged_at, then.logged_at) == (ALIVE + HOUR, ALIVE + 6 * HOUR)
    assert first.index is not None
    assert then.index is not None
    assert first.index < then.index


def test_a_receipt_at_the_swab_holds_its_site_before_the_log_has_anything() -> None:
    steps = some_steps(result=None)

    found = steps.read()

    assert (found.fault, found.signed) == (NOT_LOGGED, True)
    assert "specimen" in found.text
    assert found.specimen is not None
    assert found.specimen.logged_at is None


def test_a_laboratory_that_has_not_answered_is_no_fault_of_the_receipt() -> None:
    assert logged_steps(result=None).read().fault is None
    steps = some_steps()
    steps.log(steps.specimen, at=ALIVE + HOUR)

    found = steps.read()

    assert (found.fault, found.signed) == (NOT_LOGGED, True)
    assert [one.index is None for one in found.steps] == [False, True]


def forged_signature(told: dict[str, Any]) -> None:
    told["specimen"]["leaf"]["signature"] = told["results"][0]["leaf"]["signature"]
    told["specimen"]["proof"] = None


def other_day(told: dict[str, Any]) -> None:
    told["specimen"]["opening"]["specimen"]["taken"] = "2031-02-24T09:00:00Z"


def other_subject(told: dict[str, Any]) -> None:
    told["results"][0]["opening"]["result"]["subject"] = new_subject()


def other_proof(told: dict[str, Any]) -> None:
    told["specimen"]["proof"] = told["results"][0]["proof"]


def more(told: dict[str, Any]) -> None:
    told["measure"] = "precaution"


def a_measure_in_a_step(told: dict[str, Any]) -> None:
    told["specimen"]["opening"]["specimen"]["measure"] = "precaution"


def nothing(told: dict[str, Any]) -> None:
    told.update(specimen=None, results=[], keys=told["keys"])


def no_keys(told: dict[str, Any]) -> None:
    told["keys"] = []


def a_key_for_nothing(told: dict[str, Any]) -> None:
    told["results"] = []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (forged_signature, "SIGNATURE"),
        (other_day, "COMMITMENT"),
        (other_subject, "COMMITMENT"),
        (other_proof, "NO-PROOF"),
        (more, "FILE"),
        (a_measure_in_a_step, "OPENING"),
        (nothing, "FILE"),
        (no_keys, "NO-KEY"),
        (a_key_for_nothing, "FILE"),
    ],
)
def test_whatever_was_changed_has_its_word(change: Callable[[dict[str, Any]], None], word: str) -> None:
    steps = logged_steps()
    value = json.loads(steps.file())
    change(value["receipt"])

    found = steps.read(canonical(value))

    assert (found.fault, found.signed) == (word, False)


def backdated(steps: Steps) -> Steps:
    """A site that says of a specimen that it was taken four days before the log had it."""
    steps.log(steps.specimen, at=ALIVE + 4 * DAY)
    steps.results = []
    return steps


def after_its_log(steps: Steps) -> Steps:
    steps.log(steps.specimen, at=ALIVE - HOUR)
    steps.results = []
    return steps


def result_first(steps: Steps) -> Steps:
    steps.log(*steps.results, at=ALIVE + 6 * HOUR)
    steps.log(steps.specimen, at=ALIVE + 7 * HOUR)
    return steps


def dated_before(steps: Steps) -> Steps:
    steps.results = [sign_result(steps.world.laboratory, steps.specimen, Result.POSITIVE, ALIVE - MINUTE)]
    steps.log(steps.specimen, *steps.results, at=ALIVE + HOUR)
    return steps


def of_one_organisation(steps: Steps) -> Steps:
    own = Party.new("L9", "city-sampling", LABORATORY)
    return of_another(steps, own)


def of_another(steps: Steps, own: Party) -> Steps:
    steps.world.log.append("party-key", own.key_leaf)
    steps.world.log.close(ALIVE - 10 * MINUTE)
    steps.results = [sign_result(own, steps.specimen, Result.POSITIVE, ALIVE + HOUR)]
    steps.world.laboratory = own
    return steps


def about_another_specimen(steps: Steps) -> Steps:
    other = commit_specimen(steps.world.site, disease=DISEASE, taken=ALIVE, subject=steps.specimen.body["subject"])
    steps.results = [sign_result(steps.world.laboratory, other, Result.POSITIVE, ALIVE + HOUR)]
    return steps


@pytest.mark.parametrize(
    ("lie", "word"),
    [
        (backdated, "BACKDATED"),
        (after_its_log, "ORDER-VIOLATION"),
        (result_first, "ORDER-VIOLATION"),
        (dated_before, "ORDER-VIOLATION"),
        (of_one_organisation, "ONE-PARTY"),
        (about_another_specimen, "ACCESSION-MISSING"),
    ],
)
def test_a_site_or_laboratory_that_lies_about_time_or_party_is_shown(lie: Callable[[Steps], Steps], word: str) -> None:
    assert lie(some_steps()).read().fault == word


def test_a_key_that_came_after_what_it_signed_counts_for_nothing() -> None:
    world = a_world()
    late = Party.new("S9", "late-sampling", "sampling-site")
    specimen = commit_specimen(late, disease=DISEASE, taken=ALIVE, subject=new_subject())
    world.log.append("party-key", late.key_leaf)
    world.log.close(ALIVE + 4 * DAY)

    found = Steps(world, specimen).read(Steps(world, specimen).file(parties=[late]))

    assert found.fault == "ORDER-VIOLATION"


@settings(max_examples=80, deadline=None)
@given(place=st.integers(0, 4000), flipped=st.integers(1, 255))
def test_no_changed_octet_of_a_receipt_proves_anything_else(place: int, flipped: int) -> None:
    octets = bytearray(WHOLE_FILE)
    octets[place % len(octets)] ^= flipped

    found = WHOLE.read(bytes(octets))

    assert found.fault is not None
    assert not found.signed


WHOLE = logged_steps()
WHOLE_FILE = WHOLE.file()


def test_a_measure_is_held_against_the_receipts_of_who_it_is_said_to_be_about() -> None:
    file = a_file()
    mine = Steps(file.world, file.specimen, [file.result])
    others = logged_steps(file.world, taken=ALIVE + 7 * HOUR)

    assert rests_on(file.raw, [others.read(), mine.read()])
    assert rests_on(file.raw, [others.read()]) is False
    assert rests_on(b"no file", [mine.read()]) is None


def test_what_shows_no_specimen_with_its_key_says_nothing_of_a_measure() -> None:
    file = a_file()
    short = json.loads(Steps(file.world, file.specimen, []).file())
    short["receipt"]["keys"] = []
    steps = Steps(file.world, file.specimen, [file.result])
    laboratorys = json.loads(steps.file(parties=[file.world.laboratory]))
    laboratorys["receipt"]["specimen"] = None
    read = [steps.read(canonical(one)) for one in (short, laboratorys)]

    assert [one.fault for one in read] == ["NO-KEY", None]
    assert rests_on(file.raw, read) is None


def test_beside_a_receipt_of_something_else_a_short_one_may_still_be_of_the_measure() -> None:
    file = a_file()
    short = json.loads(Steps(file.world, file.specimen, []).file())
    short["receipt"]["keys"] = []
    mine, others = Steps(file.world, file.specimen, [file.result]), logged_steps(file.world, taken=ALIVE + 7 * HOUR)
    told = mine.read(canonical(short))

    assert rests_on(file.raw, [others.read(), told]) is None
    assert rests_on(file.raw, [told, mine.read()]) is True


def test_a_receipt_that_does_not_hold_backs_no_measure() -> None:
    file = a_file()
    mine = json.loads(Steps(file.world, file.specimen, []).file())
    mine["receipt"]["specimen"]["leaf"]["signature"] = file.result.leaf["signature"]

    assert rests_on(file.raw, [WHOLE.read(canonical(mine))]) is None


# --- `salus code explain`


def said(path: Path, steps: Steps, *options: str) -> tuple[int, str]:
    trust = path.with_name("trust.txt")
    trust.write_text(str(steps.world.log.trust), "utf-8")
    done = CliRunner().invoke(main, ["code", "explain", str(path), "--trust", str(trust), *options])
    return done.exit_code, done.output


def test_the_command_says_who_signed_what_and_when_the_log_had_it(tmp_path: Path) -> None:
    steps, path = logged_steps(), tmp_path / "receipt.json"
    path.write_bytes(steps.file())

    code, text = said(path, steps)

    assert code == 0
    assert "S1 (city-sampling)" in text
    assert "positive" in text
    assert steps.specimen.body["subject"] not in text
    told = json.loads(said(path, steps, "--json")[1])
    assert told["good"] is told["signed"] is True
    assert [one["kind"] for one in told["steps"]] == ["specimen", "result"]


def test_the_command_tells_a_receipt_that_is_early_from_one_that_is_wrong(tmp_path: Path) -> None:
    early, path = some_steps(), tmp_path / "receipt.json"
    path.write_bytes(early.file())

    code, text = said(path, early, "--json")

    assert code == 1
    assert (json.loads(text)["fault"], json.loads(text)["signed"]) == (NOT_LOGGED, True)
    path.write_bytes(backdated(some_steps(early.world)).file())
    code, text = said(path, early, "--json")
    assert code == 1
    assert (json.loads(text)["fault"], json.loads(text)["signed"]) == ("BACKDATED", False)


def a_trust_file(world: World, path: Path) -> Path:
    """The trust file of a world's log as it was when it had only keys, and nothing in it."""
    empty: dict[str, Any] = {"keys": (), "issuers": (), "declarations": (), "lists": ()}
    path.write_bytes(write_trust(trust=world.log.trust, head=world.log.heads[0][1], **empty))
    return path


def test_the_command_says_where_it_answers_from_an_old_trust_file(tmp_path: Path) -> None:
    steps, file = logged_steps(), a_file()
    receipt, measure = tmp_path / "receipt.json", tmp_path / "measure.json"
    receipt.write_bytes(steps.file())
    measure.write_bytes(file.fresh(MADE + 7 * DAY))
    asked = [(receipt, a_trust_file(steps.world, tmp_path / "a")), (measure, a_trust_file(file.world, tmp_path / "b"))]
    of = f"the trust file is as of {format_instant(MADE)}: what was vetoed or ended since is not looked at"

    for path, trust in asked:
        words = ["code", "explain", str(path), "--trust", str(trust), "--at"]
        old = CliRunner().invoke(main, [*words, format_instant(MADE + 7 * DAY)])
        known = CliRunner().invoke(main, [*words, format_instant(MADE + 7 * DAY), "--json"])
        young = CliRunner().invoke(main, [*words, format_instant(MADE + 7 * DAY - SECOND)])
        assert (old.exit_code, of in old.output) == (0, True), old.output
        assert of not in young.output
        assert json.loads(known.stdout)["known_until"] == format_instant(MADE)
    assert json.loads(said(receipt, steps, "--json")[1])["known_until"] is None


def test_the_command_refuses_a_measure_that_rests_on_none_of_the_receipts(tmp_path: Path) -> None:
    file = a_file()
    mine, others = Steps(file.world, file.specimen, [file.result]), logged_steps(file.world, taken=ALIVE + 7 * HOUR)
    path, right, wrong = (tmp_path / name for name in ("measure.json", "right.json", "wrong.json"))
    path.write_bytes(file.raw)
    right.write_bytes(mine.file())
    wrong.write_bytes(others.file())
    at = ("--at", file.at.strftime("%Y-%m-%dT%H:%M:%SZ"))

    assert said(path, mine, *at, "--receipt", str(right))[0] == 0
    code, text = said(path, mine, *at, "--receipt", str(wrong))

    assert code == 1
    assert "no specimen of your receipts" in text


def test_a_receipt_alone_of_a_result_is_one_too() -> None:
    steps = logged_steps()
    key = steps.world.item("party-key", steps.world.laboratory.key_leaf)

    raw = receipt_file(None, [steps.step(steps.results[0])], [key])

    assert is_receipt(raw)
    found = steps.read(raw)
    assert found.fault is None
    assert found.specimen is None

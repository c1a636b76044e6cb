"""Flow 5: a resident contests, another organisation answers in time or the clock decides; over HTTP, real witnesses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from contesting import HOUR, REASON, WORDS, Scene, contesting, judging
from salus import ledger
from salus.app import contest_tally
from salus.appeals import ANSWER_WITHIN, tally
from salus.cli import main
from salus.kernel import parse_instant
from salus.proof import LeafProof
from salus.rules import Measure
from salus.storage import Duty
from visiting import links_of, words_of


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with contesting(tmp_path_factory.mktemp("contests")) as opened:
        yield opened


def test_contesting_a_notice_gives_a_receipt_that_the_public_log_bears_out(scene: Scene) -> None:
    person = scene.infected()
    address, receipt = person.contest_notice()

    assert [leaf["deadline"] for leaf in scene.leaves("appeal-opened", receipt)] == [receipt["deadline"]]
    opened = parse_instant(receipt["opening"]["appeal"]["opened"])
    assert parse_instant(receipt["deadline"]) - opened == ANSWER_WITHIN
    page = person.browser.get(address)
    said = words_of(page)
    assert "Waits for an answer until" in said
    assert "vouched for by witnesses on" in said
    assert re.search(r"[0-9A-Z]{5}(-[0-9A-Z]{5}){4}-[0-9A-Z]", said)
    assert 'class="salus-qr"' in page.text
    assert "You may be infectious until" in person.notice  # it counts until it is answered, or the time is over


def test_the_holders_file_says_that_it_is_contested_to_whoever_recomputes_it(scene: Scene) -> None:
    person = scene.infected()
    before = person.file
    _, receipt = person.contest_notice()
    contested = json.loads(person.file)

    assert "appeal" not in json.loads(before)
    assert receipt["opening"] in contested["openings"].values()
    assert contested["appeal"]["closed"] is None
    assert scene.recomputed(person.file).measure is Measure.PRECAUTION


def test_who_took_part_can_neither_see_nor_answer(scene: Scene) -> None:
    address, _ = scene.infected().contest_notice()

    for facility in ("S1", "L1"):
        own = scene.officer(facility)
        assert judging(address) not in links_of(own.get("/appeals"), "/appeals/")
        assert own.get(judging(address)).status_code == 403
        refused = scene.answer(address, facility, "stands")
        assert refused.status_code == 403
        assert "SALUS-J003" in refused.text
    with scene.node.store.connect(Duty.MIGRATION) as owner:
        kept = owner.execute("select count(*) from access.refusal where action = 'answer-appeal'").fetchone()
    assert kept is not None
    assert kept[0] >= 4


def test_a_notice_that_another_organisation_upholds_in_time_stands(scene: Scene) -> None:
    person = scene.infected()
    address, receipt = person.contest_notice()
    before = contest_tally(scene.node)
    scene.measuring.advance(HOUR)
    officer = scene.officer("COURT")
    assert judging(address) in links_of(officer.get("/appeals"), "/appeals/")
    shown = officer.text(judging(address))
    assert WORDS in shown
    assert "when it was contested: a precaution" in shown

    assert scene.answer(address, "COURT", "stands").status_code == 303
    scene.measuring.advance(HOUR)

    assert "You may be infectious until" in person.notice
    assert scene.recomputed(person.file).measure is Measure.PRECAUTION
    assert json.loads(person.file)["appeal"]["closed"]["leaf"]["outcome"] == "stands"
    said = person.browser.text(address)
    assert "Answered in time: it stands." in said
    assert REASON in said
    (closed,) = scene.leaves("appeal-closed", receipt)
    assert (closed["outcome"], closed["organisation"]) == ("stands", "Court")
    assert contest_tally(scene.node).stood == before.stood + 1
    assert WORDS in scene.officer("COURT").text(judging(address))
    another = scene.officer("ACADEMY").get(judging(address))
    assert "SALUS-J004" in another.text
    assert WORDS not in another.text
    assert "SALUS-J004" in scene.answer(address, "ACADEMY", "ended").text  # one answer, for good


def test_a_notice_that_another_organisation_ends_is_none_at_once(scene: Scene) -> None:
    person = scene.infected()
    address, receipt = person.contest_notice()
    file = person.file
    assert scene.answer(address, "ACADEMY", "ended").status_code == 303

    assert "Nothing is asked of you" in person.notice
    scene.measuring.advance(HOUR)
    assert "Nothing is asked of you" in person.notice
    assert "Answered: the notice is ended." in person.browser.text(address)
    assert scene.leaves("appeal-closed", receipt)[0]["outcome"] == "ended"
    assert scene.recomputed(file).measure is Measure.PRECAUTION  # a file from before the answer does not know of it yet


def test_a_notice_that_nobody_answers_in_time_is_void_and_stays_void_whatever_is_answered_then(scene: Scene) -> None:
    person = scene.infected()
    address, _ = person.contest_notice()
    scene.measuring.advance(ANSWER_WITHIN - HOUR)
    file = person.file
    assert scene.recomputed(file).measure is Measure.PRECAUTION
    before = contest_tally(scene.node)
    scene.measuring.advance(HOUR)

    assert scene.recomputed(file).fault == "APPEAL-OVERDUE"
    assert "Nothing is asked of you" in person.notice
    late = contest_tally(scene.node).late
    assert late > before.late
    assert f"Contests overdue {late} " in scene.power()
    assert scene.answer(address, "COURT", "stands").status_code == 303
    scene.measuring.advance(HOUR)

    assert "Nothing is asked of you" in person.notice
    assert "Nobody answered in time: the notice is void, and stays void." in person.browser.text(address)
    assert contest_tally(scene.node).late == late
    assert f"Contests overdue {late} " in scene.power()


def test_an_answer_in_time_that_witnesses_vouch_for_too_late_is_late(scene: Scene) -> None:
    person = scene.infected()
    address, _ = person.contest_notice()
    scene.measuring.witnesses.advance(ANSWER_WITHIN - HOUR / 60)
    assert scene.answer(address, "COURT", "stands").status_code == 303  # said a minute before the deadline
    scene.measuring.advance(HOUR)  # but the next batch closes an hour on

    assert "Nothing is asked of you" in person.notice
    shown = person.browser.text(address)
    assert "Nobody answered in time" in shown
    assert REASON in shown


def test_a_file_can_be_contested_that_the_own_page_does_not_show(scene: Scene) -> None:
    """Henan's form answered that there was nothing to apply for, while the code was red."""
    person = scene.infected()
    file = person.file
    scene.measuring.advance(12 * 24 * HOUR)
    assert "Nothing is asked of you" in person.notice
    assert "Contest a notice" in person.browser.text("/me/contests/new")

    address, receipt = person.contest("/me/contests/new", files={"presented": ("measure.json", file)})

    assert scene.leaves("appeal-opened", receipt)
    assert receipt["opening"]["appeal"]["decision"] == json.loads(file)["decision"]["commitment"]
    assert judging(address) in links_of(scene.officer("COURT").get("/appeals"), "/appeals/")
    assert scene.officer("L1").get(judging(address)).status_code == 403  # its own work, as the file itself says


NO_NOTICES = [b"", b"{}", b"no file", b'{"decision": {"commitment": "x"}, "openings": {}}', b'{"a": "\\ud800"}']


def test_a_notice_with_half_a_character_written_in_is_told_so(scene: Scene) -> None:
    file = scene.infected().file.replace(b"{", b'{"more": "\\ud800",', 1)
    answer = scene.person().browser.post("/me/contests", {"presented": ("x.json", file)}, words="")

    assert answer.status_code == 400


@pytest.mark.parametrize("handed_in", NO_NOTICES)
def test_what_is_no_notice_is_told_so_and_opens_nothing(scene: Scene, handed_in: bytes) -> None:
    answer = scene.person().browser.post("/me/contests", {"presented": ("x.json", handed_in)}, words="")

    assert answer.status_code == 400
    assert "We could not read this file as a notice of yours" in words_of(answer)


def test_a_file_with_another_laboratory_written_in_is_no_notice(scene: Scene) -> None:
    """Whoever could choose whose work it is could choose who may not answer."""
    file = json.loads(scene.infected().file)
    for opening in file["openings"].values():
        if "result" in opening:
            opening["result"]["laboratory"] = "COURT"
    answer = scene.person().browser.post("/me/contests", {"presented": ("x.json", json.dumps(file).encode())}, words="")

    assert answer.status_code == 400


def test_a_look_is_contested_and_its_own_institution_cannot_answer(scene: Scene) -> None:
    person = scene.person()
    address, receipt = person.contest(person.look())

    assert scene.officer("H1").get(judging(address)).status_code == 403
    assert "which opens your record to that place" in scene.officer("COURT").text(judging(address))
    assert scene.answer(address, "COURT", "ended").status_code == 303
    scene.measuring.advance(HOUR)
    assert "Answered: the look was not justified." in person.browser.text(address)
    assert scene.leaves("appeal-closed", receipt)[0]["organisation"] == "Court"
    listed = person.browser.text("/me/reads")
    assert "You contested it, and asked for an answer." in listed  # the officer's look stands there too


def test_contesting_twice_is_contesting_once(scene: Scene) -> None:
    person = scene.person()
    form = person.look()

    assert person.contest(form) == person.contest(form, "again")


def test_nobody_else_sees_a_contest(scene: Scene) -> None:
    person, stranger = scene.person(), scene.person()
    address, _ = person.contest(person.look())

    assert stranger.browser.get(address).status_code == 404
    assert stranger.browser.get(address + "/file").status_code == 404
    assert "You have contested nothing." in stranger.browser.text("/me/contests")
    assert stranger.browser.post("/me/contests", entry="1-0", words="").status_code == 400
    assert "What you contested" in person.browser.text("/me/contests")


def test_anybody_counts_again_from_leaves_and_proofs_alone(scene: Scene, tmp_path: Path) -> None:
    told = scene.client.ask("GET", "/about/power/answers.json").json()["answers"]
    closed = dict(ledger.leaves(scene.node.store, "appeal-closed"))
    trust = scene.measuring.witnesses.trust
    opened_leaves = dict(ledger.leaves(scene.node.store, "appeal-opened"))
    leaves = opened_leaves | closed
    times = {one["index"]: LeafProof.parse(one["proof"]).check(leaves[one["index"]].encoded, trust).at for one in told}
    opened = [(index, leaf.body) for index, leaf in opened_leaves.items()]
    answers = [(index, leaf.body) for index, leaf in closed.items()]
    counted = tally(opened, answers, times.get, scene.node.clock.now())

    assert counted == contest_tally(scene.node)
    scene.measuring.advance(HOUR)
    file = tmp_path / "answers.json"
    file.write_bytes(scene.client.ask("GET", "/about/power/answers.json").content)
    keys = [f"--vkey={trust.log}", *(f"--witness={one}" for one in trust.witnesses)]
    place = str(scene.node.settings.data / "log")
    done = CliRunner().invoke(main, ["ledger", "appeals", place, f"--answers={file}", "--json", *keys])
    assert done.exit_code == 0, done.output
    policy = tmp_path / "policy.txt"
    policy.write_text(str(trust))
    same = CliRunner().invoke(main, ["ledger", "appeals", place, f"--answers={file}", "--json", f"--trust={policy}"])
    assert (same.stdout, same.exit_code) == (done.stdout, 0)
    again, now = json.loads(done.stdout), contest_tally(scene.node)
    assert again | {"at": ""} == {
        "at": "", "opened": now.opened, "stood": now.stood, "ended": now.ended, "waiting": now.waiting,
        "overdue": now.late,
    }  # fmt: skip
    said = scene.power()
    for text, number in (
        ("Contests overdue", counted.late),
        ("Contests opened", counted.opened),
        ("Answered in time: it stands", counted.stood),
        ("Answered in time: ended", counted.ended),
        ("Waiting, time not over", counted.waiting),
    ):
        assert f"{text} {number} " in said

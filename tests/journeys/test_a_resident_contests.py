"""Flow 5: a resident contests, another organisation answers in time or the clock decides; over HTTP, real witnesses."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from nodes import Asking, a_node, a_number, a_patient, asking, clinician, send, system
from salus import identity, ledger, parties
from salus.app import Node, arrive, close_batch, contest_tally, view_summary
from salus.appeals import ANSWER_WITHIN, appeal_hash, tally
from salus.kernel import Role, parse_instant
from salus.parties import FacilityKind
from salus.proof import LeafProof
from salus.storage import Duty
from visiting import Visitor, links_of, words_of
from witnesses import Witnesses, three_witnesses

HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Scene:
    """A node with witnesses, one resident, and officers of three organisations."""

    node: Node
    witnesses: Witnesses
    client: Asking
    number: str
    resident: str

    def visitor(self, role: Role, facility: str | None = None) -> Visitor:
        """Somebody with a session of this hour: sessions end as the clock moves."""
        return Visitor(self.node, self.client, role, facility, self.resident if role is Role.RESIDENT else "")

    def pass_time(self, by: timedelta) -> None:
        self.witnesses.advance(by)
        close_batch(self.node)

    def looked(self) -> str:
        """A clinician of H1 opens the record; return where the resident can contest that look."""
        who = clinician("H1")
        visit = arrive(self.node, who, self.number)
        view_summary(self.node, who, visit.resident_id)
        close_batch(self.node)
        return links_of(self.visitor(Role.RESIDENT).get("/me/reads"), "/me/contests/new?entry=")[0]

    def contest(self, form: str, words: str = "I was never there.") -> tuple[str, dict[str, Any]]:
        """Open a contest from its form; return the address of its receipt, and the receipt."""
        who = self.visitor(Role.RESIDENT)
        assert who.get(form).status_code == 200
        answer = who.post("/me/contests", entry=form.partition("=")[2], words=words)
        assert answer.status_code == 303, words_of(answer)
        close_batch(self.node)
        return answer.headers["location"], who.get(answer.headers["location"] + "/file").json()

    def answer(self, receipt: str, facility: str, outcome: str) -> httpx.Response:
        """An officer of a facility answers."""
        officer = self.visitor(Role.APPEAL_OFFICER, facility)
        return officer.post(receipt.replace("/me/contests", "/appeals"), outcome=outcome, reason="We looked into it.")

    def leaves(self, kind: str, named: str) -> list[dict[str, object]]:
        found = ledger.leaves(self.node.store, kind)
        return [dict(leaf.body) for _, leaf in found if leaf.body["appeal"] == named]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder: Path = tmp_path_factory.mktemp("contests")
    with a_node(folder, "H1") as node, three_witnesses(folder / "witnesses", node) as running, asking(node) as client:
        for board in ("Court", "Academy"):
            parties.add_organisation(node.store, organisation_id=board, name_en=board, name_zh="委员会")
            parties.add_facility(
                node.store,
                facility_id=board.upper(),
                name_en=board,
                name_zh="委员会",
                level=1,
                kind=FacilityKind.REVIEW_BOARD,
                county="900101",
                organisation=board,
            )
        number = a_number(3)
        done = send(node, system(), a_patient(number))
        with node.store.transaction(Duty.CARE) as tx:
            someone = identity.resident_by_key(tx, next(iter(done.residents.values())))
        assert someone is not None
        yield Scene(node=node, witnesses=running, client=client, number=number, resident=str(someone.resident_id))


def test_a_contest_gives_a_receipt_that_the_public_log_bears_out(scene: Scene) -> None:
    address, receipt = scene.contest(scene.looked())

    named = base64.b64encode(appeal_hash(receipt["opening"])).decode()
    assert [leaf["deadline"] for leaf in scene.leaves("appeal-opened", named)] == [receipt["deadline"]]
    opened = parse_instant(receipt["opening"]["appeal"]["opened"])
    assert parse_instant(receipt["deadline"]) - opened == ANSWER_WITHIN
    page = scene.visitor(Role.RESIDENT).get(address)
    said = words_of(page)
    assert "Waits for an answer until" in said
    assert "vouched for by witnesses on" in said
    assert re.search(r"[0-9A-Z]{5}(-[0-9A-Z]{5}){4}-[0-9A-Z]", said)
    assert 'class="salus-qr"' in page.text


def test_contesting_twice_is_contesting_once(scene: Scene) -> None:
    form = scene.looked()

    assert scene.contest(form) == scene.contest(form, "again")


def test_the_organisation_whose_look_it_was_can_neither_see_nor_answer(scene: Scene) -> None:
    address, _ = scene.contest(scene.looked())
    judging = address.replace("/me/contests", "/appeals")
    own = scene.visitor(Role.APPEAL_OFFICER, "H1")

    assert judging not in links_of(own.get("/appeals"), "/appeals/")
    assert own.get(judging).status_code == 403
    refused = scene.answer(address, "H1", "stands")
    assert refused.status_code == 403
    assert "SALUS-J003" in refused.text
    with scene.node.store.connect(Duty.MIGRATION) as owner:
        kept = owner.execute("select count(*) from access.refusal where action = 'answer-appeal'").fetchone()
    assert kept is not None
    assert kept[0] >= 2


@pytest.mark.parametrize(("outcome", "said"), [("stands", "Answered in time: it stands."), ("ended", "not justified")])
def test_another_organisation_answers_in_time(scene: Scene, outcome: str, said: str) -> None:
    address, receipt = scene.contest(scene.looked())
    before = contest_tally(scene.node)
    scene.pass_time(HOUR)
    officer = scene.visitor(Role.APPEAL_OFFICER, "COURT")
    judging = address.replace("/me/contests", "/appeals")
    assert judging in links_of(officer.get("/appeals"), "/appeals/")
    assert "I was never there." in officer.text(judging)

    assert scene.answer(address, "COURT", outcome).status_code == 303
    scene.pass_time(HOUR)

    shown = scene.visitor(Role.RESIDENT).text(address)
    assert said in shown
    assert "We looked into it." in shown
    named = base64.b64encode(appeal_hash(receipt["opening"])).decode()
    assert scene.leaves("appeal-closed", named) == [{"appeal": named, "outcome": outcome, "organisation": "Court"}]
    after = contest_tally(scene.node)
    assert after.answered == before.answered + 1
    assert "SALUS-J004" in scene.answer(address, "ACADEMY", "ended").text


def test_the_resident_sees_that_an_officer_opened_it_and_that_it_stays_said(scene: Scene) -> None:
    address, _ = scene.contest(scene.looked())
    scene.visitor(Role.APPEAL_OFFICER, "COURT").get(address.replace("/me/contests", "/appeals"))

    listed = scene.visitor(Role.RESIDENT).text("/me/reads")
    assert "You contested it, and asked for an answer." in listed
    assert "What you contested" in listed


def test_an_answer_that_comes_late_changes_nothing_and_is_counted_in_public(scene: Scene) -> None:
    address, _ = scene.contest(scene.looked())
    before = contest_tally(scene.node)
    scene.pass_time(ANSWER_WITHIN)
    late = contest_tally(scene.node)

    assert late.late == before.late + before.waiting
    assert "Nobody answered in time" in scene.visitor(Role.RESIDENT).text(address)
    assert scene.answer(address, "COURT", "stands").status_code == 303
    scene.pass_time(HOUR)

    assert contest_tally(scene.node).late == late.late
    assert "Nobody answered in time" in scene.visitor(Role.RESIDENT).text(address)
    power = scene.client.ask("GET", "/about/power", headers={"Accept": "text/html"})
    assert f"Contests overdue {late.late}" in words_of(power)


def test_an_answer_in_time_that_witnesses_vouch_for_too_late_is_late(scene: Scene) -> None:
    address, _ = scene.contest(scene.looked())
    scene.witnesses.advance(ANSWER_WITHIN - HOUR / 60)
    assert scene.answer(address, "COURT", "stands").status_code == 303  # said a minute before the deadline
    scene.pass_time(HOUR)  # but the next batch closes an hour on

    shown = scene.visitor(Role.RESIDENT).text(address)
    assert "Nobody answered in time" in shown
    assert "We looked into it." in shown


def test_nobody_else_sees_a_contest(scene: Scene) -> None:
    address, _ = scene.contest(scene.looked())
    other = send(scene.node, system(), a_patient(a_number(4)))
    with scene.node.store.transaction(Duty.CARE) as tx:
        someone = identity.resident_by_key(tx, next(iter(other.residents.values())))
    assert someone is not None
    stranger = Visitor(scene.node, scene.client, Role.RESIDENT, None, str(someone.resident_id))

    assert stranger.get(address).status_code == 404
    assert stranger.get(address + "/file").status_code == 404
    assert "You have contested nothing." in stranger.text("/me/contests")
    assert stranger.post("/me/contests", entry="1-0", words="").status_code == 400


def test_the_public_answers_prove_themselves(scene: Scene) -> None:
    told = scene.client.ask("GET", "/about/power/answers.json").json()["answers"]

    closed = dict(ledger.leaves(scene.node.store, "appeal-closed"))
    assert {one["index"] for one in told} == set(closed)
    times = {
        one["index"]: LeafProof.parse(one["proof"]).check(closed[one["index"]].encoded, scene.witnesses.trust).at
        for one in told
    }
    opened = [(index, leaf.body) for index, leaf in ledger.leaves(scene.node.store, "appeal-opened")]
    answers = [(index, leaf.body) for index, leaf in closed.items()]
    assert tally(opened, answers, times.get, scene.node.clock.now()) == contest_tally(scene.node)

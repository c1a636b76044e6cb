"""A node that can come to measures, with boards that answer contests, and people at browsers; for flows of contests."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from measuring import Measuring, measuring
from nodes import Asking, a_number, asking, clinician
from salus import ledger, parties
from salus.app import Node, arrive, view_summary
from salus.appeals import appeal_hash
from salus.kernel import Role
from salus.parties import FacilityKind
from salus.rules import Recomputed, Result, recompute
from visiting import Visitor, links_of, words_of

HOUR = timedelta(hours=1)
WORDS = "I was never there."
REASON = "We looked into it."


@dataclass(slots=True)
class Person:
    """A resident at a browser. Sessions end as the clock moves, so each look takes a new one."""

    scene: Scene
    number: str
    resident: str

    @property
    def browser(self) -> Visitor:
        return Visitor(self.scene.node, self.scene.client, Role.RESIDENT, None, self.resident)

    @property
    def notice(self) -> str:
        """What the own page of notices says."""
        return self.browser.text("/me/notice")

    @property
    def file(self) -> bytes:
        """The file of the notice that the own page shows."""
        (link,) = [one for one in links_of(self.browser.get("/me/notice"), "/me/notice/") if one.endswith("/file")]
        return self.browser.get(link).content

    def look(self) -> str:
        """Have a clinician of H1 open the record; return where that look can be contested."""
        who = clinician("H1")
        visit = arrive(self.scene.node, who, self.number)
        view_summary(self.scene.node, who, visit.resident_id)
        self.scene.measuring.close()
        return links_of(self.browser.get("/me/reads"), "/me/contests/new?entry=")[0]

    def contest(self, form: str, words: str = WORDS, files: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        """Open a contest by its form; return the address of its receipt, and the receipt."""
        browser = self.browser
        assert browser.get(form).status_code == 200
        name, _, value = form.partition("?")[2].partition("=")
        answer = browser.post("/me/contests", files, words=words, **({name: value} if name else {}))
        assert answer.status_code == 303, words_of(answer)
        self.scene.measuring.close()
        return answer.headers["location"], browser.get(answer.headers["location"] + "/file").json()

    def contest_notice(self) -> tuple[str, dict[str, Any]]:
        """Contest the notice that the own page shows."""
        (form,) = links_of(self.browser.get("/me/notice"), "/me/contests/new?notice=")
        return self.contest(form)


@dataclass(slots=True)
class Scene:
    """A node with real witnesses, evidence and rules; boards COURT and ACADEMY answer contests."""

    measuring: Measuring
    client: Asking
    numbers: Iterator[int]

    @property
    def node(self) -> Node:
        return self.measuring.node

    def person(self) -> Person:
        """Somebody new."""
        number = a_number(next(self.numbers))
        return Person(self, number, str(self.measuring.resident(number)))

    def infected(self) -> Person:
        """Somebody new with a positive result, and the notice that follows."""
        person = self.person()
        specimen = self.measuring.specimen(person.number)
        self.measuring.close()
        self.measuring.result(specimen, Result.POSITIVE)
        self.measuring.settle()
        assert "You may be infectious until" in person.notice
        return person

    def officer(self, facility: str) -> Visitor:
        """An appeal officer of a facility."""
        return Visitor(self.node, self.client, Role.APPEAL_OFFICER, facility)

    def answer(self, receipt: str, facility: str, outcome: str) -> httpx.Response:
        """Have an officer of a facility answer the contest of a receipt's address."""
        return self.officer(facility).post(judging(receipt), outcome=outcome, reason=REASON)

    def recomputed(self, file: bytes) -> Recomputed:
        """Recompute a notice's file as anybody can, with nothing but the keys of log and witnesses."""
        return recompute(file, self.measuring.witnesses.trust, self.node.clock.now())

    def leaves(self, kind: str, receipt: dict[str, Any]) -> list[dict[str, object]]:
        """Return the leaves of a kind about the contest of a receipt."""
        named = base64.b64encode(appeal_hash(receipt["opening"])).decode()
        return [dict(leaf.body) for _, leaf in ledger.leaves(self.node.store, kind) if leaf.body["appeal"] == named]

    def power(self) -> str:
        """What the public page says, to somebody who is not signed in."""
        return words_of(self.client.ask("GET", "/about/power", headers={"Accept": "text/html"}))


def judging(receipt: str) -> str:
    """Return where an officer sees the contest of a receipt's address."""
    return receipt.replace("/me/contests", "/appeals")


@contextmanager
def contesting(folder: Path) -> Iterator[Scene]:
    """Open such a scene below a folder."""
    with measuring(folder) as found, asking(found.node) as client:
        for board in ("Court", "Academy"):
            parties.add_organisation(found.node.store, organisation_id=board, name_en=board, name_zh="委员会")
            parties.add_facility(
                found.node.store,
                facility_id=board.upper(),
                name_en=board,
                name_zh="委员会",
                level=1,
                kind=FacilityKind.REVIEW_BOARD,
                county="900101",
                organisation=board,
            )
        yield Scene(found, client, count(1))

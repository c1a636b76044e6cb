"""Flow 2 end to end: a specimen and a result over HTTP, a decision in the log, a notice, its file, and how it ends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from measures import DAY, HOUR
from measuring import Measuring, a_specimen, an_observation, body_of, measuring
from nodes import Asking, a_number, a_patient, asking
from salus.app import demo_token
from salus.cli.actors import Signed, commit_specimen, new_subject, sign_result
from salus.kernel import Role, format_instant
from salus.rules import Result

DISEASE = "covid-19"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measuring]:
    with measuring(tmp_path_factory.mktemp("flow")) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(world: Measuring) -> Iterator[Asking]:
    with asking(world.node) as opened:
        yield opened


class Outside:
    """What the site, the laboratory and the resident do with their own software, over HTTP alone."""

    def __init__(self, world: Measuring, client: Asking, order: int) -> None:
        self.world, self.client = world, client
        patient = a_patient(a_number(order))
        stored = self.post("/fhir/Patient", json.dumps(patient).encode(), Role.SAMPLING_SITE, "S1")
        assert stored.status_code == 201, stored.text
        self.patient = f"Patient/{stored.json()['id']}"
        number = a_number(order)
        self.resident = str(world.resident(number))

    def post(self, path: str, body: bytes, role: Role, facility: str) -> httpx.Response:
        token = demo_token(self.world.node, role, facility, None, None)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
        return self.client.ask("POST", path, content=body, headers=headers)

    def specimen(self, subject: str | None = None) -> Signed:
        world = self.world
        signed = commit_specimen(world.site, disease=DISEASE, taken=world.now, subject=subject or new_subject())
        answer = self.post(
            "/evidence/specimens", body_of(a_specimen(self.patient, signed), signed), Role.SAMPLING_SITE, "S1"
        )
        assert answer.status_code == 201, answer.text
        assert answer.json()["receipt"] == signed.body["subject"]
        assert answer.json()["commitment"] == signed.commitment
        return signed

    def result(self, specimen: Signed, result: Result, replaces: str | None = None) -> Signed:
        signed = sign_result(self.world.laboratory, specimen, result, self.world.now, replaces=replaces)
        answer = self.post("/evidence/results", body_of(an_observation(signed), signed), Role.LABORATORY, "L1")
        assert answer.status_code == 201, answer.text
        return signed

    def page(self, path: str = "/me/notice", language: str = "en") -> httpx.Response:
        """Open a page as the resident, signed in by the demo's door."""
        session = demo_token(self.world.node, Role.RESIDENT, None, self.resident, None)
        headers = {"Cookie": f"salus_session=demo.{session}; salus_lang={language}", "Accept": "text/html"}
        return self.client.ask("GET", path, headers=headers)

    def file(self, folder: Path) -> Path:
        """Save the file that the page offers."""
        link = re.search(r'href="(/me/notice/[0-9a-f]+/file)"', self.page().text)
        assert link is not None
        answer = self.page(link[1])
        assert answer.headers["content-type"] == "application/json"
        path = folder / "measure.json"
        path.write_bytes(answer.content)
        return path

    def explained(self, file: Path, *options: str) -> tuple[int, dict[str, Any]]:
        """Recompute the file in another process, in an empty folder, with keys alone."""
        trust = file.with_name("trust.txt")
        trust.write_text(str(self.world.witnesses.trust), "utf-8")
        command = [
            sys.executable,
            "-m",
            "salus",
            "code",
            "explain",
            str(file),
            "--trust",
            str(trust),
            "--json",
            *options,
        ]
        if "--at" not in options:
            command += ["--at", format_instant(self.world.now)]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SALUS_")}
        done = subprocess.run(command, capture_output=True, text=True, cwd=file.parent, env=clean, check=False)
        assert done.returncode in (0, 1), done.stderr
        return done.returncode, json.loads(done.stdout)


def positive(outside: Outside) -> tuple[Signed, Signed]:
    """A specimen, and four hours later a positive result, through the log to the notice."""
    specimen = outside.specimen()
    outside.world.advance(4 * HOUR)
    found = outside.result(specimen, Result.POSITIVE)
    outside.world.settle()
    return specimen, found


CALM = "Nothing is asked of you"


def test_a_positive_leads_to_a_notice_with_reason_and_end_that_anybody_can_recompute(
    world: Measuring, client: Asking, tmp_path: Path
) -> None:
    outside = Outside(world, client, 101)
    assert CALM in outside.page().text
    specimen = outside.specimen()
    world.advance(4 * HOUR)
    outside.result(specimen, Result.POSITIVE)
    assert CALM in outside.page().text, "a result that the log has not seen is none"
    world.settle()

    english, chinese = outside.page().text, outside.page(language="zh").text
    status, found = outside.explained(outside.file(tmp_path))

    assert "You may be infectious until" in english
    assert "A laboratory found the virus" in english
    assert "实验室在您的样本中检出病毒" in chinese
    assert (status, found["measure"], found["fault"]) == (0, "precaution", None)
    assert found["ends"] == format_instant(world.now.replace() - (world.now - _taken(specimen)) + 7 * DAY)
    assert found["clause"]["zh"] in chinese


def _taken(specimen: Signed) -> Any:
    from salus.kernel import parse_instant

    return parse_instant(specimen.body["taken"])


def test_a_negative_releases_on_the_page_and_the_old_file_goes_stale(
    world: Measuring, client: Asking, tmp_path: Path
) -> None:
    outside = Outside(world, client, 102)
    specimen, _ = positive(outside)
    old = outside.file(tmp_path)
    world.advance(26 * HOUR)
    again = outside.specimen(subject=specimen.body["subject"])
    assert CALM not in outside.page().text
    world.advance(HOUR)
    outside.result(again, Result.NEGATIVE)
    world.settle()

    assert CALM in outside.page().text
    status, found = outside.explained(old)
    assert (status, found["measure"], found["fault"]) == (1, "none", "STALE-PROOF")


def test_a_correction_ends_it(world: Measuring, client: Asking) -> None:
    outside = Outside(world, client, 103)
    specimen, wrong = positive(outside)
    assert CALM not in outside.page().text
    world.advance(2 * HOUR)

    outside.result(specimen, Result.NEGATIVE, replaces=wrong.commitment)
    world.settle()

    assert CALM in outside.page().text


def test_it_lapses_at_its_end_by_itself(world: Measuring, client: Asking) -> None:
    outside = Outside(world, client, 104)
    specimen, _ = positive(outside)
    world.advance(_taken(specimen) + 7 * DAY - world.now - HOUR)
    assert CALM not in outside.page().text

    world.advance(HOUR)

    assert CALM in outside.page().text


def test_without_witnesses_a_notice_fades_within_a_day(world: Measuring, client: Asking) -> None:
    outside = Outside(world, client, 105)
    positive(outside)
    assert CALM not in outside.page().text

    world.witnesses.advance(25 * HOUR)  # no batch is closed: the log has fallen silent

    assert CALM in outside.page().text
    world.close()
    assert CALM not in outside.page().text


def test_a_negative_is_logged_like_a_positive_and_nothing_is_asked(world: Measuring, client: Asking) -> None:
    from salus import ledger

    outside = Outside(world, client, 106)
    before = len(ledger.leaves(world.node.store, "result")), len(ledger.leaves(world.node.store, "decision"))
    specimen = outside.specimen()
    world.advance(HOUR)
    outside.result(specimen, Result.NEGATIVE)
    world.settle()

    after = len(ledger.leaves(world.node.store, "result")), len(ledger.leaves(world.node.store, "decision"))
    assert (after[0] - before[0], after[1] - before[1]) == (1, 0)
    assert CALM in outside.page().text


def test_the_resident_sees_who_wrote_the_result_and_that_the_notice_was_read(world: Measuring, client: Asking) -> None:
    outside = Outside(world, client, 107)
    positive(outside)
    outside.page()

    looks = outside.page("/me/reads").text
    behind = [unescape(link) for link in re.findall(r'href="(/me/reads/systems\?day=[^"]+)"', looks)]

    assert any("A result of a laboratory" in outside.page(link).text for link in behind)
    assert "Your notice, if there is one" in looks

"""Both steps of evidence give a receipt: handed over at once, complete later, and checked without the node."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import zxingcpp

from measures import HOUR
from measuring import Measuring, a_specimen, an_observation, body_of, measuring
from nodes import Asking, a_number, asking
from salus import access
from salus.app import demo_token
from salus.cli.actors import Signed, commit_specimen, new_subject, sign_result
from salus.kernel import Role, format_instant
from salus.rules import NOT_LOGGED, Result, read_receipt
from salus.storage import Duty


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measuring]:
    with measuring(tmp_path_factory.mktemp("receipts")) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(world: Measuring) -> Iterator[Asking]:
    with asking(world.node) as opened:
        yield opened


@dataclass(slots=True)
class Outside:
    """What a site, a laboratory and a resident see over HTTP alone."""

    world: Measuring
    client: Asking
    number: str
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)

    def post(self, path: str, body: bytes, role: Role, facility: str) -> dict[str, Any]:
        token = demo_token(self.world.node, role, facility, None, None)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
        answer = self.client.ask("POST", path, content=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def specimen(self) -> Signed:
        signed = commit_specimen(self.world.site, disease="covid-19", taken=self.world.now, subject=new_subject())
        body = body_of(a_specimen(self.world.patient(self.number), signed), signed)
        self.answers["specimen"] = self.post("/evidence/specimens", body, Role.SAMPLING_SITE, "S1")
        return signed

    def result(self, specimen: Signed, result: Result = Result.NEGATIVE) -> Signed:
        signed = sign_result(self.world.laboratory, specimen, result, self.world.now)
        body = body_of(an_observation(signed), signed)
        self.answers["result"] = self.post("/evidence/results", body, Role.LABORATORY, "L1")
        return signed

    def page(self, path: str, number: str | None = None, language: str = "en") -> httpx.Response:
        resident = str(self.world.resident(number or self.number))
        session = demo_token(self.world.node, Role.RESIDENT, None, resident, None)
        headers = {"Cookie": f"salus_session=demo.{session}; salus_lang={language}", "Accept": "text/html"}
        return self.client.ask("GET", path, headers=headers)

    def place(self, specimen: Signed) -> str:
        return base64.b64decode(specimen.commitment).hex()[:12]


def test_each_step_is_handed_over_at_once_and_holds_whoever_signed(world: Measuring, client: Asking) -> None:
    outside, trust = Outside(world, client, a_number(1)), world.witnesses.trust
    specimen = outside.specimen()
    world.advance(4 * HOUR)
    outside.result(specimen)

    at_the_swab, at_the_result = (outside.answers[one]["file"].encode() for one in ("specimen", "result"))

    first, then = read_receipt(at_the_swab, trust), read_receipt(at_the_result, trust)
    assert (first.fault, first.signed, then.fault, then.signed) == (NOT_LOGGED, True, NOT_LOGGED, True)
    assert first.subject == then.subject == outside.answers["specimen"]["receipt"]
    assert b"taken" not in at_the_result  # a laboratory learns nothing of the specimen that it was not told
    assert then.results[0].result is Result.NEGATIVE


def test_paper_carries_what_was_signed_in_a_code_that_a_camera_reads(world: Measuring, client: Asking) -> None:
    outside = Outside(world, client, a_number(2))
    specimen = outside.specimen()

    paper = outside.answers["specimen"]["paper"]

    made = zxingcpp.create_barcode(paper, zxingcpp.BarcodeFormat.QRCode, ec_level="Q")
    drawn = zxingcpp.write_barcode_to_image(made, scale=3)
    (seen,) = zxingcpp.read_barcodes(drawn, formats=zxingcpp.BarcodeFormat.QRCode)
    told = json.loads(seen.text)["receipt"]["specimen"]
    assert (told["leaf"], told["opening"]) == (specimen.leaf, specimen.opening)


def test_a_resident_is_shown_both_steps_and_saves_the_whole_file(world: Measuring, client: Asking) -> None:
    outside = Outside(world, client, a_number(3))
    specimen = outside.specimen()
    address = f"/me/notice/receipts/{outside.place(specimen)}"
    assert "Not everything is in the public log yet" in outside.page(address).text
    world.advance(4 * HOUR)
    outside.result(specimen)
    world.settle()

    shown, chinese = outside.page(address), outside.page(address, language="zh")
    file = outside.page(f"{address}/file")

    assert shown.status_code == chinese.status_code == 200
    assert "Result: not found" in shown.text
    assert "结果：未检出" in chinese.text
    assert specimen.body["subject"] in shown.text
    assert address in outside.page("/me/notice").text
    assert file.headers["content-type"] == "application/json"
    found = read_receipt(file.content, world.witnesses.trust)
    assert found.fault is None
    assert [one.party for one in found.steps] == ["S1", "L1"]


def test_the_address_of_the_log_is_the_nodes_own_whatever_host_was_asked(world: Measuring, client: Asking) -> None:
    outside = Outside(world, client, a_number(7))
    address = f"/me/notice/receipts/{outside.place(outside.specimen())}"
    session = demo_token(world.node, Role.RESIDENT, None, str(world.resident(outside.number)), None)
    headers = {"Cookie": f"salus_session=demo.{session}", "Accept": "text/html", "Host": "elsewhere.example"}

    shown = client.ask("GET", address, headers=headers)

    assert shown.status_code == 200, shown.text
    assert f"salus-audit {world.node.settings.public_url}/log" in shown.text
    assert "elsewhere.example" not in shown.text


def test_nobody_else_is_shown_a_receipt_and_each_look_is_told(world: Measuring, client: Asking) -> None:
    outside = Outside(world, client, a_number(4))
    specimen = outside.specimen()
    address = f"/me/notice/receipts/{outside.place(specimen)}"
    outside.page(address)

    assert outside.page(address, number=a_number(5)).status_code == 404
    assert outside.page(f"{address}/file", number=a_number(5)).status_code == 404
    with world.node.store.transaction(Duty.CARE) as tx:
        seen = access.reads_of(tx, [world.residents[a_number(4)]], limit=10)
    assert "receipt" in {one.read.what for one in seen}


def test_a_stranger_holds_a_receipt_against_the_logs_files_alone(
    world: Measuring, client: Asking, tmp_path: Path
) -> None:
    outside = Outside(world, client, a_number(6))
    specimen = outside.specimen()
    paper, early = outside.answers["specimen"]["paper"], outside.answers["specimen"]["file"]
    world.advance(4 * HOUR)
    outside.result(specimen)
    world.settle()

    for name, text in (("paper.json", paper), ("early.json", early)):
        (tmp_path / name).write_text(text, "utf-8")
        told = audited(world, tmp_path / name)
        (receipt,) = told["receipts"].values()
        assert receipt["why"] is None, receipt
        assert [one["kind"] for one in receipt["steps"]] == ["specimen"]
        assert receipt["steps"][0]["entry"] is not None
        assert told["findings"] == []


def audited(world: Measuring, receipt: Path) -> dict[str, Any]:
    """Run the auditor in a process of its own."""
    policy = receipt.with_name("policy.txt")
    policy.write_text(str(world.witnesses.trust), "utf-8")
    log = str(world.node.settings.data / "log")
    command = [sys.executable, "-m", "salus_audit", log, "--trust", str(policy), "--at", format_instant(world.now)]
    done = subprocess.run([*command, "--json", "--receipt", str(receipt)], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return dict(json.loads(done.stdout))

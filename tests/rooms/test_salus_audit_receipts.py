"""A stranger holds receipts of evidence against a log's files: borne out, early, or somebody's lie by its code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from audited import Paper, an_honest_paper, found_in, told_in
from measures import ALIVE, DAY, HOUR
from receipts import Steps, some_steps
from salus.cli.actors import LABORATORY, Party, sign_result
from salus.kernel import canonical
from salus.rules import Result
from salus_audit.reading.spill import Buckets

LATER = ALIVE + 2 * DAY


@pytest.fixture
def paper(tmp_path: Path) -> Paper:
    return an_honest_paper(tmp_path / "log")


def steps_in(paper: Paper) -> Steps:
    return some_steps(paper.world, taken=LATER)


def whole(paper: Paper) -> Steps:
    steps = steps_in(paper)
    paper.log.append("specimen", steps.specimen.leaf)
    paper.close(LATER + HOUR)
    paper.log.append("result", steps.results[0].leaf)
    paper.close(LATER + 6 * HOUR)
    return steps


def test_a_true_receipt_is_borne_out_with_and_without_its_proofs(paper: Paper) -> None:
    steps = whole(paper)
    raw = steps.file()
    bare = json.loads(raw)
    bare["receipt"]["keys"] = []
    bare["receipt"]["specimen"]["proof"] = None

    found = paper.audit(receipts={"whole": raw, "bare": canonical(bare)})

    assert found.good, told_in(found)
    for told in found.as_json()["receipts"].values():
        assert told["why"] is None
        assert [one["kind"] for one in told["steps"]] == ["specimen", "result"]
        assert told["steps"][0]["entry"] < told["steps"][1]["entry"]


def test_what_the_log_has_not_got_yet_is_no_finding_for_three_days(paper: Paper) -> None:
    steps = steps_in(paper)
    paper.log.append("refusals", {"day": "2031-02-26", "action": "read", "count": 1})
    paper.close(LATER + 71 * HOUR)

    found = paper.audit(receipts={"early": steps.file()})

    assert found.good, told_in(found)
    assert found.as_json()["receipts"]["early"]["why"].startswith("NOT-LOGGED")


def denied(paper: Paper) -> tuple[Steps, int | None]:
    """The site took it and never told the log."""
    steps = steps_in(paper)
    steps.results = []
    paper.add("refusals", day="2031-02-26", action="read", count=1)
    paper.close(LATER + 73 * HOUR)
    return steps, None


def backdated(paper: Paper) -> tuple[Steps, int | None]:
    steps = steps_in(paper)
    steps.results = []
    place = paper.add("specimen", **steps.specimen.leaf)
    paper.close(LATER + 80 * HOUR)
    return steps, place


def result_before_its_specimen(paper: Paper) -> tuple[Steps, int | None]:
    steps = steps_in(paper)
    place = paper.add("result", **steps.results[0].leaf)
    paper.close(LATER + 6 * HOUR)
    paper.add("specimen", **steps.specimen.leaf)
    paper.close(LATER + 7 * HOUR)
    return steps, place


def signed_by_nobody(paper: Paper) -> tuple[Steps, int | None]:
    steps = whole(paper)
    other = Party.new("L1", "green-laboratories", LABORATORY)
    steps.results = [sign_result(other, steps.specimen, Result.POSITIVE, LATER + 5 * HOUR)]
    return steps, None


def about_another(paper: Paper) -> tuple[Steps, int | None]:
    steps = whole(paper)
    told = sign_result(paper.world.laboratory, steps.specimen, Result.POSITIVE, LATER + 5 * HOUR)
    steps.specimen = some_steps(paper.world, taken=LATER).specimen
    paper.add("specimen", **steps.specimen.leaf)
    steps.results = [told]
    paper.close(LATER + 7 * HOUR)
    return steps, None


@pytest.mark.parametrize(
    ("lie", "code", "word"),
    [
        (denied, "EVID-MISSING", "EVID-MISSING"),
        (backdated, "ORDER-VIOLATION", "BACKDATED"),
        (result_before_its_specimen, "ORDER-VIOLATION", "ORDER-VIOLATION"),
        (signed_by_nobody, "SIGNATURE", "SIGNATURE"),
        (about_another, "EVID-MISSING", "SUBJECT"),
    ],
)
def test_each_lie_is_found_with_its_leaf(
    paper: Paper, lie: Callable[[Paper], tuple[Steps, int | None]], code: str, word: str
) -> None:
    steps, place = lie(paper)
    value = json.loads(steps.file())
    value["receipt"]["keys"] = []

    found = paper.audit(receipts={"mine": canonical(value)})

    assert found_in(found) == [(code, place)], told_in(found)
    assert str(found.as_json()["receipts"]["mine"]["why"]).startswith(word)


def test_a_leaf_of_another_before_the_sites_own_accuses_nobody_who_signed(paper: Paper) -> None:
    steps = steps_in(paper)
    steps.results = []
    paper.add("specimen", **{**steps.specimen.leaf, "party": "another-site"})
    paper.add("specimen", **steps.specimen.leaf)
    paper.close(LATER + HOUR)

    found = paper.audit(receipts={"mine": steps.file()})

    assert found.as_json()["receipts"]["mine"]["why"] is None
    assert not [one for one in told_in(found) if "mine" in one]


def test_a_receipt_proved_in_a_log_that_was_rewritten_shows_two_logs(paper: Paper) -> None:
    steps = whole(paper)
    raw = steps.file()
    place = paper.log.entries.index(canonical({"specimen": steps.specimen.leaf}))
    paper.log.entries[place] = canonical({"specimen": some_steps(paper.world, taken=LATER).specimen.leaf})
    size = len(paper.log.entries)
    paper.log.heads = [one for one in paper.log.heads if one[0] <= place]
    paper.close(LATER + 8 * HOUR)

    found = paper.audit(receipts={"mine": raw})

    assert size == len(paper.log.entries)
    assert "EQUIVOCATION" in {code for code, _ in found_in(found)}, told_in(found)


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b'{"receipt":{}}', b"[" * 9000, b'{"receipt":{"keys":[],"results":[],"specimen":7}}']
)
def test_what_is_no_receipt_is_found_and_harms_nothing(paper: Paper, raw: bytes) -> None:
    found = paper.audit(receipts={"odd": raw})

    assert [code for code, _ in found_in(found)] == ["NO-PROOF"]


def test_a_fault_of_the_auditor_is_not_said_to_be_one_of_the_receipt(
    paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = whole(paper).file()

    def broken(*_: object) -> None:
        raise KeyError("a fault of the auditor")

    monkeypatch.setattr(Buckets, "places", broken)

    with pytest.raises(KeyError, match="of the auditor"):
        paper.audit(receipts={"mine": raw})

"""A copy of a log has its earlier heads, too, so that it can be audited; none of them is believed unseen."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audited import Paper, an_honest_paper
from measures import ALIVE, DAY
from salus.ledger import mirror
from salus.proof import cosign, sign_checkpoint
from salus.proof.note import Note
from salus_audit import Asked, Place, audit
from salus_audit.command import main


@pytest.fixture
def paper(tmp_path: Path) -> Paper:
    return an_honest_paper(tmp_path / "log")


def copy(paper: Paper, folder: Path) -> list[str]:
    paper.write()
    return [one.code for one in mirror(str(paper.folder), folder, paper.log.trust).findings]


def test_a_copy_can_be_audited_and_grows(paper: Paper, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    assert copy(paper, folder) == []
    paper.measure(ALIVE + 2 * DAY)

    assert copy(paper, folder) == []

    asked = paper.asked()
    assert (folder / "heads" / "000").read_bytes() == (paper.folder / "heads" / "000").read_bytes()
    assert audit(type(asked)(place=Place.of(str(folder)), now=asked.now, key=asked.key, witnesses=asked.witnesses)).good


def test_a_head_of_another_past_is_never_copied(paper: Paper, tmp_path: Path) -> None:
    size, _ = paper.log.heads[3]
    note = Note.parse(sign_checkpoint(size, bytes(32), paper.log.key).note)
    lines = [cosign(note.text, ALIVE, one) for one in paper.log.witnesses]
    paper.log.heads[3] = (size, str(Note(text=note.text, signatures=(*note.signatures, *lines))))

    assert copy(paper, tmp_path / "copy") == ["EQUIVOCATION"]
    assert not (tmp_path / "copy" / "heads").exists()


def test_heads_that_a_copy_has_are_not_taken_back(paper: Paper, tmp_path: Path) -> None:
    assert copy(paper, tmp_path / "copy") == []
    paper.measure(ALIVE + 2 * DAY)
    del paper.log.heads[2:6]
    kept = (tmp_path / "copy" / "heads" / "000").read_bytes()

    assert copy(paper, tmp_path / "copy") == ["LOG-HEADS"]
    assert (tmp_path / "copy" / "heads" / "000").read_bytes() == kept


def test_each_head_that_a_copy_took_is_kept_as_it_came_and_an_auditor_holds_the_log_to_them(
    paper: Paper, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "copy"
    assert copy(paper, folder) == []
    first = paper.log.heads[-1]
    paper.measure(ALIVE + 2 * DAY)
    assert copy(paper, folder) == []
    assert {path.name for path in (folder / "taken").iterdir()} == {str(first[0]), str(paper.log.heads[-1][0])}
    assert (folder / "taken" / str(first[0])).read_bytes() == first[1].encode()

    paper.log.heads.remove(first)
    asked = paper.asked()

    assert audited(paper.folder, folder / "taken", asked, capsys) == {("LOG-HEADS", first[0] - 1)}


def audited(log: Path, taken: Path, asked: Asked, capsys: pytest.CaptureFixture[str]) -> set[tuple[str, int]]:
    """What the auditor's command says of a log that leaves something out, from what a mirror took."""
    at = datetime.fromtimestamp(asked.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    given = [str(log), "--vkey", str(asked.key), "--since", str(taken), "--at", at, "--json"]
    given += [word for one in asked.witnesses for word in ("--witness", str(one))]
    with pytest.raises(SystemExit):
        main(given)
    return {(one["code"], one["leaf"]) for one in json.loads(capsys.readouterr().out)["findings"]}

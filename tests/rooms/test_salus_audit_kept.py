"""Heads that somebody kept: they date what the log would date anew, and show what it leaves out or tells otherwise."""

from __future__ import annotations

import base64
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from audited import Paper, an_honest_paper, found_in, hash_of, told_in
from measures import ALIVE, DAY, HOUR, Key
from salus.kernel import format_instant
from salus.ledger import mirror
from salus.proof import cosign, sign_checkpoint
from salus.proof.note import Note
from salus_audit import audit

LATER = ALIVE + 2 * DAY


@pytest.fixture
def paper(tmp_path: Path) -> Paper:
    return an_honest_paper(tmp_path / "log")


def head_of(paper: Paper, size: int, root: bytes, at: datetime) -> str:
    note = Note.parse(sign_checkpoint(size, root, paper.log.key).note)
    lines = [cosign(note.text, at, one) for one in paper.log.witnesses]
    return str(Note(text=note.text, signatures=(*note.signatures, *lines)))


def forged(paper: Paper, note: str, at: datetime) -> str:
    """The same head, whose first witness's line somebody else made."""
    mine = paper.log.witnesses[0]
    told = Note.parse(note)
    other = cosign(told.text, at, Key(mine.name))
    lines = [
        type(line)(name=line.name, key_id=line.key_id, value=other.value) if line.name == mine.name else line
        for line in told.signatures
    ]
    return str(Note(text=told.text, signatures=tuple(lines)))


def test_a_kept_head_dates_what_the_log_would_date_anew_and_shows_that_it_was_left_out(paper: Paper) -> None:
    opened = paper.add("appeal-opened", appeal=hash_of("late"), deadline=format_instant(LATER + 9 * DAY))
    paper.close(LATER)
    kept, size = paper.log.heads[-1][1], paper.log.heads[-1][0]
    paper.add("appeal-closed", appeal=hash_of("late"), outcome="stands", organisation="review-board")
    paper.close(LATER + 49 * HOUR)
    paper.log.heads.pop(-2)
    assert paper.audit().good, "as if the contest had been opened with its answer"

    found = paper.audit(since={"kept": kept.encode()})

    assert found_in(found) == [("APPEAL-OVERDUE", opened), ("LOG-HEADS", size - 1)], told_in(found)


def test_a_kept_head_that_the_log_shows_as_well_changes_nothing(paper: Paper) -> None:
    kept = {str(size): note.encode() for size, note in paper.log.heads}

    found = paper.audit(since=kept)

    assert found.good, told_in(found)
    assert found.seen.heads == paper.audit().seen.heads


def test_two_kept_heads_of_one_size_are_two_pasts_also_beyond_the_log(paper: Paper) -> None:
    size = len(paper.log.entries) + 5
    one, other = (head_of(paper, size, base64.b64decode(hash_of(root)), paper.at) for root in ("one", "other"))

    found = paper.audit(since={"one": one.encode(), "other": other.encode()})

    assert found_in(found) == [("EQUIVOCATION", size - 1), ("LOG-SHRUNK", None), ("LOG-SHRUNK", None)], told_in(found)


def test_a_kept_head_under_another_past_is_found_though_the_entries_are_lost(paper: Paper) -> None:
    size, _ = paper.log.heads[3]
    kept = head_of(paper, size, base64.b64decode(hash_of("another past")), paper.at)
    asked = paper.asked(since={"kept": kept.encode()})
    shutil.rmtree(paper.folder / "tile")

    found = {code for code, _ in found_in(audit(asked))}

    assert {"EQUIVOCATION", "LOG-ROOT"} <= found


def test_a_false_line_under_a_kept_head_is_that_heads_fault_and_dates_nothing(paper: Paper) -> None:
    note = paper.log.heads[3][1]
    kept = forged(paper, note, ALIVE - 9 * DAY)

    found = paper.audit(since={"kept": kept.encode()})

    assert found_in(found) == [("LOG-KEPT", None)], told_in(found)
    assert found.seen.heads == paper.audit().seen.heads


def test_a_mirror_copies_no_head_under_which_a_witnesss_line_is_false(paper: Paper, tmp_path: Path) -> None:
    size, note = paper.log.heads[3]
    paper.log.heads[3] = (size, forged(paper, note, ALIVE - 9 * DAY))
    paper.write()

    refused = mirror(str(paper.folder), tmp_path / "copy", paper.log.trust)
    unread = mirror(str(paper.folder), tmp_path / "unread", paper.log.trust.log)
    strangers = paper.log.trust.of(paper.log.trust.log, paper.log.trust.witnesses[1:])
    passed = mirror(str(paper.folder), tmp_path / "stranger", strangers)

    assert [(one.code, one.where) for one in refused.findings] == [("LOG-COSIGNATURE", "heads/000")]
    assert f"the head of {size} entries" in refused.findings[0].text
    assert not (tmp_path / "copy" / "heads").exists()
    assert not (tmp_path / "copy" / "checkpoint").exists()
    assert unread.good
    assert passed.good, "who does not name that witness does not read its lines"

"""Places that an upgrade lets stay open: an honest entry is no finding, and one that was put off is found."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from audited import NODE, Found, Paper, found_in, hash_of
from measures import DAY, HOUR, World
from salus.app import grace
from salus.kernel import format_instant
from salus.proof import Note
from salus_audit.judging import grace as judged

UPGRADED = datetime(2026, 12, 1, 8, tzinfo=UTC)
UNWRAPS = {"custodian": "H1", "entries": 1, "unwraps": 1, "declared": 1}


@pytest.fixture
def paper(tmp_path: Path) -> Paper:
    """The log of a node that was in use before admissions came."""
    made = Paper(folder=tmp_path / "log", world=World())
    made.folder.mkdir()
    made.log.append("node", NODE | {"kind": "production"})
    made.add("anchor", custodian="H1", size=1, root=hash_of("1"))
    made.close(UPGRADED - DAY)
    return made


def graced(paper: Paper, at: datetime, places: int = 40) -> int:
    times = {"starts": format_instant(at), "ends": format_instant(at + 30 * DAY)}
    return paper.add("grace", places=places, digest=hash_of("places"), **times)


def used(paper: Paper, at: datetime) -> int:
    """Count what a day opened, as a node does by itself on the day after."""
    return paper.add("unwraps", day=format_instant(at)[:10], **UNWRAPS)


def admission(paper: Paper, at: datetime) -> int:
    told: dict[str, Any] = {"kind": "admission", "name": "care", "version": 1, "digest": hash_of("a")}
    told |= {"starts": format_instant(at), "ends": format_instant(at + DAY)}
    paper.log.append("publication", told | {"signatures": {"signer-1": base64.b64encode(bytes(64)).decode()}})
    return len(paper.log.entries) - 1


def about_grace(paper: Paper) -> Found:
    return [one for one in found_in(paper.audit()) if one[0].startswith("GRACE")]


def test_an_upgrade_in_time_is_no_finding(paper: Paper) -> None:
    graced(paper, UPGRADED)
    paper.close(UPGRADED + HOUR)
    used(paper, UPGRADED)
    admission(paper, UPGRADED + 9 * DAY)
    paper.close(UPGRADED + 2 * DAY)

    assert paper.audit().head is not None
    assert about_grace(paper) == []


def test_what_came_in_the_same_batch_says_nothing_of_the_order(paper: Paper) -> None:
    used(paper, UPGRADED)
    graced(paper, UPGRADED)
    paper.close(UPGRADED + HOUR)

    assert about_grace(paper) == []


@pytest.mark.parametrize("before", [used, admission])
def test_an_entry_that_was_put_off_until_the_log_showed_the_upgrade_is_found(paper: Paper, before: Any) -> None:
    before(paper, UPGRADED)
    paper.close(UPGRADED + DAY)
    index = graced(paper, UPGRADED + 9 * DAY)
    paper.close(UPGRADED + 9 * DAY + HOUR)

    assert about_grace(paper) == [("GRACE-LATE", index)]


CLOSES = grace.GRACE_CLOSES
LAST = CLOSES - HOUR
"""An upgrade in the last hour that opens anything."""


def refused(paper: Paper, day: datetime) -> int:
    """Count a day's refusals, as every release does on the day after."""
    return paper.add("refusals", day=format_instant(day)[:10], action="read", count=1)


def unseen(paper: Paper, at: datetime) -> None:
    """Close a batch while no witness answers."""
    paper.close(at)
    size, note = paper.log.heads.pop()
    told = Note.parse(note)
    paper.log.heads.append((size, str(Note(text=told.text, signatures=told.signatures[:1]))))


def undated(paper: Paper) -> list[str]:
    return [one for one in paper.audit().findings.unchecked if "stay open in time" in one]


def test_half_a_year_after_the_release_no_entry_lets_a_place_stay_open(paper: Paper) -> None:
    index = graced(paper, CLOSES)
    paper.close(CLOSES + HOUR)

    assert about_grace(paper) == [("GRACE-LATE", index)]


def goes_on_for_days(paper: Paper) -> None:
    """Two heads that witnesses had, without any entry of grace: one may be the last of a node that was out."""
    for days in (2, 3):
        paper.add("anchor", custodian="H1", size=days, root=hash_of(f"{days}"))
        paper.close(CLOSES + days * DAY)


def counts_a_day_in_the_dark(paper: Paper) -> None:
    """Nothing is shown to witnesses, but the log goes on."""
    refused(paper, CLOSES + DAY)
    unseen(paper, CLOSES + 2 * DAY)


@pytest.mark.parametrize("before", [goes_on_for_days, counts_a_day_in_the_dark])
@pytest.mark.parametrize("claimed", [LAST, UPGRADED])
def test_an_entry_that_is_dated_back_into_the_days_of_grace_is_found(
    paper: Paper, before: Any, claimed: datetime
) -> None:
    before(paper)
    index = graced(paper, claimed)
    paper.close(CLOSES + 9 * DAY)

    assert about_grace(paper) == [("GRACE-LATE", index)]


def test_an_upgrade_on_the_last_day_while_witnesses_are_out_is_no_finding(paper: Paper) -> None:
    graced(paper, LAST)
    unseen(paper, CLOSES)
    for hours in range(20, 60, 8):
        refused(paper, CLOSES + hours * HOUR - DAY)
        used(paper, CLOSES + hours * HOUR - DAY)
        unseen(paper, CLOSES + hours * HOUR)
    paper.add("anchor", custodian="H1", size=9, root=hash_of("9"))
    paper.close(CLOSES + 61 * HOUR)

    assert about_grace(paper) == []
    assert len(undated(paper)) == 1


def test_a_node_that_was_out_with_its_witnesses_brings_one_head_late_and_is_not_found(paper: Paper) -> None:
    """Its last head before the upgrade is cosigned when it is back, and the entry that waited comes with the next."""
    paper.add("anchor", custodian="H1", size=2, root=hash_of("2"))
    paper.close(CLOSES + 2 * DAY)
    graced(paper, LAST)
    paper.close(CLOSES + 2 * DAY + HOUR)

    assert about_grace(paper) == []
    assert len(undated(paper)) == 1


def test_of_an_upgrade_in_time_that_witnesses_saw_nothing_is_left_open(paper: Paper) -> None:
    graced(paper, LAST)
    paper.close(CLOSES + DAY - HOUR)
    paper.add("anchor", custodian="H1", size=2, root=hash_of("2"))
    paper.close(CLOSES + 9 * DAY)

    assert (about_grace(paper), undated(paper)) == ([], [])


def test_a_node_that_has_no_such_place_says_so_whenever_it_likes(paper: Paper) -> None:
    used(paper, UPGRADED)
    paper.close(UPGRADED + DAY)
    graced(paper, CLOSES, places=0)
    paper.close(CLOSES + HOUR)

    assert about_grace(paper) == []


def test_node_and_auditor_draw_the_same_lines() -> None:
    assert int(grace.GRACE_CLOSES.timestamp()) == judged.CLOSES
    assert grace.GRACE_LASTS.total_seconds() == judged.LASTS
    assert grace.SINCE == judged.SINCE

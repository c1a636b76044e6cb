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
from salus_audit.judging import counts

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


@pytest.mark.parametrize("claimed", [grace.GRACE_CLOSES, UPGRADED])
def test_half_a_year_after_the_release_no_entry_lets_a_place_stay_open(paper: Paper, claimed: datetime) -> None:
    index = graced(paper, claimed)
    paper.close(grace.GRACE_CLOSES + DAY)

    assert about_grace(paper) == [("GRACE-LATE", index)]


def test_a_node_that_has_no_such_place_says_so_whenever_it_likes(paper: Paper) -> None:
    used(paper, UPGRADED)
    paper.close(UPGRADED + DAY)
    graced(paper, grace.GRACE_CLOSES, places=0)
    paper.close(grace.GRACE_CLOSES + HOUR)

    assert about_grace(paper) == []


def test_node_and_auditor_draw_the_same_lines() -> None:
    assert int(grace.GRACE_CLOSES.timestamp()) == counts.GRACE_CLOSES
    assert grace.SINCE == counts.SINCE

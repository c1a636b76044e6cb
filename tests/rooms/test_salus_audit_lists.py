"""Lists of issuers' keys that do not follow each other: a second list beside the first brings no key back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from audited import Paper, an_honest_paper, found_in, told_in
from doors import issuer_key, trusted_key
from measures import ALIVE, DAY, HOUR
from salus.cli.actors import trust_document
from salus.kernel import format_instant
from salus.rules import Document

STARTS = ALIVE + 4 * DAY


@pytest.fixture
def paper(tmp_path: Path) -> Paper:
    return an_honest_paper(tmp_path / "log")


def a_list(*names: str, before: Document | None = None, **changed: Any) -> Document:
    hour = STARTS.replace(minute=0, second=0, microsecond=0)
    times = {"starts": format_instant(hour - 30 * DAY), "ends": format_instant(hour + 200 * DAY)}
    keys = [trusted_key(issuer_key(name), **times, **changed) for name in names]
    return trust_document(keys, STARTS + (DAY if before else 0 * DAY), STARTS + 90 * DAY, before=before)


def test_a_list_that_follows_the_one_before_is_no_finding(paper: Paper) -> None:
    first = a_list("one")
    paper.publish(first, at=STARTS - 2 * DAY)
    paper.publish(a_list("one", "two", before=first), at=STARTS - DAY)

    found = paper.audit()

    assert found.good, told_in(found)


def test_a_list_that_leaves_one_out_or_stands_beside_one_is_found(paper: Paper) -> None:
    first = a_list("one")
    ended = a_list("one", before=first, ended="key-compromise")
    paper.publish(first, at=STARTS - 3 * DAY)
    paper.publish(ended, at=STARTS - 2 * DAY)
    beside = paper.publish(a_list("one", "three", before=first), at=STARTS - DAY)
    skipping = paper.publish(a_list("one", before=a_list("four", before=ended)), at=STARTS - DAY + HOUR)

    found = paper.audit()

    assert found_in(found) == [("ORDER-VIOLATION", beside), ("ORDER-VIOLATION", skipping)]


def test_a_log_whose_first_list_names_another_before_it_is_found(paper: Paper) -> None:
    only = paper.publish(a_list("one", before=a_list("two")), at=STARTS - DAY)

    assert found_in(paper.audit()) == [("ORDER-VIOLATION", only)]

"""No rules count for less than a day: neither by their own end, nor because others about the same take their place."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from accepting import rules as acceptance
from measures import DAY, DECLARED, HOUR
from salus.cli.actors import emergency_document, rules_document
from salus.rules import Document, PublicationRefused, Published, check_succession, succeeding

STARTS = DECLARED + 3 * DAY
SECOND = timedelta(seconds=1)


def published(document: Document, logged_at: datetime = DECLARED) -> Published:
    return Published(document=document, logged_at=logged_at, signers=(), organisations=())


def rules(starts: datetime, disease: str = "covid-19", version: int = 1) -> Published:
    return published(rules_document(disease, starts, starts + 30 * DAY, version))


def refused(one: Published, *earlier: Published) -> str | None:
    try:
        check_succession(one, earlier)
    except PublicationRefused as fault:
        return fault.fault
    return None


@pytest.mark.parametrize("apart", [timedelta(0), timedelta(minutes=10), 24 * HOUR - SECOND])
@pytest.mark.parametrize("sign", [1, -1])
def test_rules_that_would_leave_others_less_than_a_day_are_refused(apart: timedelta, sign: int) -> None:
    first, flash = rules(STARTS), rules(STARTS + sign * apart, version=2)

    assert refused(flash, first) == "MINIMUM-LIFE"


@pytest.mark.parametrize("apart", [24 * HOUR, 30 * DAY, -24 * HOUR])
def test_a_day_after_others_started_rules_may_take_their_place(apart: timedelta) -> None:
    assert refused(rules(STARTS + apart, version=2), rules(STARTS)) is None


def test_rules_about_something_else_and_emergencies_are_in_nobodys_way() -> None:
    county = published(acceptance(starts=STARTS))
    others = [
        rules(STARTS, "measles"),
        published(acceptance("measles", starts=STARTS)),
        published(acceptance(region="910000", starts=STARTS)),
        published(emergency_document("covid-19", STARTS, STARTS + DAY, en="An outbreak.", zh="疫情。")),
    ]

    assert [refused(one, rules(STARTS), county) for one in others] == [None] * 4
    assert refused(published(acceptance(starts=STARTS + HOUR, version=2)), county) == "MINIMUM-LIFE"


def test_the_same_rules_published_again_are_no_others() -> None:
    assert refused(rules(STARTS), rules(STARTS)) is None


def test_of_two_that_are_too_near_the_one_counts_that_the_log_had_first() -> None:
    first, flash = rules(STARTS + HOUR), published(rules(STARTS, version=2).document, DECLARED + SECOND)
    third = published(rules(STARTS + 24 * HOUR + HOUR, version=3).document, DECLARED + HOUR)

    assert succeeding([flash, third, first]) == [first, third]

"""Figures are kept with their revisions; alerts are raised once an episode and can be computed again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from salus import surveillance
from salus.kernel import new_id
from salus.storage import Duty, Store, Transaction
from salus.surveillance import (
    Alert,
    Assessment,
    Confidence,
    FeedRefused,
    Figure,
    FigureInvalid,
    Impact,
    Level,
    Likelihood,
    Rule,
    SignalUnknown,
    Verdict,
    VerdictInvalid,
    Verification,
)

AT = datetime(2031, 3, 10, 8, tzinfo=UTC)
DAY = date(2031, 3, 10)
QUIET = (4, 5, 6, 5, 4, 6, 5, 5, 5)


@pytest.fixture
def tx(store: Store) -> Iterator[Transaction]:
    """A transaction over empty tables, undone afterwards."""
    with store.transaction(Duty.SURVEILLANCE) as opened, opened.savepoint():
        yield opened
        raise psycopg.Rollback()


def figures(*counts: int, series: str = "ili", county: str = "910101", last: date = DAY, of: int = 100) -> list[Figure]:
    first = last - timedelta(days=len(counts) - 1)
    return [
        Figure(
            source="hospitals",
            series=series,
            county=county,
            day=first + timedelta(days=n),
            count=count,
            denominator=of,
            reporting=3,
        )
        for n, count in enumerate(counts)
    ]


def told(tx: Transaction, *counts: int, **more: Any) -> surveillance.Ingested:
    return surveillance.ingest(tx, figures(*counts, **more), AT)


def detect(tx: Transaction, first: date = DAY, last: date = DAY, **more: Any) -> list[Alert]:
    return surveillance.detect(tx, first, last, AT, new_id, **more)


def test_what_is_told_twice_is_kept_once_and_what_differs_is_kept_beside_it(tx: Transaction) -> None:
    first, again = told(tx, 1, 2, 3), told(tx, 1, 2, 3)
    revised = told(tx, 1, 2, 7)
    kept = surveillance.revisions(tx, "hospitals", "ili", "910101", DAY, DAY)
    now = surveillance.figures_of(tx, "hospitals", "ili", "910101", DAY - timedelta(days=9), DAY)

    assert (first.new, first.revised, first.known) == (3, 0, 0)
    assert (again.new, again.revised, again.known) == (0, 0, 3)
    assert (revised.new, revised.revised, revised.known) == (0, 1, 2)
    assert [one.figure.count for one in kept] == [3, 7]
    assert [figure.count for figure in now] == [1, 2, 7]


def test_a_figure_that_goes_back_to_what_it_was_is_a_revision_too(tx: Transaction) -> None:
    for count in (3, 0, 3):
        told(tx, count)

    assert [r.figure.count for r in surveillance.revisions(tx, "hospitals", "ili", "910101", DAY, DAY)] == [3, 0, 3]


def test_an_outbreak_is_raised_once(tx: Transaction) -> None:
    told(tx, *QUIET, 20)
    first, again = detect(tx), detect(tx)

    assert [(one.series, one.county, one.day, one.judgement.observed) for one in first] == [("ili", "910101", DAY, 20)]
    assert again == []
    assert surveillance.alert(tx, first[0].alert_id) == first[0]
    assert first[0].episode == first[0].alert_id


def test_an_episode_is_raised_again_within_a_week_only_when_it_grew_by_half(tx: Transaction) -> None:
    told(tx, *QUIET, 20, 24, 31, 31)
    last = DAY + timedelta(days=3)
    told(tx, *QUIET, 20, 24, 31, 31, last=last)
    raised = detect(tx, DAY - timedelta(days=3), last)

    assert [(one.day, one.judgement.observed) for one in raised] == [(DAY, 20), (DAY + timedelta(days=2), 31)]
    assert {one.episode for one in raised} == {raised[0].alert_id}


def test_after_seven_quiet_days_the_same_size_is_a_new_episode(tx: Transaction) -> None:
    told(tx, *QUIET, 20, *([5] * 12), 20, last=DAY + timedelta(days=13))
    raised = detect(tx, DAY, DAY + timedelta(days=13))

    assert [one.day for one in raised] == [DAY, DAY + timedelta(days=13)]
    assert raised[0].episode != raised[1].episode


def test_a_late_report_that_makes_a_day_larger_by_half_raises_it_again(tx: Transaction) -> None:
    told(tx, *QUIET, 20)
    detect(tx)
    told(tx, *QUIET, 25)
    little = detect(tx)
    told(tx, *QUIET, 30)

    assert little == []
    assert [one.judgement.observed for one in detect(tx)] == [30]


def test_counties_and_series_are_judged_apart(tx: Transaction) -> None:
    told(tx, *QUIET, 20)
    told(tx, *QUIET, 5, county="910102")
    told(tx, *QUIET, 21, series="diarrhoea", county="910102")
    raised = detect(tx)

    assert {(one.series, one.county) for one in raised} == {("ili", "910101"), ("diarrhoea", "910102")}


def test_one_case_of_cholera_is_raised_without_any_baseline(tx: Transaction) -> None:
    told(tx, 1, series="cholera")
    raised = detect(tx, rules=(Rule.SINGLE_CASE,))

    assert [(one.series, one.judgement.rule) for one in raised] == [("cholera", Rule.SINGLE_CASE)]
    assert detect(tx, rules=(Rule.EARS_C2,)) == []


def test_an_alert_is_computed_again_from_what_was_known_then(tx: Transaction) -> None:
    told(tx, *QUIET, 20)
    (raised,) = detect(tx)
    told(tx, *(40 for _ in QUIET), 20)

    assert surveillance.reproduce(tx, raised) == raised


def test_a_figure_that_was_changed_behind_its_back_makes_an_alert_irreproducible(store: Store) -> None:
    with store.transaction(Duty.SURVEILLANCE) as tx:
        told(tx, *QUIET, 20, county="999999")
        (raised,) = [one for one in detect(tx) if one.county == "999999"]
    with store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute("update surveillance.figure set count = 19 where county = '999999' and count = 20")
    with store.transaction(Duty.SURVEILLANCE) as tx:
        again = surveillance.reproduce(tx, raised)

    with store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute("truncate surveillance.figure, surveillance.alert")

    assert again is not None
    assert again.snapshot != raised.snapshot


def test_a_single_case_alert_is_overdue_after_its_legal_limit_until_somebody_settles_it(tx: Transaction) -> None:
    told(tx, 1, series="cholera")
    (raised,) = detect(tx)

    def waiting(hours: float) -> tuple[bool, bool]:
        said = surveillance.verifications(tx, raised.alert_id)
        found = surveillance.wait(raised, said, AT + timedelta(hours=hours))
        return found.settled, found.overdue

    before, after = waiting(2), waiting(2.1)
    surveillance.verify(tx, raised.alert_id, said(Verdict.VERIFYING))
    begun = waiting(2.1)
    surveillance.verify(tx, raised.alert_id, said(Verdict.CONFIRMED))

    assert (before, after, begun, waiting(99)) == ((False, False), (False, True), (False, True), (True, False))


def test_an_aberration_has_no_legal_limit(tx: Transaction) -> None:
    told(tx, *QUIET, 20)
    (raised,) = detect(tx)

    assert surveillance.wait(raised, [], AT + timedelta(days=90)).overdue is False


def said(verdict: Verdict, reason: str = "The laboratory grew it.") -> Verification:
    return Verification(at=AT, by="staff-1", verdict=verdict, reason=reason)


def test_what_people_find_is_kept_in_order_with_its_reason(tx: Transaction) -> None:
    told(tx, *QUIET, 20)
    (raised,) = detect(tx)
    found = [said(Verdict.VERIFYING, "Called the hospital."), said(Verdict.ARTEFACT, "A new ward was coded twice.")]
    for one in found:
        surveillance.verify(tx, raised.alert_id, one)
    judged = Assessment(
        at=AT,
        by="staff-1",
        likelihood=Likelihood.LIKELY,
        impact=Impact.MODERATE,
        confidence=Confidence.LOW,
        level=Level.MODERATE,
        text="Schools begin on Monday.",
    )
    surveillance.assess(tx, raised.alert_id, judged)

    assert surveillance.verifications(tx, raised.alert_id) == found
    assert surveillance.assessments(tx, raised.alert_id) == [judged]
    assert surveillance.alerts(tx)[0] == (raised, found)


def test_no_verdict_stands_without_a_reason() -> None:
    for reason in ("", "   ", "x" * 2001):
        with pytest.raises(VerdictInvalid):
            said(Verdict.CONFIRMED, reason)


def test_nobody_verifies_what_is_no_signal(tx: Transaction) -> None:
    with pytest.raises(SignalUnknown):
        surveillance.verify(tx, new_id(), said(Verdict.CONFIRMED))


@pytest.mark.parametrize(
    "wrong", [{"county": "91010"}, {"county": "Qinglan"}, {"count": -1}, {"denominator": 1}, {"reporting": -1}]
)
def test_a_figure_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    good: dict[str, Any] = {"source": "hospitals", "series": "ili", "county": "910101", "day": DAY, "count": 2}

    with pytest.raises(FigureInvalid):
        Figure(**(good | wrong))


ROW = {
    "source": "education",
    "series": "school-absence",
    "county": "910101",
    "day": "2031-03-10",
    "count": 12,
    "denominator": 800,
}


def feed(tx: Transaction, *rows: Any) -> surveillance.Ingested:
    return surveillance.ingest_feed(tx, "education", "school-absence", list(rows), AT, DAY)


def test_a_feed_of_six_fields_is_taken_in(tx: Transaction) -> None:
    done = feed(tx, ROW, ROW | {"county": "910102"})

    assert (done.new, done.revised) == (2, 0)
    assert feed(tx, ROW).known == 1


@pytest.mark.parametrize(
    ("field", "why"),
    [
        ("name", "personal"),
        ("student_name", "personal"),
        ("姓名", "personal"),
        ("ID", "personal"),
        ("id_card", "personal"),
        ("phone", "personal"),
        ("birth_date", "personal"),
        ("class", "personal"),
        ("latitude", "personal"),
        ("remarks", "field"),
        ("temperature", "field"),
    ],
)
def test_any_other_field_refuses_the_whole_feed_by_its_name(tx: Transaction, field: str, why: str) -> None:
    with pytest.raises(FeedRefused) as refused:
        feed(tx, ROW, ROW | {"county": "910102", field: "Wang Fang"})

    assert refused.value.why == why
    assert refused.value.where == "row 1"
    assert field in refused.value.text or not field.isascii()
    assert "Wang" not in f"{refused.value.text} {refused.value.where}"
    assert surveillance.figures(tx, DAY, DAY) == []


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"source": "Wang Fang"}, "source"),
        ({"series": "ili"}, "series"),
        ({"county": "Wang Fang"}, "value"),
        ({"county": 910101}, "value"),
        ({"county": "９１０１０１"}, "value"),
        ({"day": "10.3.2031"}, "value"),
        ({"day": "2031-02-30"}, "value"),
        ({"day": "2031-03-11"}, "value"),
        ({"day": "2029-03-11"}, "value"),
        ({"count": "Wang Fang"}, "value"),
        ({"count": True}, "value"),
        ({"count": 1.5}, "value"),
        ({"count": -1}, "value"),
        ({"count": 801}, "value"),
        ({"denominator": None}, "value"),
    ],
)
def test_no_field_takes_anything_but_its_kind(tx: Transaction, wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(FeedRefused) as refused:
        feed(tx, ROW | {"county": "910102"}, ROW | wrong)

    assert refused.value.why == why
    assert "Wang" not in str(refused.value)
    assert surveillance.figures(tx, DAY, DAY) == []


@pytest.mark.parametrize("body", [{}, [], "text", [1], [ROW, ROW], [{k: v for k, v in ROW.items() if k != "day"}]])
def test_a_feed_of_another_shape_is_refused(tx: Transaction, body: Any) -> None:
    with pytest.raises(FeedRefused):
        surveillance.ingest_feed(tx, "education", "school-absence", body, AT, DAY)


def test_a_series_of_the_records_cannot_be_sent_as_a_feed(tx: Transaction) -> None:
    with pytest.raises(FeedRefused, match="school-absence"):
        surveillance.ingest_feed(tx, "education", "ili", [ROW | {"series": "ili"}], AT, DAY)


def test_refused_feeds_are_counted_by_source_and_reason(tx: Transaction) -> None:
    for why in ("personal", "personal", "shape"):
        surveillance.refuse_feed(tx, "education", why, AT)

    assert surveillance.refused_feeds(tx) == {("education", "personal"): 2, ("education", "shape"): 1}


def test_absence_from_school_raises_an_alert_by_its_share(tx: Transaction) -> None:
    days = [DAY - timedelta(days=9 - n) for n in range(10)]
    absent = (12, 14, 11, 13, 12, 15, 12, 13, 12, 60)
    feed(tx, *(ROW | {"day": day.isoformat(), "count": count} for day, count in zip(days, absent, strict=True)))

    assert [(one.source, one.series, one.judgement.observed) for one in detect(tx)] == [
        ("education", "school-absence", 60)
    ]


@pytest.mark.parametrize(("count", "shown"), [(0, 0), (1, None), (4, None), (5, 5), (60, 60)])
def test_small_figures_leave_as_fewer_than_five(count: int, shown: int | None) -> None:
    assert surveillance.shown(count) == shown


def test_what_waits_for_a_verdict_is_never_pushed_out_by_what_came_later(tx: Transaction) -> None:
    counties = [f"9101{n:02}" for n in range(1, 8)]
    for county in counties:
        told(tx, *QUIET, 20, county=county)
        detect(tx, counties=[county])
    raised = {alert.county: alert for alert, _ in surveillance.alerts(tx)}
    surveillance.verify(tx, raised[counties[0]].alert_id, said(Verdict.VERIFYING))
    for county in counties[2:]:
        surveillance.verify(tx, raised[county].alert_id, said(Verdict.CONFIRMED))

    found = surveillance.pending(tx, settled=2)
    assert [one.county for one, _ in found] == [counties[1], counties[0], counties[6], counties[5]]
    assert [one.verdict for one in found[1][1]] == [Verdict.VERIFYING]


def test_a_feed_judges_only_what_it_told(tx: Transaction) -> None:
    for county in ("910101", "910102"):
        told(tx, *QUIET, 20, county=county)
        told(tx, *QUIET, 20, county=county, series="sari")

    assert [one.county for one in detect(tx, counties=["910101"], told=("hospitals", "ili"))] == ["910101"]
    assert detect(tx, counties=["910101"], told=("education", "ili")) == []

"""Numbers on pages are those of the database: each is counted again in plain SQL, as the owner of the tables does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator

from journeys.live import DOCTOR, Live, Visitor
from journeys.story import FANG, WEI, infected
from salus.kernel import Role, format_instant
from salus.storage import Duty, Settings, Store, open_store

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Row = tuple[Any, ...]
ATTEMPTS = {
    "sent as a record": "write-measure",
    "sent in an import": "import-measure",
    "sent to an address that does not exist": "guess-measure-route",
}
LEAVES = "select count(*) from ledger.leaf where convert_from(entry, 'UTF8')::jsonb ? %s"
NEWEST = """
select distinct on (day) day, count, denominator, reporting from surveillance.figure
where source = %(source)s and series = %(series)s and county = %(county)s
    and day between %(day)s - 55 and %(day)s + 14
order by day, figure desc
"""
CASES = """
select county, sum(count) from (
    select distinct on (source, series, county, day) source, series, county, day, count from surveillance.figure
    order by source, series, county, day, figure desc
) as newest
where source = %(source)s and series = %(series)s and left(county, 4) = left(%(county)s, 4)
    and day between %(day)s - 13 and %(day)s
group by county
"""
BEDS = """
select sum(case resource when 'icu-beds-staffed' then amount else -amount end) from (
    select distinct on (facility, resource) facility, resource, amount, as_of from command.report
    order by facility, resource, as_of desc, report_key desc
) as newest
where resource like 'icu-beds-%%' and as_of > %(at)s
    and facility in (select id from parties.facility where county = %(county)s)
"""
LATE = """
select count(*) from appeals.contest as c left join appeals.answer as a using (appeal)
where c.deadline < %s and (a.answered_at is null or a.answered_at > c.deadline)
"""
OVERDUE = """
select count(*) from command.task left join command.task_answer as a using (task_id)
where a.task_id is null and due < %s
"""
IN_FORCE = """
select count(*) from command.supply_order join command.signing using (order_id)
where verdict = 'countersigned' and %s between starts and ends
"""
PEOPLE = """
select count(distinct (reader_role, reader)) from access.entry
where resident_key = %s and at > %s and reader_role in
    ('clinician', 'reception', 'epidemiologist', 'commander', 'appeal-officer', 'index-reviewer', 'access-reviewer',
    'auditor', 'operator')
"""


@pytest.fixture(scope="module")
def store(told: Live) -> Iterator[Store]:
    with open_store(Settings(data=told.data, postgres=told.environment["SALUS_POSTGRES"])) as opened:
        yield opened


@pytest.fixture
def me(told: Live, plain: BrowserContext) -> Visitor:
    return Visitor(plain.new_page(), told)


def asked(store: Store, statement: str, params: Any = ()) -> list[Row]:
    with store.connect(Duty.MIGRATION) as connection:
        return list(connection.execute(statement, params).fetchall())


def one(store: Store, statement: str, params: Any = ()) -> Any:
    ((value,),) = asked(store, statement, params)
    return value


def now(store: Store) -> datetime:
    """Return a recent instant of the demo's clock: that of the newest head of its log."""
    told = one(store, "select max(signed) from ledger.checkpoint")
    assert isinstance(told, datetime)
    return told


def number(text: str) -> int:
    return int(re.sub(r"\D", "", text))


def cells(rows: Locator) -> list[list[str]]:
    return [row.locator("th, td").all_inner_texts() for row in rows.all()]


def test_the_figures_of_power_are_those_of_the_tables(store: Store, me: Visitor) -> None:
    me.go("/about/power")
    page = me.page
    shown = dict(
        zip(
            page.locator(".salus-tallies dt").all_inner_texts(),
            map(number, page.locator(".salus-tallies dd").all_inner_texts()),
            strict=True,
        )
    )
    attempts = {
        ATTEMPTS[row[1]]: number(row[2].splitlines()[0])
        for row in cells(page.locator("table", has_text="How it was tried").locator("tbody tr"))
    }
    outcomes = dict(asked(store, "select outcome, count(*) from appeals.answer as a join appeals.contest as c using"
                                 " (appeal) where answered_at <= deadline group by outcome"))  # fmt: skip

    assert shown == {
        "Contests overdue": one(store, LATE, (now(store),)),
        "Contests opened": one(store, "select count(*) from appeals.contest"),
        "Answered in time: it stands": outcomes.get("stands", 0),
        "Answered in time: ended": outcomes.get("ended", 0),
        "Waiting, time not over": 0,
        "Specimens logged": one(store, LEAVES, ("specimen",)),
        "Results logged, of any outcome": one(store, LEAVES, ("result",)),
        "Decisions made by rules": one(store, LEAVES, ("decision",)),
        "Certificates that became void": one(store, LEAVES, ("void",)),
        "Emergencies whose data nobody can read any more": 0,
        "Records whose key was destroyed, with a certificate": one(store, LEAVES, ("shred",)),
    }
    assert shown["Contests opened"] == 2
    assert attempts == dict(
        asked(store, "select action, count(*) from access.refusal where action = any(%s) group by action",
              (list(ATTEMPTS.values()),))
    )  # fmt: skip
    assert sum(attempts.values()) >= 2
    keys = cells(page.locator("table", has_text="May sign").locator("tbody tr"))
    assert len(keys) == one(store, LEAVES, ("party-key",))
    assert len(cells(page.locator("table", has_text="Signed by").first.locator("tbody tr"))) == one(
        store, LEAVES, ("publication",)
    )


def test_more_decisions_stand_in_the_tables_than_count_because_one_was_written_past_the_rules(store: Store) -> None:
    """What the administrator of the story wrote is in the table, and nowhere in the log that the page counts."""
    assert one(store, "select count(*) from healthcode.decision") == one(store, LEAVES, ("decision",)) + 1


def test_every_signal_shows_the_newest_figures_of_its_series(store: Store, me: Visitor) -> None:
    alerts = asked(store, "select alert_id, source, series, county, day, observed from surveillance.alert")
    me.step_into(FANG)
    assert len(alerts) == me.page.locator(".salus-signals__name").count() >= 2

    for alert, source, series, county, day, observed in alerts:
        me.go(f"/signals/{alert}")
        rows = me.page.locator("table.salus-table tbody tr")
        days = [row.get_attribute("datetime") for row in rows.locator("th time").all()]
        told = {
            on: tuple(number(value) if value.strip() else None for value in row[1:4])
            for on, row in zip(days, cells(rows), strict=True)
            if row[1] != "not told"
        }
        place = {"source": source, "series": series, "county": county, "day": day}
        held = {on.isoformat(): tuple(values) for on, *values in asked(store, NEWEST, place)}
        assert told == held
        assert held[day.isoformat()][0] == observed
        assert f": {observed} on " in me.heading()
        assert me.page.locator("figure svg").count() == 1


def test_the_situation_has_the_cases_and_beds_of_the_tables(store: Store, me: Visitor) -> None:
    source, series, county, day = asked(
        store, "select source, series, county, day from surveillance.alert where rule = 'ears-c2'"
    )[0]
    place = one(store, "select min(id) from parties.facility where county = %s and kind <> 'sampling-site'", (county,))
    a_hospital_reports(me, place, now(store), {"icu-beds-staffed": 9, "icu-beds-occupied": 4})
    me.step_into(WEI)
    me.go("/situation")
    page = me.page
    cases = dict(cells(page.locator("table", has_text="Cases").locator("tbody tr")))
    names = counties(me)
    counted = {names[code]: str(count) for code, count in asked(store, CASES, {
        "source": source, "series": series, "county": county, "day": day})}  # fmt: skip
    figures = dict(
        zip(
            page.locator(".salus-figures .salus-line").all_inner_texts(),
            page.locator(".salus-figures__amount").all_inner_texts(),
            strict=True,
        )
    )

    assert {name: said for name, said in cases.items() if said != "no report"} == counted
    assert int(counted[names[county]]) >= 5
    beds = one(store, BEDS, {"at": now(store) - timedelta(days=1), "county": county})
    assert figures["Intensive-care beds free"] == str(beds) == "5"
    assert figures["Tasks overdue"] == str(one(store, OVERDUE, (now(store),)))
    assert page.locator(".salus-order", has_text="in force").count() == one(store, IN_FORCE, (now(store),)) == 1


def a_hospital_reports(me: Visitor, place: str, at: datetime, numbers: dict[str, int]) -> None:
    who = ("--role", "hospital-system", "--facility", place, "--purpose", "HOPERAT")
    token = me.node.command("token", *who, "--data", str(me.node.data)).stdout.strip()
    sent = me.page.request.post(
        f"{me.node.url}/resources",
        data={"as_of": format_instant(at), "resources": numbers},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert sent.status == 201, sent.text()


def counties(me: Visitor) -> dict[str, str]:
    """Return the counties' names by code, from the file that the demo's map is drawn of."""
    told = json.loads((me.node.data / "map.json").read_text("utf-8"))
    return {str(one["id"]): one["properties"]["name_en"] for one in told["objects"]["counties"]["geometries"]}


def test_who_looked_shows_every_entry_of_the_register(store: Store, me: Visitor) -> None:
    name = infected()[1]
    somebody = me.resident(name)
    me.step_into(name)
    code = me.code()
    me.step_into(DOCTOR)
    me.present(code)
    me.step_into(name)
    me.go("/me/reads")
    people = me.page.locator("section:not([aria-labelledby=systems]) .salus-look__when > time").all()
    shown = [one.get_attribute("datetime") for one in people]
    behind = me.page.locator("section[aria-labelledby=systems] .salus-look__what a").all_inner_texts()
    key = one(store, "select resident_key from identity.resident where resident_id = %s", (somebody,))
    every = asked(store, "select at, reader_role from access.entry where resident_key = %s", (key,))
    held = [(at, role) for at, role in every if not Role(role).software]
    week = now(store) - timedelta(days=7)

    assert sorted(map(minute, shown)) == sorted(minute(format_instant(at)) for at, _ in held)
    assert sum(number(text.split()[0]) for text in behind) == len(every) - len(held)
    assert 2 <= len(held) <= 50
    readers = number(me.page.locator(".salus-lead").inner_text().split()[0])
    assert readers == one(store, PEOPLE, (key, week)) >= 1
    assert me.page.locator(".salus-look", has_text=DOCTOR).count() == sum(role == "clinician" for _, role in held)


def minute(instant: str | None) -> str:
    assert instant is not None
    return instant[:16]

"""A facility states its beds as a MeasureReport: dated, kept beside what came before, shown as capacity alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest

from nodes import START, Asking, a_node, asking
from salus import app, command
from salus.app import Node
from salus.kernel import FixedClock, Purpose, Role, format_instant
from salus.storage import Duty
from salus.web.fhir.capacity import OURS, SANER


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("capacity"), "H1", "H2") as opened:
        yield opened


@pytest.fixture(scope="module")
def client(node: Node) -> Iterator[Asking]:
    with asking(node) as opened:
        yield opened


def stated(node: Node, client: Asking, *counts: tuple[str, str, object], purpose: Purpose = Purpose.HOPERAT,
           **more: Any) -> httpx.Response:  # fmt: skip
    population = [{"code": {"coding": [{"system": system, "code": code}]}, "count": n} for system, code, n in counts]
    report = {
        "resourceType": "MeasureReport", "status": "complete", "type": "summary",
        "measure": "urn:salus:measure:resources", "date": format_instant(node.clock.now()),
        "period": {"start": "2031-03-01", "end": "2031-03-01"}, "group": [{"population": population}],
    } | more  # fmt: skip
    sent = {"resourceType": "Parameters", "parameter": [{"name": "measureReport", "resource": report}]}
    token = app.demo_token(node, Role.HOSPITAL_SYSTEM, "H1", None, purpose)
    return client.ask(
        "POST", "/fhir/Measure/$submit-data", content=orjson.dumps(sent), headers={"Authorization": f"Bearer {token}"}
    )


def known(node: Node) -> dict[str, int | None]:
    with node.store.transaction(Duty.COMMAND) as tx:
        return {one.resource.value: one.amount for one in command.known_at(tx, ["H1"], node.clock.now())}


def beds(node: Node) -> dict[str, int | None]:
    return {one.facility.facility_id: one.beds for one in app.coverage(node).facilities}


def test_what_is_stated_is_kept_with_its_day_and_shown_until_it_is_old(node: Node, client: Asking) -> None:
    first = stated(node, client, (OURS, "ordinary-beds-staffed", 400), (SANER, "numICUBeds", 20))
    node.clock = FixedClock(START + timedelta(hours=2))
    later = stated(node, client, (SANER, "numICUBeds", 24), (SANER, "numICUBedsOcc", 17))
    fresh, in_command = beds(node), known(node)
    page = client.ask("GET", "/about/coverage.csv").text
    with node.store.connect(Duty.MIGRATION, "salus") as connection:
        kept = connection.execute("select count(*) from command.report where facility = 'H1'").fetchone()
    node.clock = FixedClock(START + timedelta(hours=25))
    old = beds(node)
    node.clock = FixedClock(START)

    assert (first.status_code, later.status_code) == (204, 204), first.text + later.text
    assert in_command == {"ordinary-beds-staffed": 400, "icu-beds-staffed": 24, "icu-beds-occupied": 17}
    assert fresh == {"H1": 424, "H2": None}
    assert kept == (4,)
    assert old == {"H1": 24, "H2": None}
    assert ",424," in page
    assert "17" not in page


@pytest.mark.parametrize(
    ("counts", "more"),
    [
        ([(OURS, "people-in-quarantine", 4)], {}),
        ([(SANER, "numTotBeds", 4)], {}),
        ([(OURS, "masks", "4")], {}),
        ([(OURS, "masks", -1)], {}),
        ([(OURS, "masks", 1), (OURS, "masks", 2)], {}),
        ([(OURS, "masks", 1)], {"type": "individual"}),
        ([(OURS, "masks", 1)], {"status": "pending"}),
        ([(OURS, "masks", 1)], {"date": "2032-01-01T00:00:00Z"}),
        ([(OURS, "masks", 1)], {"date": "soon"}),
        ([(OURS, "masks", 1)], {"group": [{"population": "x"}]}),
        ([(OURS, "masks", 1)], {"group": "x"}),
        ([], {}),
    ],
)
def test_what_is_no_count_of_ours_is_refused(
    node: Node, client: Asking, counts: list[tuple[str, str, object]], more: dict[str, Any]
) -> None:
    before = known(node)
    answer = stated(node, client, *counts, **more)

    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert known(node) == before


def test_beds_are_no_treatment(node: Node, client: Asking) -> None:
    assert stated(node, client, (OURS, "masks", 1), purpose=Purpose.TREAT).status_code == 403


def collected(node: Node, client: Asking, start: str, end: str, facility: str = "H1") -> httpx.Response:
    token = app.demo_token(node, Role.HOSPITAL_SYSTEM, facility, None, Purpose.HOPERAT)
    address = f"/fhir/Measure/$collect-data?periodStart={start}&periodEnd={end}"
    return client.ask("GET", address, headers={"Authorization": f"Bearer {token}"})


def test_a_facility_reads_back_what_it_stated_and_nobody_elses(node: Node, client: Asking) -> None:
    node.clock = FixedClock(START + timedelta(days=30))
    stated(node, client, (OURS, "ordinary-beds-staffed", 400), (SANER, "numICUBeds", 20))
    node.clock = FixedClock(START + timedelta(days=30, hours=1))
    stated(node, client, (SANER, "numICUBeds", 24))
    day = format_instant(node.clock.now())[:10]
    mine, theirs = collected(node, client, day, day), collected(node, client, day, day, "H2")
    before = collected(node, client, "2030-01-01", "2030-12-31")
    again = client.ask("GET", "/fhir/Measure/$collect-data")
    odd = [collected(node, client, *days) for days in (("x", day), (day, "9999-12-31"), ("2031", day))]
    node.clock = FixedClock(START)

    reports = [one["resource"] for one in mine.json()["parameter"]]
    told = [(one["date"], [(p["code"]["coding"][0]["code"], p["count"]) for p in one["group"][0]["population"]])
            for one in reports]  # fmt: skip
    assert told == [
        (f"{day}T08:00:00Z", [("ordinary-beds-staffed", 400)]),
        (f"{day}T09:00:00Z", [("icu-beds-staffed", 24)]),
    ]
    assert (theirs.json(), before.json()) == ({"resourceType": "Parameters"}, {"resourceType": "Parameters"})
    assert [again.status_code, *(one.status_code for one in odd)] == [401, 400, 400, 400]

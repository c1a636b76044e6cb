"""Hospitals send visits; they are counted as a hand would count them, an outbreak stands out, and people judge it."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain
from typing import Any
from uuid import uuid4

import httpx
import pytest

from nodes import ID_CARD, Asking, a_node, a_number, add_hospital, asking
from salus import app, surveillance
from salus.app import Node
from salus.kernel import Purpose, Role
from salus.parties import FacilityKind, Principal
from salus.storage import Duty
from salus.surveillance import Rule, Verdict

ICD = "http://hl7.org/fhir/sid/icd-10"
ILI = {"J11.1", "J06.9", "J00"}
TODAY = date(2031, 3, 1)
DAYS = [TODAY - timedelta(days=9 - n) for n in range(10)]
SICK = (3, 4, 2, 3, 4, 3, 2, 3, 4, 16)
WELL = (9, 8, 10, 9, 8, 9, 10, 9, 8, 10)
Bundle = dict[str, Any]


def entry(resource: dict[str, Any], url: str) -> dict[str, Any]:
    return {"fullUrl": url, "resource": resource, "request": {"method": "POST", "url": resource["resourceType"]}}


def visit(number: str, day: date, *codes: str) -> list[dict[str, Any]]:
    """A patient, an encounter, and a diagnosis for each code."""
    person = f"urn:uuid:{uuid4()}"
    subject = {"subject": {"reference": person}}
    stay = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"code": "AMB"},
        "period": {"start": f"{day}T09:00:00+08:00"},
    }
    found = [
        entry({"resourceType": "Patient", "identifier": [{"system": ID_CARD, "value": number}]}, person),
        entry({**stay, **subject}, f"urn:uuid:{uuid4()}"),
    ]
    for code in codes:
        told = {"code": {"coding": [{"system": ICD, "code": code}]}, "recordedDate": f"{day}T09:10:00+08:00"}
        found.append(entry({"resourceType": "Condition", **told, **subject}, f"urn:uuid:{uuid4()}"))
    return found


def bundles() -> Iterator[tuple[str, Bundle]]:
    """What two hospitals of one county send about ten days, an outbreak on the last; the second half goes to H2."""
    person = iter(range(999))
    for day, sick, well in zip(DAYS, SICK, WELL, strict=True):
        visits = [visit(a_number(next(person)), day, ("J11.1", "J06.9", "J00")[n % 3]) for n in range(sick)]
        visits += [visit(a_number(next(person)), day, *(("I10",) if n % 2 else ())) for n in range(well)]
        for facility, half in (("H1", visits[::2]), ("H2", visits[1::2])):
            yield facility, {"resourceType": "Bundle", "type": "transaction", "entry": list(chain.from_iterable(half))}


def recounted(sent: list[Bundle]) -> dict[date, tuple[int, int]]:
    """Count by hand, from the bundles alone: people with such a diagnosis, and people seen, by day."""
    sick: dict[date, set[str]] = defaultdict(set)
    seen: dict[date, set[str]] = defaultdict(set)
    for bundle in sent:
        numbers = {
            one["fullUrl"]: one["resource"]["identifier"][0]["value"]
            for one in bundle["entry"]
            if one["resource"]["resourceType"] == "Patient"
        }
        for one in (each["resource"] for each in bundle["entry"]):
            if one["resourceType"] == "Encounter":
                day = date.fromisoformat(one["period"]["start"][:10])
                seen[day].add(numbers[one["subject"]["reference"]])
            if one["resourceType"] == "Condition" and one["code"]["coding"][0]["code"] in ILI:
                sick[date.fromisoformat(one["recordedDate"][:10])].add(numbers[one["subject"]["reference"]])
    return {day: (len(sick[day]), len(seen[day])) for day in seen}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("counts"), "H1", "H2") as opened:
        add_hospital(opened, "C1", FacilityKind.DISEASE_CONTROL_CENTRE)
        add_hospital(opened, "D1", FacilityKind.DEPARTMENT)
        yield opened


@pytest.fixture(scope="module")
def sent(node: Node) -> list[Bundle]:
    """Send everything over the API, the first three bundles twice."""
    pairs = list(bundles())
    for facility in ("H1", "H2"):
        with asking(node, Role.HOSPITAL_SYSTEM, facility) as client:
            mine = [bundle for place, bundle in pairs if place == facility]
            for bundle in [*mine, *mine[:3]]:
                assert client.ask("POST", "/fhir", content=json.dumps(bundle)).status_code == 200
    return [bundle for _, bundle in pairs]


@pytest.fixture(scope="module")
def raised(node: Node, sent: list[Bundle]) -> list[surveillance.Alert]:
    """Let the relay's work be done: events drained, days counted and judged."""
    assert sent
    while app.deliver_events(node):
        pass
    return app.recount(node)


def figures(node: Node, series: str = "ili") -> dict[date, tuple[int, int | None]]:
    with node.store.transaction(Duty.SURVEILLANCE) as tx:
        found = surveillance.figures(tx, DAYS[0], DAYS[-1])
    return {one.day: (one.count, one.denominator) for one in found if one.series == series}


def test_the_counts_are_those_of_a_hand_with_nobody_counted_twice(
    node: Node, sent: list[Bundle], raised: list[surveillance.Alert]
) -> None:
    by_hand = recounted(sent)

    assert raised
    assert figures(node) == by_hand
    assert [by_hand[day][0] for day in DAYS] == list(SICK)


def test_the_outbreak_is_raised_once_with_its_reason(raised: list[surveillance.Alert]) -> None:
    (alert,) = raised

    assert (alert.series, alert.county, alert.day) == ("ili", "900101", TODAY)
    assert alert.judgement.rule is Rule.EARS_C2
    assert alert.judgement.observed == SICK[-1]
    assert alert.judgement.expected == pytest.approx(sum(SICK[:7]) / 7, abs=1e-6)
    assert "16 in county 900101 on 1 March 2031" in alert.reason_en
    assert "流感样病例" in alert.reason_zh


def test_counting_again_adds_nothing_and_raises_nothing(node: Node, raised: list[surveillance.Alert]) -> None:
    before = figures(node)

    assert raised
    assert app.recount(node) == []
    assert app.count_up_to(node, TODAY, 10) == []
    assert figures(node) == before
    with node.store.transaction(Duty.SURVEILLANCE) as tx:
        kept = surveillance.revisions(tx, "hospitals", "ili", "900101", DAYS[0], DAYS[-1])
        assert len(kept) == len(DAYS)


def epidemiologist(node: Node) -> Principal:
    return app.demo_principal(node, Role.EPIDEMIOLOGIST, "C1").for_purpose(Purpose.PUBHLTH)


def looked(
    node: Node, client: Asking, role: Role, facility: str, method: str, path: str, **form: str
) -> httpx.Response:
    session = f"demo.{app.demo_token(node, role, facility, None, None)}"
    csrf = node.custodian.digest("web.form", f"form\x00{session}".encode()).hex()
    headers = {"Cookie": f"salus_session={session}; salus_form=form; salus_lang=en", "Accept": "text/html"}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    return client.ask(method, path, headers=headers, **({"data": {"csrf": csrf, **form}} if method == "POST" else {}))


def test_the_page_shows_the_figures_that_the_database_holds(node: Node, raised: list[surveillance.Alert]) -> None:
    path = f"/signals/{raised[0].alert_id}"
    with asking(node) as client:
        listed = looked(node, client, Role.EPIDEMIOLOGIST, "C1", "GET", "/signals")
        page = looked(node, client, Role.EPIDEMIOLOGIST, "C1", "GET", path)
    rows = re.findall(
        r"<tr[^>]*><th scope=\"row\"><time datetime=\"([\d-]+)\">.*?<td>(\d+)</td><td>(\d+)</td>", page.text
    )

    assert path in listed.text
    assert {date.fromisoformat(day): (int(count), int(of)) for day, count, of in rows} == figures(node)
    assert "the same signal" in page.text
    assert "<svg" in page.text


def test_a_verdict_and_an_assessment_are_recorded_by_a_named_person(
    node: Node, raised: list[surveillance.Alert]
) -> None:
    path = f"/signals/{raised[0].alert_id}"
    judged = {"likelihood": "likely", "impact": "minor", "confidence": "high", "level": "low"}
    with asking(node) as client:

        def post(what: str, **form: str) -> int:
            return looked(node, client, Role.EPIDEMIOLOGIST, "C1", "POST", f"{path}/{what}", **form).status_code

        answers = [
            post("verdict", verdict="confirmed", reason=" "),
            post("verdict", verdict="guilty", reason="why"),
            post("verdict", verdict="confirmed", reason="Two laboratories found influenza A."),
            post("assessment", text="", **judged),
            post("assessment", text="Schools stay open.", **judged),
        ]
        page = looked(node, client, Role.EPIDEMIOLOGIST, "C1", "GET", path).text
    who = epidemiologist(node)
    seen = app.signal(node, who, raised[0].alert_id)

    assert answers == [400, 400, 303, 400, 303]
    assert [(one.verdict, one.by) for one in seen.verifications] == [(Verdict.CONFIRMED, who.subject)]
    assert [one.text for one in seen.assessments] == ["Schools stay open."]
    assert seen.wait.settled
    assert who.name_en in page
    assert "Two laboratories found influenza A." in page


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.HOSPITAL_SYSTEM])
def test_signals_are_for_epidemiologists(node: Node, raised: list[surveillance.Alert], role: Role) -> None:
    with asking(node) as client:
        for path in ("/signals", f"/signals/{raised[0].alert_id}"):
            assert looked(node, client, role, "H1", "GET", path).status_code == 403


def test_one_case_of_cholera_is_raised_at_once_and_overdue_after_two_hours(node: Node) -> None:
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": visit(a_number(900), TODAY, "A00.9")}
    with asking(node, Role.HOSPITAL_SYSTEM, "H2") as client:
        client.ask("POST", "/fhir", content=json.dumps(bundle))
    app.deliver_events(node)
    found = [one for one in app.recount(node) if one.judgement.rule is Rule.SINGLE_CASE]
    clock: Any = node.clock
    at = clock.at
    before = app.signals(node, epidemiologist(node))[0]
    clock.at = at + timedelta(hours=2, minutes=1)
    after = app.signals(node, epidemiologist(node))[0]
    clock.at = at

    assert [one.series for one in found] == ["cholera"]
    assert before.alert.alert_id == after.alert.alert_id == found[0].alert_id
    assert (before.wait.overdue, after.wait.overdue) == (False, True)


def rows(*counts: int, **more: Any) -> list[dict[str, Any]]:
    first = TODAY - timedelta(days=len(counts) - 1)
    return [
        {
            "source": "Group",
            "series": "school-absence",
            "county": "900101",
            "day": (first + timedelta(days=n)).isoformat(),
            "count": count,
            "denominator": 900,
            **more,
        }
        for n, count in enumerate(counts)
    ]


def feed(node: Node, role: Role, facility: str, body: Any, series: str = "school-absence") -> httpx.Response:
    with asking(node, role, facility) as client:
        headers = {**client.client.headers, "content-type": "application/json"}
        return client.ask("POST", f"/feeds/{series}", content=json.dumps(body), headers=headers)


def test_a_feed_nests_no_deeper_than_feeds_do(node: Node) -> None:
    deep: object = 1
    for _ in range(900):
        deep = [deep]

    refused = feed(node, Role.DEPARTMENT_SYSTEM, "D1", [{"county": deep}])

    assert refused.status_code == 400
    assert "inside of each other" in refused.json()["error"]


def test_a_school_feed_with_a_name_is_refused_counted_and_leaves_nothing(node: Node) -> None:
    refused = feed(node, Role.DEPARTMENT_SYSTEM, "D1", rows(12, 14) + rows(9, name="Wang Fang", county="900102"))
    with node.store.transaction(Duty.SURVEILLANCE) as tx:
        counted = surveillance.refused_feeds(tx)

    assert refused.status_code == 422
    assert "field name" in refused.json()["error"]
    assert "Wang" not in refused.text
    assert counted == {("Group", "personal"): 1}
    assert figures(node, "school-absence") == {}


def test_a_school_feed_of_counts_is_taken_in_and_its_surge_is_raised(node: Node) -> None:
    taken = feed(node, Role.DEPARTMENT_SYSTEM, "D1", rows(12, 14, 11, 13, 12, 15, 12, 13, 12, 70))
    again = feed(node, Role.DEPARTMENT_SYSTEM, "D1", rows(12, 14, 11, 13, 12, 15, 12, 13, 12, 70))
    surge = [one.alert for one in app.signals(node, epidemiologist(node)) if one.alert.series == "school-absence"]

    assert taken.json() == {"new": 10, "revised": 0, "known": 0}
    assert again.json() == {"new": 0, "revised": 0, "known": 10}
    assert [(one.source, one.judgement.observed) for one in surge] == [("Group", 70)]


@pytest.mark.parametrize(("role", "facility"), [(Role.HOSPITAL_SYSTEM, "H1"), (Role.EPIDEMIOLOGIST, "C1")])
def test_only_a_departments_system_sends_feeds(node: Node, role: Role, facility: str) -> None:
    assert feed(node, role, facility, rows(12)).status_code == 403

"""A hospital's own software presents a resident's code, reads for a day, and the resident sees it."""

from __future__ import annotations

import httpx
import pytest

from journeys.live import RESIDENTS, Live
from salus import synth


@pytest.fixture(scope="module")
def visit(demo: Live) -> dict[str, str]:
    """Return tokens of two hospitals and of a resident whose chart lies at another hospital than H2."""
    person = next(p for p in reversed(synth.country(1, RESIDENTS).residents) if not {"H2", "H3"} & set(p.facilities))

    def token(*arguments: str) -> str:
        done = demo.command("token", "--data", str(demo.data), *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return {
        "visited": token("--role", "hospital-system", "--facility", "H2"),
        "other": token("--role", "hospital-system", "--facility", "H3"),
        "resident": token("--role", "resident", "--resident", person.number),
        "number": person.number,
    }


def asked(node: Live, token: str, path: str, **query: str) -> httpx.Response:
    return httpx.get(node.url + path, params=query, headers={"Authorization": f"Bearer {token}"}, timeout=300)


def presented(node: Live, token: str, code: object) -> httpx.Response:
    body = {"resourceType": "Parameters", "parameter": [{"name": "code", "valueString": code}]}
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
    return httpx.post(f"{node.url}/fhir/$present", json=body, headers=headers, timeout=300)


def code_of(node: Live, number: str) -> str:
    """Return a resident's code, as the resident's own page would show it."""
    from salus.app import demo_principal, demo_resident, load_settings, my_code, open_node
    from salus.kernel import Purpose, Role

    settings = load_settings(environment={}, given={"data": node.data})
    with open_node(settings) as opened:
        who = demo_principal(opened, Role.RESIDENT, resident=demo_resident(opened, number))
        return my_code(opened, who.for_purpose(Purpose.PATRQT)).code


def test_a_presented_code_opens_the_record_to_that_facility_alone(demo: Live, visit: dict[str, str]) -> None:
    mine = asked(demo, visit["resident"], "/fhir/Patient").json()["entry"][0]["resource"]["id"]
    before = asked(demo, visit["visited"], f"/fhir/Patient/{mine}")

    answer = presented(demo, visit["visited"], code_of(demo, visit["number"]))

    assert before.status_code == 404
    assert answer.status_code == 200, answer.text
    given = [p["valueReference"]["reference"] for p in answer.json()["parameter"] if p["name"] == "patient"]
    assert f"Patient/{mine}" in given
    assert asked(demo, visit["visited"], f"/fhir/Patient/{mine}").status_code == 200
    assert asked(demo, visit["visited"], "/fhir/Condition", patient=given[0]).status_code == 200
    assert asked(demo, visit["other"], f"/fhir/Patient/{mine}").status_code == 404


@pytest.mark.parametrize("code", ["", "SL1:", "SL1:0000", "900101198001010000", "x" * 5000, None, 7])
def test_what_is_no_code_opens_nothing_and_says_no_more(demo: Live, visit: dict[str, str], code: object) -> None:
    answer = presented(demo, visit["visited"], code)

    assert answer.status_code in (400, 404)
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert "9001011980" not in answer.text


def test_nobody_presents_a_code_without_a_token(demo: Live, visit: dict[str, str]) -> None:
    answer = presented(demo, "none", code_of(demo, visit["number"]))

    assert answer.status_code == 401


def test_a_resident_may_not_present_a_code(demo: Live, visit: dict[str, str]) -> None:
    answer = presented(demo, visit["resident"], code_of(demo, visit["number"]))

    assert answer.status_code == 403

"""A page of a search is bounded in bytes, sealed and opened: it ends early, and what it includes is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from nodes import Asking, a_node, a_patient, an_observation, asking, send, system
from salus.kernel import Role

SEALED, OPENED = ("salus.records.search.store", "MOST_SEALED_BYTES"), ("salus.records", "MOST_OPENED_BYTES")


@pytest.fixture(scope="module")
def h1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    with a_node(tmp_path_factory.mktemp("large"), "H1") as node:
        for code in "abc":
            long = hashlib.shake_256(code.encode()).hexdigest(400)
            patient = a_patient(fullUrl="urn:uuid:p", name=[{"text": long}])
            coding = [{"system": "http://loinc.org", "code": code}]
            send(node, system(), patient, an_observation("urn:uuid:p", code={"coding": coding}))
        with asking(node, Role.HOSPITAL_SYSTEM) as client:
            yield client


def pages(h1: Asking, address: str) -> list[list[str]]:
    """Return the codes on each page."""
    found = []
    while address:
        answer = h1.ask("GET", f"/fhir/{address}")
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        found.append([one["resource"]["code"]["coding"][0]["code"] for one in told.get("entry", ())])
        links = [one["url"] for one in told["link"] if one["relation"] == "next"]
        address = links[0].partition("/fhir/")[2] if links else ""
    return found


@pytest.mark.parametrize("bound", [SEALED, OPENED])
@pytest.mark.parametrize(("sort", "order"), [("", "abc"), ("&_sort=-_lastUpdated", "cba"), ("&_sort=_id", None)])
def test_a_page_that_is_too_large_ends_early_and_leads_to_the_rest(
    h1: Asking, monkeypatch: pytest.MonkeyPatch, bound: tuple[str, str], sort: str, order: str | None
) -> None:
    whole = pages(h1, f"Observation?status=final{sort}")
    monkeypatch.setattr(import_module(bound[0]), bound[1], 1)
    found = pages(h1, f"Observation?status=final{sort}")

    assert found == [[code] for code in whole[0]]
    assert order is None or "".join(whole[0]) == order


@pytest.mark.parametrize(("bound", "most"), [(SEALED, 900), (OPENED, 2000)])
def test_what_is_too_large_to_include_is_refused_and_says_what_to_ask(
    h1: Asking, monkeypatch: pytest.MonkeyPatch, bound: tuple[str, str], most: int
) -> None:
    matches = pages(h1, "Observation?_count=3")
    monkeypatch.setattr(import_module(bound[0]), bound[1], most)
    alone = pages(h1, "Observation?_count=3")
    refused = h1.ask("GET", "/fhir/Observation?_include=Observation:subject")
    smaller = h1.ask("GET", "/fhir/Observation?_include=Observation:subject&_count=1")

    assert alone == matches
    [issue] = refused.json()["issue"]
    assert (refused.status_code, issue["code"], issue["expression"]) == (400, "too-costly", ["_include"])
    assert "_count" in issue["diagnostics"]
    assert smaller.status_code == 200

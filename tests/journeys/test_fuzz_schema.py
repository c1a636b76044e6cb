"""A second opinion on odd requests: schemathesis draws them from an OpenAPI document made of the table of routes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from schemathesis.core import NotSet

from nodes import Asking, a_node, asking
from salus.kernel import Role
from salus.records import resource_types, supported
from salus.web.fhir.interactions import INTERACTIONS

FOR_EACH_ROUTE = 15
TYPES = ["Patient", "Observation", "Organization", "Horoscope"]
HEADERS = ("If-Match", "If-None-Match", "If-None-Exist", "If-Modified-Since", "Prefer", "Accept")


def openapi() -> dict[str, Any]:
    """Write the FHIR routes as an OpenAPI document: what can stand in path, query, headers and body."""
    paths: dict[str, dict[str, Any]] = {}
    for one in INTERACTIONS:
        told: dict[str, Any] = {"responses": {"default": {"description": "a resource"}}}
        told["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": _part(name)}
            for name in (part[1:-1] for part in one.path.split("/") if part.startswith("{"))
        ]
        names = ["_count", "_format", *(supported("Observation") if one.method == "GET" else ())]
        told["parameters"] += [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names]
        told["parameters"] += [{"name": name, "in": "header", "schema": {"type": "string"}} for name in HEADERS]
        if one.method in ("POST", "PUT", "PATCH"):
            told["requestBody"] = {"content": {"application/fhir+json": {"schema": _body(one.method)}}}
        paths.setdefault(f"/fhir{one.path}", {})[one.method.lower()] = told
    return {"openapi": "3.1.0", "info": {"title": "Salus", "version": "1"}, "paths": paths}


def _part(name: str) -> dict[str, Any]:
    return {"enum": TYPES} if name == "type" else {"type": "string", "minLength": 1}


def _body(method: str) -> dict[str, Any]:
    if method == "PATCH":
        return {"type": "array", "items": {"type": "object"}}
    kinds = {"enum": [*TYPES, "Bundle", "Parameters"]}
    more = {"id": {"type": "string"}, "status": {"type": "string"}, "entry": {"type": "array"}}
    return {"type": "object", "properties": {"resourceType": kinds, **more}, "required": ["resourceType"]}


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    with a_node(tmp_path_factory.mktemp("schema"), "H1") as node, asking(node, Role.HOSPITAL_SYSTEM) as opened:
        yield opened


@pytest.mark.slow
def test_whatever_the_route_table_allows_is_answered_and_never_fails(system: Asking) -> None:
    told, wrong = Counter[str](), list[str]()
    for found in schemathesis.openapi.from_dict(openapi()).get_all_operations():
        operation = found.ok()

        @seed(1)
        @settings(max_examples=FOR_EACH_ROUTE, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def send(case: Any) -> None:
            answer = _sent(system, case)
            told[f"{answer.status_code // 100}xx"] += 1
            refused = answer.status_code >= 400
            if answer.status_code >= 500 or (refused and answer.json()["resourceType"] != "OperationOutcome"):
                wrong.append(f"{case.method} {case.formatted_path} {case.query} {case.body} -> {answer.status_code}")

        send()
    print(f"{sum(told.values())} requests of schemathesis: {dict(told)}")

    assert not wrong, "\n".join(wrong[:20])
    assert told["4xx"] > 100
    assert told["2xx"] > 0


def _sent(system: Asking, case: Any) -> Any:
    headers = {name: value for name, value in (case.headers or {}).items() if value.isascii()}
    more: dict[str, Any] = {} if isinstance(case.body, NotSet) else {"json": case.body}
    if more:
        headers["Content-Type"] = "application/fhir+json"
    return system.ask(case.method, case.formatted_path, params=case.query, headers=headers, **more)


def test_the_document_names_every_route_once() -> None:
    named = {(method, path) for path, told in openapi()["paths"].items() for method in told}

    assert named == {(one.method.lower(), f"/fhir{one.path}") for one in INTERACTIONS}
    assert {*TYPES} - {"Horoscope"} <= {*resource_types()}

"""Render refusals and notes as OperationOutcome. Texts come from errors, which never repeat what was sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from starlette.responses import Response

from salus.app import TooFast, TookTooLong
from salus.kernel import SalusError
from salus.records import Problem, RecordRefused

FHIR_JSON = "application/fhir+json"
_CODES = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    409: "conflict",
    410: "deleted",
    412: "conflict",
    413: "too-long",
    415: "not-supported",
    422: "business-rule",
    429: "throttled",
    503: "transient",
}


class HttpRefused(SalusError):
    """A request that is wrong as HTTP: method, media type, address, parameters."""

    code = "SALUS-W010"

    def __init__(self, text: str, status: int, where: str | None = None) -> None:
        super().__init__(text, where=where)
        self.status = status


class Unforeseen(SalusError):
    """A fault of the server's own."""

    code = "SALUS-W500"
    status = 500

    def __init__(self) -> None:
        super().__init__("the server met a fault of its own; its operator finds it in what the server wrote down")


def outcome(issues: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return an OperationOutcome."""
    return {"resourceType": "OperationOutcome", "issue": list(issues)}


def issues_of(error: SalusError) -> list[dict[str, Any]]:
    """Return one issue for each thing that an error names."""
    if isinstance(error, RecordRefused):
        return [
            _issue(problem.severity, problem.code, error.code, problem.text, problem.location, problem.rule)
            for problem in error.problems
        ]
    if isinstance(error, TookTooLong):
        return [_issue("error", "too-costly", error.code, error.text, error.where)]
    return [_issue("error", _CODES.get(error.status, "exception"), error.code, error.text, error.where)]


def stripped_issues(places: Iterable[str]) -> list[dict[str, Any]]:
    """Return one note for each place that was taken out at the door."""
    text = "a place was taken out: Salus stores no location of persons"
    return [_issue("information", "suppressed", "SALUS-R100", text, where) for where in places]


def doubtful(odd: Problem) -> dict[str, Any]:
    """Return a warning about an element that is taken as it is all the same."""
    return _issue(odd.severity, odd.code, "", odd.text, odd.location, odd.rule)


def refusal(error: SalusError) -> Response:
    """Return the HTTP response to an error."""
    headers = {"WWW-Authenticate": 'Bearer realm="salus"'} if error.status == 401 else {}
    if error.status == 503:
        headers["Retry-After"] = "1"
    if isinstance(error, TooFast):
        headers["Retry-After"] = str(error.seconds)
    return Response(orjson.dumps(outcome(issues_of(error))), error.status, headers, media_type=FHIR_JSON)


def _issue(severity: str, code: str, ours: str, text: str, where: str | None, rule: str = "") -> dict[str, Any]:
    codings = [{"system": "urn:salus:code", "code": ours}] if ours else []
    if rule:
        codings.append({"system": "urn:salus:rule", "code": rule})
    issue: dict[str, Any] = {
        "severity": severity,
        "code": code,
        "details": {"coding": codings},
        "diagnostics": text,
    }
    return issue | ({"expression": [where]} if where else {})

"""Count what was refused of what a system sent, by request and by entry of a batch. Reads and searches send nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request

from salus.app import turn_away, turn_away_for
from salus.kernel import SalusError
from salus.parties import Principal
from salus.web.fhir.callers import known
from salus.web.fhir.requests import bearer
from salus.web.gate import Gate, gate_of, in_thread

SOURCE = "fhir"
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


async def count_refused(request: Request, error: SalusError) -> None:
    """Count a refused write under the facility whose token came with it; of strangers nothing is counted."""
    sends = "$" not in request.url.path and not request.url.path.endswith("/_search")
    if request.method not in _WRITES or not sends or error.status in (401, 405, 429) or error.status >= 500:
        return
    gate = gate_of(request)
    try:
        token = bearer(request)
        await in_thread(gate, lambda: turn_away_for(gate.node, known(gate, token), SOURCE, error))
    except SalusError:
        return  # who sent it is not known here, or no longer


def count_refused_entries(
    gate: Gate, who: Principal, answers: Mapping[int, Mapping[str, Any]], asked: Iterable[int]
) -> None:
    """Count the entries of a batch that were answered with an error, but for those that only asked."""
    refused = (answers[entry]["response"] for entry in sorted(answers.keys() - set(asked)))
    codes = [_reason(one["outcome"]) for one in refused if one["status"][0] == "4" and "outcome" in one]
    turn_away(gate.node, who, SOURCE, codes)


def _reason(outcome: Mapping[str, Any]) -> tuple[str, str]:
    issue = outcome["issue"][0]
    code, *rule = (coding["code"] for coding in issue["details"]["coding"])
    return code, rule[0] if rule else issue["code"]

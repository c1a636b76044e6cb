"""Delete a resource: a new version says so, and every older one stays (FHIR R4, http.html, delete)."""

from __future__ import annotations

from email.utils import format_datetime

import orjson
from starlette.requests import Request
from starlette.responses import Response

from salus import records
from salus.app import accept
from salus.records import Accepted, Outcome
from salus.web.fhir.answering import Interaction, answering
from salus.web.fhir.callers import check_scope, known
from salus.web.fhir.outcome import FHIR_JSON, outcome
from salus.web.fhir.requests import bearer, no_parameters, preference
from salus.web.gate import gate_of, in_thread


@answering
async def delete(request: Request) -> Response:
    """Answer `DELETE Type/id`. What was deleted before stays so, and is answered alike."""
    gate, kind = gate_of(request), records.check_type(request.path_params["type"])
    no_parameters(request)
    token, wanted, id_text = bearer(request), preference(request), request.path_params["id"]
    if_match = request.headers.get("if-match")

    def work() -> Accepted:
        who = known(gate, token)
        check_scope(who, kind, "d")
        return accept(gate.node, who, [records.of_delete(kind, id_text, if_match)])

    done = await in_thread(gate, work)
    return deleted(done.outcomes[0], wanted)


def deleted(one: Outcome, wanted: str) -> Response:
    """Return the HTTP response to one deletion: nothing, or an OperationOutcome if the sender prefers one."""
    headers = {"ETag": f'W/"{one.version}"', "Last-Modified": format_datetime(one.at, usegmt=True)}
    if wanted != "OperationOutcome":
        return Response(b"", 204, headers)
    text = "deleted: no search finds it, and its history stays"
    note = {"severity": "information", "code": "informational", "diagnostics": text}
    return Response(orjson.dumps(outcome([note])), 200, headers, media_type=FHIR_JSON)


DELETING = (Interaction(code="delete", method="DELETE", path="/{type}/{id}", endpoint=delete, access="policy: delete"),)

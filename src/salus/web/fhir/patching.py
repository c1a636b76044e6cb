"""Change a resource by a JSON Patch (FHIR R4, http.html, patch; RFC 6902)."""

from __future__ import annotations

from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from salus import records
from salus.app import accept
from salus.kernel import Refused
from salus.records import Accepted
from salus.web.fhir import bundles
from salus.web.fhir.answering import Interaction, answering
from salus.web.fhir.callers import caller, check_scope
from salus.web.fhir.outcome import HttpRefused
from salus.web.fhir.requests import bearer, no_parameters, plain, preference
from salus.web.gate import gate_of, in_thread

JSON_PATCH = "application/json-patch+json"


@answering
async def patch(request: Request) -> Response:
    """Answer `PATCH Type/id`."""
    gate, kind = gate_of(request), records.check_type(request.path_params["type"])
    no_parameters(request)
    token, wanted, id_text = bearer(request), preference(request), request.path_params["id"]
    who = await caller(gate, token)
    check_scope(who, kind, "u")
    operations, if_match = await patch_of(request), request.headers.get("if-match")

    def work() -> Accepted:
        return accept(gate.node, who, [records.of_patch(kind, id_text, operations, if_match)])

    done = await in_thread(gate, work)
    return bundles.stored(gate.node.settings.public_url, done.outcomes[0], wanted)


async def patch_of(request: Request) -> tuple[dict[str, Any], ...]:
    """Read the JSON Patch that a request holds. Raises HttpRefused for another media type or a packed one."""
    plain(request)
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != JSON_PATCH:
        raise HttpRefused(f"patches are JSON Patch: Content-Type: {JSON_PATCH}", 415, "Content-Type")
    try:
        return records.parse_patch(await request.body())
    except ClientDisconnect:
        raise Refused("the connection ended before the body did; nothing was stored") from None


PATCHING = (Interaction(code="patch", method="PATCH", path="/{type}/{id}", endpoint=patch, access="policy: update"),)

"""Take evidence from sampling sites and laboratories: strict JSON in, a commitment out. No field says what follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from salus import app, records
from salus.app import Node, Taken
from salus.healthcode import EvidenceRefused, measures
from salus.parties import Principal
from salus.web.fhir.answering import answering
from salus.web.fhir.callers import caller, check_scope
from salus.web.fhir.requests import bearer, body, no_parameters
from salus.web.gate import gate_of, in_thread

FIELDS = {"resource", "opening", "signature"}
ENDS = "ends"
"""With a correction a laboratory may send its signature that the case is none any more."""
_NO_STORE = {"Cache-Control": "no-store"}

Take = Callable[[Node, Principal, dict[str, Any], measures.Signed], Taken]


@answering
async def specimens(request: Request) -> Response:
    """Take in a Specimen with the site's signed commitment, and give back the receipt for whom it was taken from."""
    return await _take(request, "specimen", "Specimen", app.take_specimen)


@answering
async def results(request: Request) -> Response:
    """Take in a laboratory's Observation with its signed commitment, whatever was found; give back its receipt."""
    return await _take(request, "result", "Observation", app.take_result)


async def _take(request: Request, kind: str, resource: str, take: Take) -> Response:
    gate = gate_of(request)
    no_parameters(request)
    token = bearer(request)
    who = await caller(gate, token)
    check_scope(who, resource, "c")
    raw = await body(request)

    def work() -> dict[str, str]:
        sent = records.parse(raw)
        signed = _signed(gate.node, who, kind, sent)
        app.refuse_body(gate.node, who, sent)
        taken = take(gate.node, who, sent["resource"], signed)
        answer = {"commitment": taken.commitment, "resource": taken.resource}
        if kind == "specimen":
            answer["receipt"] = str(signed.opening["specimen"]["subject"])
        receipt = app.receipts.handed_over(gate.node, signed)
        answer |= {"file": receipt.decode(), "paper": app.receipts.on_paper(receipt)}
        return answer

    return JSONResponse(await in_thread(gate, work), 201, _NO_STORE)


def _signed(node: Node, who: Principal, kind: str, sent: Mapping[str, Any]) -> measures.Signed:
    """Read what was sent: exactly these fields. One that would set something is refused, and counted as a refusal."""
    opening = sent.get("opening")
    inner = opening.get(kind) if isinstance(opening, dict) else None
    for where, names in (("body", sent), ("opening", opening), (f"opening.{kind}", inner)):
        setting = sorted(app.SETTING & {str(name).lower() for name in names}) if isinstance(names, dict) else []
        if setting:
            raise app.refuse_setting(node, who, f"{where}.{setting[0]}")
    more = {ENDS} & set(sent) if kind == "result" else set()
    unknown = sorted(set(sent) ^ FIELDS ^ more)
    if unknown:
        shown = unknown[0] if unknown[0].isascii() and unknown[0].isalpha() and len(unknown[0]) <= 40 else "a field"
        raise EvidenceRefused(f"the body has exactly the fields {sorted(FIELDS)}; see {shown}", where=shown)
    if (
        not isinstance(sent["resource"], dict)
        or not isinstance(opening, dict)
        or not all(isinstance(sent[name], str) for name in ("signature", *more))
    ):
        raise EvidenceRefused("resource and opening are objects, a signature is base64", where="body")
    return measures.Signed(
        kind=kind, party=who.facility or "", opening=opening, signature=sent["signature"], ends=sent.get(ENDS)
    )


ROUTES = [
    Route("/evidence/specimens", specimens, methods=["POST"], name="specimens"),
    Route("/evidence/results", results, methods=["POST"], name="results"),
]

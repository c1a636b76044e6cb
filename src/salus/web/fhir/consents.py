"""What residents said of who may read their records, as FHIR R4 Consents. They are rendered, and stored nowhere.

Their ids begin with `directive-`, which no stored resource's does. A Consent that a hospital sends is a paper of that
hospital's: it is stored and found like any other resource, and opens or closes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from salus import records
from salus.access import About, Directive, Says
from salus.app import Found, Page, Shown, directive_of, directives_of
from salus.kernel import Role, format_instant
from salus.parties import Principal
from salus.records import Asked, Problem, RecordRefused
from salus.web.fhir.answering import Interaction, answering
from salus.web.fhir.callers import check_scope, known
from salus.web.fhir.outcome import outcome
from salus.web.fhir.requests import bearer, no_parameters, resource_id
from salus.web.fhir.unchanged import answer_read, check_condition
from salus.web.gate import Gate, gate_of, in_thread

CONSENT: Final = "Consent"
PREFIX: Final = "directive-"
_TAG = {"system": "urn:salus:consent", "code": "said-by-resident"}
_ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_LABELS = {About.HIV: "HIV", About.PSYCHIATRY: "PSY", About.REPRODUCTION: "SEX"}
_BY_PATIENT_ALONE = (
    "what the resident said of who may read this record is found by patient alone, while a care relation is open, and"
    " is in no answer to this search: ask Consent?patient=…"
)
_ALONE = {"patient", "_count", "_cursor", "_elements", "_format", "_summary", "_total"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What stands beside the stored matches of a search: entries that come first, and how many matches they are."""

    entries: tuple[dict[str, Any], ...] = ()
    matches: int = 0

    def fitted(self, asked: Asked) -> Asked:
        """Return the search with as many fewer stored matches on its first page as these take. Raises RecordRefused."""
        if not self.entries or not self.matches:
            return asked
        if self.matches >= asked.count:
            text = f"is too small for what the resident said: ask for {self.matches + 1} or more"
            raise RecordRefused([Problem(where="_count", text=text)])
        return replace(asked, count=asked.count - self.matches)

    def counted(self, page: Page) -> Page:
        """Return a page whose total counts these too."""
        return page if page.total is None else replace(page, total=page.total + self.matches)


NOTHING: Final = Said()


def said(gate: Gate, who: Principal, asked: Asked, pairs: Iterable[tuple[str, str]]) -> Said:
    """Return what residents said that a search of Consents finds; it is registered, and nothing for any other type."""
    if asked.type != CONSENT or (asked.patients is None and who.role is not Role.RESIDENT):
        return NOTHING
    if not {name for name, _ in pairs} <= _ALONE:
        note = {"severity": "information", "code": "informational", "diagnostics": _BY_PATIENT_ALONE}
        return Said(entries=({"resource": outcome([note]), "search": {"mode": "outcome"}},))
    if asked.after is not None and asked.shape.total == "none":
        return NOTHING  # they stood on the first page
    found = directives_of(gate.node, who, asked.patients or ())
    if asked.after is not None or asked.shape.counts_only:
        return Said(matches=len(found))
    base = f"{gate.node.settings.public_url}/fhir/{CONSENT}"
    return Said(entries=tuple(_entry(base, one, asked) for one in found), matches=len(found))


@answering
async def read(request: Request) -> Response:
    """Answer `GET Consent/directive-id`."""
    gate, token = gate_of(request), bearer(request)
    no_parameters(request)
    check_condition(request)
    id_ = resource_id(CONSENT, request.path_params["directive"])

    def work() -> Found:
        who = known(gate, token)
        check_scope(who, CONSENT, "r")
        return _found(directive_of(gate.node, who, id_))

    return answer_read(request, await in_thread(gate, work))


CONSENTS = (
    Interaction(
        code="read", method="GET", path="/Consent/directive-{directive}", endpoint=read, access="policy: read-consent"
    ),
)


def _entry(base: str, shown: Shown, asked: Asked) -> dict[str, Any]:
    body = records.shaped(_found(shown).body, asked.shape)
    address = f"{base}/{PREFIX}{shown.directive.id}"
    return {"fullUrl": address, "resource": orjson.Fragment(body), "search": {"mode": "match"}}


def _found(shown: Shown) -> Found:
    version, changed = _version(shown)
    return Found(body=orjson.dumps(rendered(shown)), version=version, at=changed)


def _version(shown: Shown) -> tuple[int, datetime]:
    """Return 1 while it holds and 2 from its end on, and since when: it never changes otherwise."""
    one = shown.directive
    return (1, one.since) if one.holds(shown.at) else (2, _end(one) or one.since)


def _end(one: Directive) -> datetime | None:
    return min((end for end in (one.until, one.withdrawn) if end is not None), default=None)


def rendered(shown: Shown) -> dict[str, Any]:
    """Return a directive as a FHIR R4 Consent. The number of a paper is shown to the resident alone."""
    one = shown.directive
    version, changed = _version(shown)
    patient = {"reference": f"Patient/{shown.patient}"} if shown.patient else None
    permits = one.says is Says.PERMIT
    told: dict[str, Any] = {
        "resourceType": CONSENT,
        "id": f"{PREFIX}{one.id}",
        "meta": {"versionId": str(version), "lastUpdated": format_instant(changed), "tag": [_TAG]},
        "status": "active" if version == 1 else "inactive",
        "scope": _concept("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
        "category": [_concept(_ACT_CODE, "IDSCL")],
        "dateTime": format_instant(one.since),
        "policyRule": _concept(_ACT_CODE, "OPTIN" if permits else "OPTOUT"),
        "provision": _provision(one),
    }
    told |= {"patient": patient, "performer": [patient]} if patient else {}
    if shown.own and one.paper:
        told["sourceReference"] = {"identifier": {"system": "urn:salus:paper", "value": one.paper}}
    return told


def _provision(one: Directive) -> dict[str, Any]:
    end = _end(one)
    told: dict[str, Any] = {
        "type": "permit" if one.says is Says.PERMIT else "deny",
        "period": {"start": format_instant(one.since)} | ({"end": format_instant(end)} if end else {}),
        "action": [_concept("http://terminology.hl7.org/CodeSystem/consentaction", "access")],
    }
    if one.facility is not None:
        place = {"type": "Organization", "identifier": {"system": records.FACILITY, "value": one.facility}}
        recipient = _concept("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP")
        told["actor"] = [{"role": recipient, "reference": place}]
    if one.about in _LABELS:
        told["securityLabel"] = [{"system": _ACT_CODE, "code": _LABELS[one.about]}]
    return told


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


__all__ = ["CONSENT", "CONSENTS", "NOTHING", "PREFIX", "Said", "rendered", "said"]

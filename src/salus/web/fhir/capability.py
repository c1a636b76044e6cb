"""The CapabilityStatement and the SMART configuration, built from the same tables that serve the requests."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from salus import records

_PUBLISHED = "2026-11-24"


def capability(url: str, name: str, version: str, interactions: Iterable[str]) -> dict[str, Any]:
    """Return what this server does; `interactions` are the FHIR codes of its routes."""
    codes = sorted(set(interactions))
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _PUBLISHED,
        "kind": "instance",
        "instantiates": list(_INSTANTIATES),
        "software": {"name": "Salus", "version": version},
        "implementation": {"description": name, "url": f"{url}/fhir"},
        "fhirVersion": "4.0.1",
        "format": ["json", "application/fhir+json"],
        "patchFormat": ["application/json-patch+json"],
        "rest": [
            {
                "mode": "server",
                "security": {
                    "cors": False,
                    "service": [{"coding": [_SMART], "text": "SMART Backend Services, private_key_jwt"}],
                    "extension": [_oauth(url)],
                },
                "resource": [_resource(kind, codes) for kind in sorted(records.resource_types())],
                "interaction": [{"code": code} for code in codes if code in _OF_ALL],
                "operation": [{"name": name, "definition": where} for name, where in _OPERATIONS],
            }
        ],
    }


def smart_configuration(url: str, scopes: Iterable[str]) -> dict[str, Any]:
    """Return `.well-known/smart-configuration` (SMART App Launch 2.2) for backend services."""
    return {
        "issuer": url,
        "jwks_uri": f"{url}/.well-known/jwks.json",
        "token_endpoint": f"{url}/oauth/token",
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES384", "RS384", "ES256", "EdDSA"],
        "grant_types_supported": ["client_credentials"],
        "scopes_supported": list(scopes),
        "capabilities": ["client-confidential-asymmetric", "permission-v2"],
    }


_OPERATIONS = (
    ("present", "urn:salus:operation:present"),
    ("validate", "http://hl7.org/fhir/OperationDefinition/Resource-validate"),
)
_OF_ALL = ("transaction", "batch", "history-system")
_NOTES = {
    "Consent": "What a resident said of who may read the record is shown as Consents whose id begins with directive-:"
    " by read, and by a search by patient alone. They are written on the resident's own page, or at a desk, and nowhere"
    " here. A Consent that a client stores is that client's paper: it opens and closes nothing.",
    **records.NEVER_SENT,
}
_OF_NO_TYPE = (*_OF_ALL, "capabilities", "operation")
_WRITES = frozenset({"create", "update", "patch", "delete"})
_NOT_OF = {"Patient": frozenset({"delete"}), **dict.fromkeys(records.NEVER_SENT, _WRITES)}
"""What is refused of a type whoever asks: a chart hangs on its Patient, and some types nobody sends."""
_OF_PATIENTS = (
    ("everything", "http://hl7.org/fhir/OperationDefinition/Patient-everything"),
    ("summary", "http://hl7.org/fhir/uv/ips/OperationDefinition/summary"),
    ("match", "http://hl7.org/fhir/OperationDefinition/Patient-match"),
    ("ihe-pix", "https://profiles.ihe.net/ITI/PIXm/OperationDefinition/IHE.PIXm.pix"),
    ("merge", "http://hl7.org/fhir/OperationDefinition/Patient-merge"),
)
_INSTANTIATES = (
    "https://profiles.ihe.net/ITI/PDQm/CapabilityStatement/IHE.PDQm.PatientDemographicsSupplier",
    "https://profiles.ihe.net/ITI/PDQm/CapabilityStatement/IHE.PDQm.PatientDemographicsSupplierMatch",
    "https://profiles.ihe.net/ITI/PIXm/CapabilityStatement/IHE.PIXm.Manager",
)
"""A server may implement a subset of these (FHIR R4, CapabilityStatement.instantiates); docs/how-to say which."""
_SMART = {"system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "SMART-on-FHIR"}


def _oauth(url: str) -> dict[str, Any]:
    return {
        "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
        "extension": [{"url": "token", "valueUri": f"{url}/oauth/token"}],
    }


@cache
def _searching(kind: str) -> dict[str, Any]:
    """Return what a type is found by, and what may be included with it, from the tables of the parser."""
    told: dict[str, Any] = {
        "searchParam": [{"name": name, "type": type_} for name, type_ in records.supported(kind).items()]
    }
    forward, back = list(records.references(kind)), _referring()[kind]
    told |= {"searchInclude": [f"{kind}:*", *(f"{kind}:{name}" for name in forward)]} if forward else {}
    return told | ({"searchRevInclude": back} if back else {})


@cache
def _referring() -> dict[str, list[str]]:
    """Return, for each type, the reference parameters of others that name it as one of a few targets."""
    found: dict[str, list[str]] = {kind: [] for kind in records.resource_types()}
    for kind in sorted(found):
        for name, targets in records.references(kind).items():
            for target in targets if len(targets) < len(found) else ():
                found[target].append(f"{kind}:{name}")
    return found


def _resource(kind: str, codes: Iterable[str]) -> dict[str, Any]:
    return {
        "type": kind,
        **({"documentation": _NOTES[kind]} if kind in _NOTES else {}),
        "interaction": [{"code": code} for code in codes if code not in {*_OF_NO_TYPE, *_NOT_OF.get(kind, ())}],
        "versioning": "versioned",
        "readHistory": "vread" in codes,
        "updateCreate": False,
        "conditionalRead": "full-support",
        "conditionalCreate": kind not in records.NEVER_SENT,
        "conditionalUpdate": kind not in records.NEVER_SENT,
        **({} if kind in _NOT_OF else {"conditionalDelete": "single"}),
        "referencePolicy": ["literal", "local"],
        **_searching(kind),
        **({"supportedProfile": list(profiles)} if (profiles := records.profiles_of(kind)) else {}),
        **(
            {"operation": [{"name": name, "definition": url} for name, url in _OF_PATIENTS]}
            if kind == "Patient"
            else {}
        ),
    }

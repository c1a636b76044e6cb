"""Recognitions of other issuers for tests: their documents, their issuers, and codes of these."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from doors import AT, b64
from foreigners import CARD, CERTIFICATE, VACCINATION, CardIssuer, Issuer
from salus.kernel import format_instant
from salus.rules import Document, PublicationKind

DAY = timedelta(days=1)
SOURCE = "https://spec.example/issuer"
HC1, OTHER = Issuer(), Issuer(ec.derive_private_key(0x5A9, ec.SECP256R1()))
SHC, STRANGER = CardIssuer(), CardIssuer(0x5A4)
TEST = {
    "tg": "840539006",
    "tt": "LP6464-4",
    "sc": "2031-03-01T02:30:00+08:00",
    "tr": "260415000",
    "co": "XX",
    "is": "Ministry of Health",
    "ci": "URN:UVCI:01:XX:2B",
}
RECOVERY = {
    "tg": "840539006",
    "fr": "2031-01-20",
    "df": "2031-01-31",
    "du": "2031-07-19",
    "co": "XX",
    "is": "Ministry of Health",
    "ci": "URN:UVCI:01:XX:3C",
}


def spki(key: Any) -> str:
    return b64(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def rsa_key(exponent: int = 65537, bits: int = 2048) -> str:
    """A key of RSA that nobody has; it is the same each time."""
    return spki(rsa.RSAPublicNumbers(exponent, 2**bits - 2**64 + 13).public_key())


def hc1_key(who: Issuer = HC1, /, **changed: Any) -> dict[str, Any]:
    """An entry of a recognition for a signer of health certificates."""
    return {
        "form": "HC1",
        "issuer": "Ministry of Health of Elsewhere",
        "source": "",
        "kid": who.signer.kid.hex(),
        "key": spki(who.key.public_key()),
        "kinds": ["vaccination", "test", "recovery"],
        "starts": "2030-01-01T00:00:00Z",
        "ends": "2034-01-01T00:00:00Z",
        **changed,
    }


def shc_key(who: CardIssuer = SHC, /, **changed: Any) -> dict[str, Any]:
    """An entry of a recognition for an issuer of SMART Health Cards."""
    own: dict[str, Any] = {"form": "SHC", "issuer": "Hospital of Elsewhere", "source": SOURCE, "kid": who.kid}
    return hc1_key(**own, key=spki(who.key.public_key())) | changed


def recognition(*keys: dict[str, Any], **changed: Any) -> Document:
    """A recognition of some keys, alive at AT."""
    told: dict[str, Any] = {"name": "elsewhere", "version": 1, "starts": AT - DAY, "ends": AT + 90 * DAY, **changed}
    return Document(kind=PublicationKind.RECOGNITION, body={"keys": [*keys]}, **told)


def dcc(group: str = "v", issuer: Issuer = HC1, /, **changed: Any) -> str:
    """A health certificate; of what is changed, times are of the message and all else of its event."""
    times = {name: changed.pop(name) for name in ("issued", "expires") if name in changed}
    events: dict[str, dict[str, Any]] = {"v": {**VACCINATION}, "t": {**TEST}, "r": {**RECOVERY}}
    event = events[group] | changed
    body = {name: CERTIFICATE[name] for name in ("ver", "nam", "dob")}
    return issuer.text({**body, group: [event]}, **times)


def card(issuer: CardIssuer = SHC, /, **changed: Any) -> str:
    """A SMART Health Card; what is changed is of its claims, `starts` and `expires` instants, `entry` resources."""
    claims = json.loads(CARD)
    claims["nbf"] = int((AT - DAY).timestamp())
    for name, claim in (("starts", "nbf"), ("expires", "exp")):
        at = changed.pop(name, None)
        if isinstance(at, datetime):
            claims[claim] = int(at.timestamp())
    entries = changed.pop("entry", None)
    if isinstance(entries, list):
        bundle = claims["vc"]["credentialSubject"]["fhirBundle"]
        listed = [bundle["entry"][0]["resource"], *entries]
        bundle["entry"] = [{"fullUrl": f"resource:{place}", "resource": one} for place, one in enumerate(listed)]
    return issuer.text(json.dumps(claims | changed, separators=(",", ":")).encode())


def observed(result: str = "260415000", **changed: Any) -> dict[str, Any]:
    """A final test of a card."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "94500-6"}]},
        "effectiveDateTime": format_instant(AT - timedelta(hours=6)),
        "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": result}]},
        **changed,
    }


def given(code: str = "140", on: str = "2031-02-01") -> dict[str, Any]:
    """A completed vaccination of a card."""
    return {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": code}]},
        "occurrenceDateTime": on,
    }

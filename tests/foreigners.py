"""Issuers of other formats, made for tests: an EU DCC signer with a certificate, and texts that it signs."""

from __future__ import annotations

import base64
import json
import zlib
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from salus.codec import base45
from salus.codec.foreign import DocumentSigner, signer_of_certificate

AT = datetime(2031, 3, 1, 8, tzinfo=UTC)
YEAR = timedelta(days=365)
VACCINATION = {
    "tg": "840539006",
    "vp": "1119349007",
    "mp": "EU/1/20/1528",
    "ma": "ORG-100030215",
    "dn": 2,
    "sd": 2,
    "dt": "2031-01-15",
    "co": "XX",
    "is": "Ministry of Health",
    "ci": "URN:UVCI:01:XX:1A2B3C#D",
}
CERTIFICATE: dict[str, Any] = {
    "ver": "1.3.0",
    "nam": {"fn": "Beispiel", "fnt": "BEISPIEL", "gn": "Erika", "gnt": "ERIKA"},
    "dob": "1980-02-03",
    "v": [VACCINATION],
}
CARD = (
    b'{"iss":"https://spec.example/issuer","nbf":1900000000,"vc":{"type":["https://smarthealth.cards#health-card"],'
    b'"credentialSubject":{"fhirVersion":"4.0.1","fhirBundle":{"resourceType":"Bundle","type":"collection","entry":['
    b'{"fullUrl":"resource:0","resource":{"resourceType":"Patient","name":[{"family":"Beispiel","given":["Erika"]}],'
    b'"birthDate":"1980-02-03"}},{"fullUrl":"resource:1","resource":{"resourceType":"Immunization","status":"completed",'
    b'"vaccineCode":{"coding":[{"system":"http://hl7.org/fhir/sid/cvx","code":"207"}]},"occurrenceDateTime":'
    b'"2030-01-01"}}]}}}}'
)
_P256 = ec.derive_private_key(0x5A1, ec.SECP256R1())


class Issuer:
    """A signer of health certificates; `key` is of P-256 or RSA."""

    def __init__(self, key: Any = _P256, usages: tuple[str, ...] = ()) -> None:
        self.key = key
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Document signer of nowhere")])
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        builder = builder.serial_number(7).not_valid_before(AT - YEAR).not_valid_after(AT + YEAR)
        if usages:
            named = [x509.ObjectIdentifier(one) for one in usages]
            builder = builder.add_extension(x509.ExtendedKeyUsage(named), critical=False)
        fixed = True if isinstance(key, ec.EllipticCurvePrivateKey) else None
        made = builder.sign(key, hashes.SHA256(), ecdsa_deterministic=fixed)
        self.der, self.pem = made.public_bytes(Encoding.DER), made.public_bytes(Encoding.PEM).decode()

    @property
    def signer(self) -> DocumentSigner:
        return signer_of_certificate(self.der)

    def claims(self, certificate: object = CERTIFICATE, **times: datetime) -> dict[int, Any]:
        issued, expires = times.get("issued", AT - timedelta(days=1)), times.get("expires", AT + timedelta(days=90))
        return {1: "XX", 4: int(expires.timestamp()), 6: int(issued.timestamp()), -260: {1: certificate}}

    def sign(self, octets: bytes) -> bytes:
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(octets, PSS(MGF1(hashes.SHA256()), 32), hashes.SHA256())
        r, s = decode_dss_signature(self.key.sign(octets, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
        return r.to_bytes(32) + s.to_bytes(32)

    def message(self, claims: object, headers: dict[int, Any] | None = None, tag: int | None = 18) -> bytes:
        algorithm = -37 if isinstance(self.key, rsa.RSAPrivateKey) else -7
        protected = cbor2.dumps({1: algorithm, 4: self.signer.kid} if headers is None else headers)
        payload = claims if isinstance(claims, bytes) else cbor2.dumps(claims)
        parts = [protected, {}, payload, self.sign(cbor2.dumps(["Signature1", protected, b"", payload]))]
        return cbor2.dumps(parts if tag is None else cbor2.CBORTag(tag, parts))

    def text(self, certificate: object = CERTIFICATE, **times: datetime) -> str:
        return written(self.message(self.claims(certificate, **times)))


class CardIssuer:
    """An issuer of SMART Health Cards."""

    def __init__(self, number: int = 0x5A3) -> None:
        self.key = ec.derive_private_key(number, ec.SECP256R1())
        point = self.key.public_key().public_numbers()
        jwk = {"crv": "P-256", "kty": "EC", "x": url64(point.x.to_bytes(32)), "y": url64(point.y.to_bytes(32))}
        self.kid = url64(sha256(json.dumps(jwk, separators=(",", ":")).encode()).digest())
        self.jwks = {"keys": [{**jwk, "kid": self.kid, "use": "sig", "alg": "ES256"}]}
        self.keys = {self.kid: self.key.public_key()}

    def jws(self, payload: bytes, **header: object) -> str:
        squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = squeeze.compress(payload) + squeeze.flush()
        head = json.dumps({"zip": "DEF", "alg": "ES256", "kid": self.kid, **header}).encode()
        signed = f"{url64(head)}.{url64(packed)}"
        r, s = decode_dss_signature(
            self.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        )
        return f"{signed}.{url64(r.to_bytes(32) + s.to_bytes(32))}"

    def text(self, payload: bytes) -> str:
        return "shc:/" + "".join(f"{ord(letter) - 45:02}" for letter in self.jws(payload))


def url64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def written(message: bytes) -> str:
    """Write a message as text."""
    return "HC1:" + base45.encode(zlib.compress(message))

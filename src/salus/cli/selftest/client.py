"""The client that the self-test is: a key, a token, and requests as any hospital's software would send them.

It uses nothing of a node but its addresses.
"""

from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import import_key

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = {("EC", "P-384"): "ES384", ("EC", "P-256"): "ES256", ("RSA", None): "RS384", ("OKP", "Ed25519"): "EdDSA"}
SECONDS = 30.0
_FORM = "application/x-www-form-urlencoded"


class Failed(Exception):
    """What a step found. The text is for the hospital's engineer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one step; `advice` says what to do where it failed."""

    step: str
    passed: bool
    told: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a node answered to one request."""

    asked: str
    status: int
    headers: Message[str, str]
    content: bytes = field(repr=False)


@dataclass(slots=True)
class Client:
    """A registered system at a node. `audience` is the token address as the node knows it."""

    url: str
    client_id: str
    key: Mapping[str, Any] = field(repr=False)
    audience: str = ""
    token: str = field(default="", repr=False)

    def assertion(self) -> str:
        """Sign a client assertion, good for one request."""
        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.audience or f"{self.url}/oauth/token",
            "exp": now + 240,
            "jti": str(uuid.uuid4()),
        }
        algorithm = ALGORITHMS.get((str(self.key.get("kty")), self.key.get("crv")))
        if algorithm is None:
            raise Failed("the key is neither EC P-384 or P-256, RSA nor Ed25519")
        head = {"alg": algorithm, "kid": self.key.get("kid")}
        return jwt.encode(head, claims, import_key(dict(self.key)), algorithms=[algorithm])

    def ask_token(self, assertion: str) -> Answer:
        """Ask for an access token with an assertion."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
            "scope": "system/*.cruds",
            "purpose_of_use": "TREAT",
        }
        return self._send("POST", "/oauth/token", urlencode(form).encode(), {"Content-Type": _FORM})

    def ask(self, method: str, path: str, value: Any = None, *, bearer: bool = True, if_match: str = "") -> Answer:
        """Send one FHIR request, with a JSON value if one is given. Raises Failed where nobody answers."""
        headers = {"Authorization": f"Bearer {self.token}"} if bearer else {}
        headers |= {"If-Match": if_match} if if_match else {}
        if value is None:
            return self._send(method, path, None, headers)
        content = json.dumps(value, ensure_ascii=False).encode()
        return self._send(method, path, content, headers | {"Content-Type": "application/fhir+json"})

    def _send(self, method: str, path: str, content: bytes | None, headers: dict[str, str]) -> Answer:
        request = urllib.request.Request(self.url + path, content, headers, method=method)  # noqa: S310  http(s) alone
        asked = f"{method} {path.partition('?')[0]}"
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
                return Answer(asked=asked, status=answer.status, headers=answer.headers, content=answer.read())
        except urllib.error.HTTPError as refused:
            return Answer(asked=asked, status=refused.code, headers=refused.headers, content=refused.read())
        except (OSError, HTTPException) as error:
            raise Failed(f"{asked}: no answer ({_cause(error)})") from None


def _cause(error: OSError | HTTPException) -> str:
    """Say why nobody answered: a firewall, a wrong address and a certificate that is not believed differ."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not believed here: {reason.verify_message}"
    return (isinstance(reason, OSError) and reason.strerror) or type(reason).__name__


def expect(answer: Answer, *statuses: int) -> Answer:
    """Return an answer of one of these statuses. Raises Failed for any other, with the server's own reason."""
    if answer.status not in statuses:
        wanted = " or ".join(map(str, statuses))
        raise Failed(f"{answer.asked}: {answer.status}, not {wanted}{_reason(answer)}")
    return answer


def body(answer: Answer) -> dict[str, Any]:
    """Return the JSON object of an answer. Raises Failed where it is none."""
    try:
        found = json.loads(answer.content)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Failed(f"{answer.asked}: the answer is no JSON object")
    return found


def check(holds: object, told: str) -> None:
    """Raise Failed unless it holds."""
    if not holds:
        raise Failed(told)


def _reason(answer: Answer) -> str:
    try:
        found = body(answer)
    except Failed:
        return ""
    issue = (found.get("issue") or [{}])[0]
    text = issue.get("diagnostics") or found.get("error_description") or found.get("error") or ""
    return f": {text}" if text else ""

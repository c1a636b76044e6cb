"""Read what a FHIR request says: bearer, media types, preferences, a bounded body. Strict: unknown is refused."""

from __future__ import annotations

from urllib.parse import parse_qsl
from uuid import UUID

from starlette.requests import ClientDisconnect, Request

from salus.kernel import Refused
from salus.parties import NotSignedIn
from salus.records import NotFound
from salus.web.fhir.outcome import FHIR_JSON, HttpRefused

MOST_FORM_BYTES = 64 * 1024
_JSON_TYPES = (FHIR_JSON, "application/json")
_PREFERENCES = ("minimal", "representation", "OperationOutcome")


def bearer(request: Request) -> str:
    """Return the bearer token of a request. Raises NotSignedIn without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn("send an access token: Authorization: Bearer …")
    return token.strip()


def check_accept(request: Request) -> None:
    """Refuse a request that wants anything but JSON."""
    accept = request.headers.get("accept")
    if accept and "json" not in accept and "*/*" not in accept and "application/*" not in accept:
        raise HttpRefused("only JSON is spoken here: Accept: application/fhir+json", 406, "Accept")


def no_parameters(request: Request) -> None:
    """Refuse query parameters where none means anything, but `_format` for JSON."""
    if not request.scope["query_string"]:
        return
    for name, value in request.query_params.multi_items():
        if name != "_format" or "json" not in value:
            shown = name if name.isascii() and name.strip("_").isalpha() and len(name) <= 40 else "a parameter"
            raise HttpRefused(f"{shown} means nothing here", 400, shown)


_CONDITIONS = {
    "POST": ("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"),
    "PUT": ("If-None-Exist", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"),
}
_CONDITIONS |= {"PATCH": _CONDITIONS["PUT"], "DELETE": _CONDITIONS["PUT"]}
"""Conditions that mean nothing here for a verb that writes; passed over, they would let through what they forbid."""


def check_conditions(request: Request) -> None:
    """Refuse a write under a condition that its verb does not have."""
    for name in _CONDITIONS.get(request.method, ()):
        if name.lower() in request.headers:
            held = "If-None-Exist" if request.method == "POST" else "If-Match"
            raise HttpRefused(f"{name} is no condition of {request.method} here; {held} is", 400, name)


def unconditional(request: Request) -> None:
    """Refuse a Bundle whose sender puts a condition into a header: it would not hold for any entry."""
    for name in ("If-None-Exist", "If-Match"):
        if name.lower() in request.headers:
            text = "a Bundle is not sent on a condition: write it into the request of the entry it is about"
            raise HttpRefused(text, 400, name)


def plain(request: Request) -> None:
    """Refuse a packed body: what it would unpack to nobody bounds beforehand."""
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise HttpRefused("send the body plain, without Content-Encoding", 415, "Content-Encoding")


async def body(request: Request) -> bytes:
    """Read a JSON body, which the guard bounds at 64 MiB. Raises HttpRefused for another media type or a packed one."""
    plain(request)
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in _JSON_TYPES:
        raise HttpRefused("send Content-Type: application/fhir+json", 415, "Content-Type")
    try:
        return await request.body()
    except ClientDisconnect:
        raise Refused("the connection ended before the body did; nothing was stored") from None


async def form(request: Request) -> str:
    """Read the form of a posted search, percent-encoded as it came. Raises HttpRefused for another media type."""
    plain(request)
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/x-www-form-urlencoded":
        raise HttpRefused("send Content-Type: application/x-www-form-urlencoded", 415, "Content-Type")
    raw = await request.body()
    if len(raw) > MOST_FORM_BYTES or not raw.isascii():
        raise HttpRefused("a search's form is ASCII, percent-encoded, and at most 64 KiB long", 413)
    return raw.decode("ascii")


def preference(request: Request, otherwise: str = "representation") -> str:
    """Return what the sender wants back: minimal, representation (unless said otherwise) or OperationOutcome.

    `handling` changes nothing: what is unknown is refused, whatever a sender would rather have.
    """
    for part in request.headers.get("prefer", "").replace(";", ",").split(","):
        name, _, value = part.strip().partition("=")
        if name == "respond-async":
            raise HttpRefused("respond-async is not supported: every request is answered at once", 400, "Prefer")
        if name == "return":
            if value not in _PREFERENCES:
                raise HttpRefused(f"Prefer: return is one of {', '.join(_PREFERENCES)}", 400, "Prefer")
            return value
    return otherwise


def pairs_of(query: str) -> list[tuple[str, str]]:
    """Read a query or a form as it came. Raises HttpRefused for what cannot be read."""
    try:
        return parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict", max_num_fields=50)
    except ValueError:
        raise HttpRefused("the query cannot be read: write name=value&name=value, percent-encoded", 400) from None


def resource_id(kind: str, text: str) -> UUID:
    """Read the id in an address. Raises NotFound for one that this server cannot have given."""
    try:
        found = UUID(text)
    except ValueError:
        found = None
    if found is None or str(found) != text:
        raise NotFound(f"there is no {kind} with this id here")
    return found


def version_of(text: str) -> int | None:
    """Read a version's number in an address; None for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 and text[0] != "0" else None

"""Answer Bundles: a transaction's or batch's responses, a search's matches. Bodies are put in as stored bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from starlette.responses import Response

from salus.app import Found, Page, Tried
from salus.kernel import SalusError, format_instant
from salus.records import Outcome
from salus.web.fhir.outcome import FHIR_JSON, doubtful, issues_of, outcome, stripped_issues


def transaction_response(size: int, answers: Mapping[int, dict[str, Any]]) -> bytes:
    """Return the answer to a transaction: one entry for each entry sent, in its order."""
    entries = [answers[position] for position in range(size)]
    return orjson.dumps({"resourceType": "Bundle", "type": "transaction-response", "entry": entries})


def batch_response(size: int, answers: dict[int, dict[str, Any]]) -> bytes:
    """Return the answer to a batch: what each entry met, in order."""
    entries = [answers[position] for position in range(size)]
    return orjson.dumps({"resourceType": "Bundle", "type": "batch-response", "entry": entries})


def tried_entry(tried: Tried, wanted: str) -> dict[str, Any]:
    """Return the batch-response entry of one write."""
    if tried.error is not None or tried.accepted is None:
        return error_entry(tried.error or SalusError("not tried"))
    return written_entry(tried.accepted.outcomes[0], wanted)


def written_entry(one: Outcome, wanted: str) -> dict[str, Any]:
    """Return the response entry of one write, with as much of it as the sender prefers."""
    entry: dict[str, Any] = {"response": response_of(one)}
    if wanted == "representation" and one.body and not one.deleted:
        entry["resource"] = orjson.Fragment(one.body)
    if wanted == "OperationOutcome":
        entry["response"]["outcome"] = outcome(_notes(one))
    return entry


def read_entry(found: Found, *, unchanged: bool, head: bool) -> dict[str, Any]:
    """Return the response entry of a read: its resource, unless the asker has it or did not want it."""
    response = {
        "status": _status(304 if unchanged else 200),
        "etag": f'W/"{found.version}"',
        "lastModified": format_instant(found.at),
    }
    return {"response": response} | ({} if unchanged or head else {"resource": orjson.Fragment(found.body)})


def error_entry(error: SalusError) -> dict[str, Any]:
    """Return the batch-response entry of something refused."""
    return {"response": {"status": _status(error.status), "outcome": outcome(issues_of(error))}}


def found_entry(body: bytes) -> dict[str, Any]:
    """Return the batch-response entry of a read."""
    return {"resource": orjson.Fragment(body), "response": {"status": _status(200)}}


def response_of(one: Outcome) -> dict[str, Any]:
    """Return what a Bundle says of one stored entry, places taken out included."""
    response: dict[str, Any] = {
        "status": _status(201 if one.created else 204 if one.deleted else 200),
        "location": f"{one.type}/{one.id}/_history/{one.version}",
        "etag": f'W/"{one.version}"',
        "lastModified": format_instant(one.at),
    }
    return response | ({"outcome": outcome(stripped_issues(one.stripped))} if one.stripped else {})


def searchset(
    url: str, kind: str, pairs: Sequence[tuple[str, str]], page: Page, before: Sequence[dict[str, Any]] = ()
) -> bytes:
    """Return a page of matches with its links, and with what was included or counted, where that was asked.

    `before` are entries that come before the stored ones.
    """
    base = f"{url}/fhir"
    kept = [(name, value) for name, value in pairs if name != "_cursor"]
    links = [{"relation": "self", "url": _link(base, kind, pairs)}]
    if page.cursor:
        links.append({"relation": "next", "url": _link(base, kind, [*kept, ("_cursor", page.cursor)])})
    return _searchset(base, links, page, before)


def searchset_posted(url: str, kind: str, page: Page, before: Sequence[dict[str, Any]] = ()) -> bytes:
    """Return a page of a posted search. Its links hold no parameter but the cursor: post the same form there again."""
    address = f"{url}/fhir/{kind}/_search"
    links = [{"relation": "self", "url": address}]
    if page.cursor:
        links.append({"relation": "next", "url": f"{address}?{urlencode({'_cursor': page.cursor})}"})
    return _searchset(f"{url}/fhir", links, page, before)


def _searchset(base: str, links: list[dict[str, str]], page: Page, before: Sequence[dict[str, Any]]) -> bytes:
    entries = [*before, *(_entry(base, "match", *match) for match in page.matches)]
    entries += [_entry(base, "include", *one) for one in page.included]
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset"}
    bundle |= ({} if page.total is None else {"total": page.total}) | {"link": links}
    return orjson.dumps(bundle | ({"entry": entries} if entries else {}))


def stored(url: str, one: Outcome, wanted: str) -> Response:
    """Return the HTTP response to one stored resource, with as much of it as the sender prefers."""
    headers = headers_of(one, url)
    status = 201 if one.created else 200
    if wanted == "minimal":
        return Response(b"", status, headers)
    if wanted == "OperationOutcome":
        return Response(orjson.dumps(outcome(_notes(one))), status, headers, media_type=FHIR_JSON)
    return Response(one.body, status, headers, media_type=FHIR_JSON)


def _notes(one: Outcome) -> list[dict[str, Any]]:
    text = "deleted" if one.deleted else "there already" if one.stands else "stored as it was sent"
    note = {"severity": "information", "code": "informational", "diagnostics": text}
    odd = (doubtful(replace(told, entry=None)) for told in one.odd)  # it stands in the answer to its entry
    return [*odd, *(stripped_issues(one.stripped) or [note])]


def headers_of(one: Outcome, url: str) -> dict[str, str]:
    """Return the HTTP headers that tell of one stored resource."""
    headers = {"ETag": f'W/"{one.version}"', "Last-Modified": format_datetime(one.at, usegmt=True)}
    if one.created or one.stands:
        headers["Location"] = f"{url}/fhir/{one.type}/{one.id}/_history/{one.version}"
    if one.stripped:
        headers["X-Salus-Stripped"] = ", ".join(one.stripped)[:1000]
    return headers


def _entry(base: str, mode: str, kind: str, id_: UUID, body: bytes) -> dict[str, Any]:
    return {"fullUrl": f"{base}/{kind}/{id_}", "resource": orjson.Fragment(body), "search": {"mode": mode}}


def _link(base: str, kind: str, pairs: Sequence[tuple[str, str]]) -> str:
    return f"{base}/{kind}" + (f"?{urlencode(pairs)}" if pairs else "")


def _status(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"

"""Say of each answer to a drawn request what is wrong with it: a failure, a bare refusal, a silent success."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from journeys.fuzz_requests import BYTES, ELEMENTS, SECRET, UNIVERSAL, Sent


def wrong_with(
    sent: Sent, status: int, headers: Mapping[str, str], body: bytes, listed: Mapping[str, Mapping[str, str]]
) -> str:
    """Say what is wrong with an answer, or nothing. Every 2xx must be explained by what was sent."""
    if status >= 500:
        return f"a failure of ours, {status}"
    if status >= 300:
        return _badly_refused(sent, status, headers, body)
    if sent.planted and not _one_by_one(sent):
        return f"{sent.planted} is answered with {status}"
    if sent.what in ("create", "update"):
        return _changed(sent, headers, body)
    if sent.what in ("search", "posted search"):
        return _widened(sent, body, listed)
    if sent.what in ("batch", "transaction"):
        return _unexplained(sent, body)
    return ""


def _one_by_one(sent: Sent) -> bool:
    """Tell whether the fault lies in what is answered with 200 and an outcome."""
    return sent.what == "$validate" and (sent.planted in ELEMENTS or sent.planted in BYTES)


def _badly_refused(sent: Sent, status: int, headers: Mapping[str, str], body: bytes) -> str:
    if sent.method in ("HEAD", "BREW", "TRACE", "OPTIONS") or status == 304:
        return ""
    try:
        told = json.loads(body)
    except ValueError:
        return f"refused with {status} in no words"
    if told.get("resourceType") != "OperationOutcome" or not all(one.get("diagnostics") for one in told["issue"]):
        return f"refused with {status} by no outcome"
    return "a refusal repeats what was sent" if SECRET.encode() in body else ""


def exact(raw: bytes | str) -> Any:
    """Read JSON with the value and the precision of its numbers; 1e-2 and 0.01 are both the same."""
    return json.loads(raw, parse_float=lambda one: str(Decimal(one)), parse_int=str)


def comparable(resource: Any) -> Any:
    """Return a resource without what a server gives it."""
    if not isinstance(resource, dict):
        return resource
    kept = {name: one for name, one in resource.items() if name not in ("id", "meta")}
    meta = {name: one for name, one in resource.get("meta", {}).items() if name not in ("versionId", "lastUpdated")}
    return kept | ({"meta": meta} if meta else {})


def _changed(sent: Sent, headers: Mapping[str, str], body: bytes) -> str:
    minimal = "return=minimal" in sent.headers.get("Prefer", "")
    if "x-salus-stripped" in headers or (minimal and not body) or b"?" in (sent.body or b""):
        return ""
    if minimal:
        return "a body where none was wanted"
    return "" if comparable(exact(body)) == comparable(exact(sent.body or b"")) else "stored otherwise than sent"


def _widened(sent: Sent, body: bytes, listed: Mapping[str, Mapping[str, str]]) -> str:
    kind = sent.path.split("/")[2]
    pairs = parse_qsl((sent.body or b"").decode(), keep_blank_values=True) if sent.body is not None else sent.query
    for name, _ in pairs:
        root = name.partition(":")[0].partition(".")[0]
        if root not in listed.get(kind, ()) and root not in UNIVERSAL:
            return f"{name} is no parameter of {kind}, and was let pass"
    told = json.loads(body)
    if told["type"] != "searchset":
        return "no searchset"
    said = parse_qsl(
        next(one["url"] for one in told["link"] if one["relation"] == "self").partition("?")[2], keep_blank_values=True
    )
    unsaid = [name for name, value in pairs if (name, value) not in said and name != "_format"]
    return f"{unsaid} is not in what the server says it searched by" if unsaid and sent.method == "GET" else ""


def _unexplained(sent: Sent, body: bytes) -> str:
    told = json.loads(body)
    entries, answers = sent.resource.get("entry", []), told.get("entry", [])
    if told["type"] != f"{sent.resource['type']}-response" or len(entries) != len(answers):
        return f"{len(answers)} answers to {len(entries)} entries"
    for entry, answer in zip(entries, answers, strict=True):
        status = answer["response"]["status"][:3]
        if status[0] == "5":
            return f"an entry is answered with {status}"
        request = entry.get("request", {}) if isinstance(entry, dict) else {}
        if status == "201" and (request.get("method") not in ("POST", "PUT") or "location" not in answer["response"]):
            return "an entry that creates nothing is answered with 201"
    return ""


__all__ = ["comparable", "exact", "wrong_with"]

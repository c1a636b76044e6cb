"""Transactions and batches: all or nothing, or each entry by itself (FHIR R4, http.html)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from salus import records
from salus.app import Found, accept_each, read_body, read_search, refuse_entries, search, transact
from salus.kernel import Refused, SalusError
from salus.parties import Principal
from salus.records import Ask, Asked, Intent, NotFound, RecordRefused, Submission
from salus.web.fhir import bundles, consents
from salus.web.fhir.answering import Interaction, answering
from salus.web.fhir.callers import caller, check_scope
from salus.web.fhir.outcome import FHIR_JSON, HttpRefused
from salus.web.fhir.requests import (
    bearer,
    body,
    no_parameters,
    pairs_of,
    preference,
    resource_id,
    unconditional,
    version_of,
)
from salus.web.fhir.turning_away import count_refused_entries
from salus.web.fhir.unchanged import unchanged
from salus.web.gate import Gate, gate_of, in_thread

Search = tuple[str, list[tuple[str, str]], Asked]
"""A type, its parameters as they came, and parsed."""
_SCOPES = {"create": "c", "update": "u", "patch": "u", "delete": "d"}


@answering
async def submit(request: Request) -> Response:
    """Answer `POST [base]`: a transaction, all or nothing, or a batch, each by itself."""
    gate, token = gate_of(request), bearer(request)
    no_parameters(request)
    unconditional(request)
    wanted = preference(request, "minimal")
    who = await caller(gate, token)
    raw = await body(request)

    def work() -> bytes:
        sent = read_body(gate.node, who, raw)
        submission = records.take_apart(sent)
        if submission.kind == "batch":
            return _batch(gate, who, submission, refuse_entries(gate.node, who, sent), wanted)
        return _transaction(gate, who, submission, wanted)

    return Response(await in_thread(gate, work), 200, media_type=FHIR_JSON)


SUBMITTING = (
    Interaction(
        code="transaction", method="POST", path="", endpoint=submit, access="policy: create, update, delete, read"
    ),
    Interaction(
        code="batch",
        method="POST",
        path="/",
        endpoint=submit,
        access="policy: create, update, delete, read, search",
    ),
)


def searched(gate: Gate, who: Principal, kind: str, pairs: list[tuple[str, str]], *, posted: bool = False) -> bytes:
    """Answer a search with its Bundle."""
    return _answered(gate, who, (kind, pairs, read_search(gate.node, who, kind, pairs)), posted=posted)


def _answered(gate: Gate, who: Principal, parts: Search, *, posted: bool = False) -> bytes:
    kind, pairs, asked = parts
    said, url = consents.said(gate, who, asked, pairs), gate.node.settings.public_url
    page = said.counted(search(gate.node, who, said.fitted(asked)))
    if posted:
        return bundles.searchset_posted(url, kind, page, said.entries)
    return bundles.searchset(url, kind, pairs, page, said.entries)


def _transaction(gate: Gate, who: Principal, submission: Submission, wanted: str) -> bytes:
    if submission.wrong:
        raise RecordRefused(submission.wrong)
    for intent in submission.intents:
        _check_write(who, intent)
    searches = {ask.entry: _search_of(gate, who, ask) for ask in submission.asks if _searches(ask)}
    reads = [_read_of(who, ask) for ask in submission.asks if not _searches(ask)]
    said = {entry: consents.said(gate, who, one, pairs) for entry, (_, pairs, one) in searches.items()}
    asked = [(entry, said[entry].fitted(one)) for entry, (_, _, one) in searches.items()]
    done = transact(gate.node, who, submission.intents, reads, asked)
    answers = {ask.entry: _read_entry(ask, done.read[ask.entry]) for ask in submission.asks if ask.entry in done.read}
    for entry, (kind, pairs, _) in searches.items():
        page = said[entry].counted(done.pages[entry])
        found = bundles.searchset(gate.node.settings.public_url, kind, pairs, page, said[entry].entries)
        answers[entry] = bundles.found_entry(found)
    for intent, one in zip(submission.intents, done.accepted.outcomes if done.accepted else (), strict=True):
        answers[intent.entry or 0] = bundles.written_entry(one, wanted)
    return bundles.transaction_response(submission.size, answers)


def _batch(gate: Gate, who: Principal, submission: Submission, refused: Mapping[int, SalusError], wanted: str) -> bytes:
    answers: dict[int, dict[str, Any]] = {}
    for problem in submission.wrong:
        position = int(problem.where.partition("[")[2].partition("]")[0]) if problem.entry is None else problem.entry
        answers[position] = bundles.error_entry(RecordRefused([problem]))
    covered = []
    for intent in submission.intents:
        if intent.entry in refused:
            continue
        try:
            _check_write(who, intent)
            covered.append(intent)
        except Refused as uncovered:
            answers[intent.entry or 0] = bundles.error_entry(uncovered)
    for tried in accept_each(gate.node, who, covered) if covered else ():
        answers[tried.entry or 0] = bundles.tried_entry(tried, wanted)
    for ask in submission.asks:
        answers[ask.entry] = _asked(gate, who, ask)
    answers |= {entry: bundles.error_entry(error) for entry, error in refused.items()}
    count_refused_entries(gate, who, answers, (ask.entry for ask in submission.asks))
    return bundles.batch_response(submission.size, answers)


def _check_write(who: Principal, intent: Intent) -> None:
    kind = intent.resource["resourceType"]
    check_scope(who, kind, _SCOPES[intent.verb])
    if intent.condition is not None and intent.verb == "update":
        check_scope(who, kind, "c")


def _asked(gate: Gate, who: Principal, ask: Ask) -> dict[str, Any]:
    """Answer a read of a batch: `Type/id`, `Type/id/_history/n` or `Type?…`."""
    try:
        if _searches(ask):
            return bundles.found_entry(_answered(gate, who, _search_of(gate, who, ask)))
        _, kind, id_, version = _read_of(who, ask)
        return _read_entry(ask, gate.reader.read_one(who, kind, id_, version))
    except SalusError as error:
        return bundles.error_entry(error)


def _searches(ask: Ask) -> bool:
    return "/" not in ask.path.partition("?")[0]


def _search_of(gate: Gate, who: Principal, ask: Ask) -> Search:
    """Read `Type?…`: its type, its parameters as they came, and parsed."""
    kind, _, query = ask.path.partition("?")
    where = f"Bundle.entry[{ask.entry}].request"
    if ask.head or ask.none_match or ask.modified_since:
        raise HttpRefused("a search has no version to compare, and no head to ask for", 400, where)
    pairs = pairs_of(query)
    check_scope(who, records.check_type(kind), "s")
    return kind, pairs, read_search(gate.node, who, kind, pairs)


def _read_of(who: Principal, ask: Ask) -> tuple[int, str, UUID, int | None]:
    """Read the address of one resource, or of one of its versions."""
    kind, *rest = ask.path.split("/")
    records.check_type(kind)
    check_scope(who, kind, "r")
    unchanged(ask.none_match, ask.modified_since, None)
    version = version_of(rest[2]) if len(rest) == 3 and rest[1] == "_history" else None
    if len(rest) != 1 and version is None:
        raise NotFound(f"there is no such address of a {kind}", where=f"Bundle.entry[{ask.entry}].request.url")
    return ask.entry, kind, resource_id(kind, rest[0]), version


def _read_entry(ask: Ask, found: Found) -> dict[str, Any]:
    same = unchanged(ask.none_match, ask.modified_since, found)
    return bundles.read_entry(found, unchanged=same, head=ask.head)

"""Which resource a condition means: the one that its search finds at the own facility, or in the directory.

FHIR R4, http.html, conditional create, update, patch and delete. Who writes by an equal condition waits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from salus.access.consent import Sight
from salus.records import store
from salus.records.errors import Conflict, NotFound, Problem, RecordRefused
from salus.records.fhir import facts
from salus.records.intake.preferring import nearest
from salus.records.intake.tokens import token_digest
from salus.records.model import Condition, Custodian, Intent, Located, Sealer
from salus.records.search.parameters import is_directory
from salus.records.search.query import parse_query
from salus.records.search.running import asked_about, search
from salus.storage import Transaction

_DOMAIN = "records.condition"
_STRIPES = 1024
_MOST_PAIRS, _MOST_FOUND = 10, 200
_OF_RESULTS = frozenset(
    "_count _cursor _format _sort _include _revinclude _elements _summary _total _contained _containedType"
    " _pretty".split()
)
_BY_NUMBER = "a Patient is written by its identifier=system|value: by another search it could be another person"
_SEVERAL = "matches several resources: name one by its id, or say more"


@dataclass(slots=True)
class Looks:
    """What was looked at on the way to what is to be written: (chart, type), and the charts that were opened for it.

    `asked` are the charts about which a condition asks: whether it finds anything tells of them as well. `made` is how
    many characters the patches of a submission made by now.
    """

    found: set[tuple[int, str]] = field(default_factory=set)
    asked: set[tuple[int, str]] = field(default_factory=set)
    opened: set[int] = field(default_factory=set)
    made: int = 0


def parse_condition(kind: str, query: str, where: str, entry: int | None = None) -> Condition:
    """Read the search of a conditional write. Raises RecordRefused for one that is empty, or asks how to answer."""
    try:
        pairs = parse_qsl(
            query, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=_MOST_PAIRS
        )
    except ValueError:
        pairs = []
    if not pairs:
        text = f"must be a search such as identifier=system|value, of 1 to {_MOST_PAIRS} parts"
        raise _refused(where, text, entry)
    for name, _ in pairs:
        base = name.partition(":")[0]
        if base in _OF_RESULTS or base.startswith(("_has", "_list", "_query", "_filter")) or "." in name:
            raise _refused(where, "must ask for elements of the resource itself, and nothing of how to answer", entry)
    return Condition(type=kind, pairs=tuple(pairs))


def settle(tx: Transaction, sealer: Custodian, facility: str, intents: Sequence[Intent], looks: Looks) -> list[Intent]:
    """Turn conditions into ids, in the transaction that writes: what is deleted by one is not found by another.

    Until it ends nobody else writes by an equal condition, or by one of the same identifier.
    Raises Conflict (412) for several matches, NotFound where nothing is to be patched or deleted.
    """
    asked = [one for one in intents if one.condition is not None]
    if not asked:
        return list(intents)
    _check_equal(asked)
    lock_conditions(tx, sealer, asked)
    gone = {one.id for one in intents if one.verb == "delete" and one.id is not None}
    settled: dict[int, Intent] = {}
    for place, one in sorted(enumerate(intents), key=lambda pair: pair[1].verb != "delete"):
        if one.condition is not None:
            found = _match(tx, sealer, facility, one, one.condition, gone, looks)
            settled[place] = _settled(one, found)
            if one.verb == "delete" and found is not None:
                gone.add(found.id)
    return [settled.get(place, one) for place, one in enumerate(intents)]


def lock_conditions(tx: Transaction, sealer: Sealer, intents: Sequence[Intent]) -> None:
    """Let one transaction at a time write by each of these conditions; all in one order, so that none deadlocks."""
    conditions = [one.condition for one in intents if one.condition is not None]
    numbers = stripes(sealer, (text for condition in conditions for text in _named(condition)))
    if numbers:
        store.lock_conditions(tx, numbers)


def stripes(sealer: Sealer, named: Iterable[str]) -> list[int]:
    """Return the numbers of the locks of what two writes must not say at once; there are 1,024, however much it is."""
    digests = (sealer.digest(_DOMAIN, text.encode("utf-8", "surrogatepass")) for text in set(named))
    return sorted({int.from_bytes(digest[:4]) % _STRIPES for digest in digests})


def by_value(value: str) -> str:
    """Return how a lock calls an identifier: by its value alone, since a condition may leave its system out."""
    return f"identifier={value}"


def _named(condition: Condition) -> list[str]:
    """Return what two writes must not say at once: the identifiers if there are any, else the whole condition."""
    identifiers = [v for name, value in condition.pairs if name == "identifier" for v in facts.split(value, ",")]
    return [by_value(facts.plain(facts.split(value, "|")[-1])) for value in identifiers] or [condition.canonical]


def _check_equal(asked: Sequence[Intent]) -> None:
    seen: set[str] = set()
    for one in asked:
        told = one.condition.canonical if one.condition else ""
        if told in seen:
            raise _refused("ifNoneExist", "two entries say the same condition; send one", one.entry, "duplicate")
        seen.add(told)


def _match(
    tx: Transaction,
    sealer: Custodian,
    facility: str,
    intent: Intent,
    condition: Condition,
    gone: Collection[UUID],
    looks: Looks,
) -> Located | None:
    _check_carried(intent, condition)
    found = _found(tx, sealer, facility, condition, gone, looks)
    known = [one for one in found if one.id not in gone and (one.facility == facility or one.chart_kind == "directory")]
    looks.found |= {(one.chart_key, one.type) for one in known}
    meant = nearest(known, lambda one: one.facility, facility)
    if len(meant) > 1:
        raise Conflict(_SEVERAL, where=_where(intent, "condition"))
    return meant[0] if meant else None


def _found(
    tx: Transaction, sealer: Custodian, facility: str, condition: Condition, gone: Collection[UUID], looks: Looks
) -> list[Located]:
    """Find what a condition may mean, as many as it takes to tell whether it is one.

    What is in the directory under an identifier is looked up, since others could fill any page of a search.
    """
    public = is_directory(condition.type)
    most = _MOST_FOUND if public else min(_MOST_FOUND, 2 + len(gone))
    asked = parse_query(condition.type, [*condition.pairs, ("_count", str(most))], sealer)
    looks.asked |= {(chart, condition.type) for chart in asked_about(tx, asked, facility)}
    tokens = _tokens(condition) if public else None
    if tokens is None:
        return search(tx, asked, facility, Sight(facility=facility, closed={}))[0]
    digests = [{token_digest(sealer, facts.IDENTIFIER, token) for token in one} for one in tokens]
    under = store.by_identifier(tx, sorted(set().union(*digests)))
    of_each = [
        {one for digest in each for one in _visible(condition, facility, under.get(digest, ()))} for each in digests
    ]
    standing = (one for one in set.intersection(*of_each) if one[0] not in gone)
    ids = sorted(id_ for id_, _ in nearest(standing, lambda one: one[1], facility))
    return store.fetch(tx, ids[:2]) if ids else []


def _visible(
    condition: Condition, facility: str, rows: Sequence[tuple[str, UUID, str, str]]
) -> Iterator[tuple[UUID, str]]:
    """Yield id and keeper of what is of the type, and in the directory or the own facility's."""
    for kind, id_, chart_kind, keeper in rows:
        if kind == condition.type and (chart_kind == "directory" or keeper == facility):
            yield id_, keeper


def _tokens(condition: Condition) -> list[set[str]] | None:
    """Return what a condition asks for by identifiers alone: of each set one; None where it asks for more."""
    if any(name != "identifier" for name, _ in condition.pairs):
        return None
    read = [{facts.asked_token(one) for one in facts.split(value, ",")} for _, value in condition.pairs]
    tokens = [{token for token in one if token is not None} for one in read]
    return tokens if tokens == read else None


def _settled(intent: Intent, found: Located | None) -> Intent:
    if found is None:
        return _of_none(intent)
    resource, told = intent.resource, intent.resource.get("id")
    if intent.verb == "create":
        bare = {"resourceType": found.type, "id": str(found.id)}
        return replace(intent, verb="stand", resource=bare, id=found.id, condition=None)
    if intent.verb == "update":
        if told not in (None, str(found.id)):
            raise _refused(f"{found.type}.id", "is not that of the resource which the condition names", intent.entry)
        resource["id"] = str(found.id)
    else:
        resource = {"resourceType": found.type, "id": str(found.id)}
    return replace(intent, resource=resource, id=found.id, condition=None)


def _of_none(intent: Intent) -> Intent:
    kind = intent.resource["resourceType"]
    if intent.verb in ("patch", "delete"):
        raise NotFound(f"no {kind} here matches the condition", where=_where(intent, "condition"))
    if intent.expected is not None:
        text = "nothing matches the condition, so there is no version to match"
        raise Conflict(text, where=_where(intent, "If-Match"))
    if intent.resource.get("id") is not None:
        raise _refused(f"{kind}.id", "leave the id out: this server gives it", intent.entry)
    return replace(intent, verb="create", condition=None)


def _check_carried(intent: Intent, condition: Condition) -> None:
    """Hold what is stored by an identifier to carrying it, so that it is found by it again."""
    named = [facts.split(value, ",") for name, value in condition.pairs if name == "identifier"]
    whole = [[one for one in values if "" not in one.rpartition("|")[::2]] for values in named]
    if condition.type == "Patient" and not any(whole):
        raise _refused(_where(intent, "identifier"), _BY_NUMBER, None)
    if intent.verb not in ("create", "update"):
        return
    held = _identifiers(intent.resource)
    for values in whole:
        if values and not any(
            (facts.plain(system), facts.plain(value)) in held for system, value in map(_pair, values)
        ):
            where = f"{condition.type}.identifier"
            raise _refused(where, "must hold the identifier of the condition, so that it is found again", intent.entry)


def _pair(token: str) -> tuple[str, str]:
    system, _, value = token.rpartition("|")
    return system, value


def _identifiers(resource: dict[str, Any]) -> set[tuple[Any, Any]]:
    given = resource.get("identifier")
    listed = given if isinstance(given, list) else [given]
    pairs = ((one.get("system"), one.get("value")) for one in listed if isinstance(one, dict))
    return {(system, value) for system, value in pairs if isinstance(system, str) and isinstance(value, str)}


def _where(intent: Intent, name: str) -> str:
    return name if intent.entry is None else f"Bundle.entry[{intent.entry}].request"


def _refused(where: str, text: str, entry: int | None, code: str = "invalid") -> RecordRefused:
    if entry is not None and not where[:1].isupper():
        where, entry = f"Bundle.entry[{entry}].request.{where}", None
    return RecordRefused([Problem(where=where, text=text, code=code, entry=entry)])
